"""The suites: what each is, and how it is run."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clients import environments, snippets
from clients.environments import HERE
from clients.outcome import Outcome
from clients.target import Refused, Target

SUITE_SECONDS = 1800


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    seeds: int
    operations: int
    delete_collections: bool
    verbose: bool


@dataclass(frozen=True)
class Suite:
    """A suite: `run` makes what it needs and runs it."""

    what: str
    run: Callable[[Target, Options], Outcome]


def differential(target: Target, options: Options) -> Outcome:
    """differential.py, and the snippet: a test each."""
    python = environments.python("differential")
    outcome = _snippet("differential", [str(python)], ".py", target, options)
    words = ["--seeds", str(options.seeds), "--operations", str(options.operations)]
    command = [str(python), str(HERE / "differential.py"), "--url", target.url, *words]
    return outcome.add(_command("differential.py", command, HERE, target, options))


def langchain(target: Target, options: Options) -> Outcome:
    """langchain-qdrant's own tests, those of dense vectors that use a server."""
    if (there := target.collections()) and not options.delete_collections:
        raise Refused(
            f"langchain-qdrant's tests delete every collection of the server, and it has {len(there)}: "
            "run it against a server without any, or say --delete-collections"
        )
    python = environments.python("langchain")
    source = environments.source("langchain", python)
    outcome = _snippet("langchain", [str(python)], ".py", target, options)
    expected = {"ROSE_FOREST_EXPECTED": str(HERE / "langchain-expected.toml"), "QDRANT_URL": target.url}
    return outcome.add(_pytest(python, source, ["tests/integration_tests", "--ignore=tests/integration_tests/fastembed"], target, options, expected))


def standard(target: Target, options: Options) -> Outcome:
    """langchain-tests' standard suite of vector stores."""
    python = environments.python("langchain")
    return _pytest(python, HERE / "standard", ["."], target, options)


def llamaindex(target: Target, options: Options) -> Outcome:
    """A session with LlamaIndex's store."""
    python = environments.python("llamaindex")
    outcome = _snippet("llamaindex", [str(python)], ".py", target, options)
    return outcome.add(_pytest(python, HERE / "llamaindex", ["."], target, options))


def js(target: Target, options: Options) -> Outcome:
    """A session with Qdrant's client for JavaScript, run by node's own test runner."""
    folder = environments.node("js")
    outcome = _snippet("js", ["node"], ".mjs", target, options, folder)
    # Node looks for packages beside the file.
    for test in sorted((HERE / "js").glob("*.mjs")):
        shutil.copy(test, folder / test.name)
    started = time.monotonic()
    command = ["node", "--test", "--test-reporter=tap", "session.test.mjs"]
    done = _run(command, folder, target.environment())
    failed = re.findall(r"^not ok \d+ - (.*)$", done.stdout, re.M)
    passed = len(re.findall(r"^ok \d+ - ", done.stdout, re.M))
    if done.returncode != 0 and not failed:
        failed = [f"node ended with {done.returncode}"]
    if failed or options.verbose:
        _show(done, True, options)
    return outcome.add(Outcome(passed=passed, failed=failed, seconds=time.monotonic() - started))


SUITES = {
    "differential": Suite("random calls, compared with qdrant-client in memory", differential),
    "standard": Suite("langchain-tests' standard suite of vector stores", standard),
    "llamaindex": Suite("a session with llama-index-vector-stores-qdrant", llamaindex),
    "js": Suite("a session with @qdrant/js-client-rest", js),
    "langchain": Suite("langchain-qdrant's own tests (they delete every collection)", langchain),
}


def _snippet(
    suite: str, program: list[str], ending: str, target: Target, options: Options, folder: Path | None = None
) -> Outcome:
    """Runs the snippets of docs/CLIENTS.md that belong to a suite."""
    outcome = Outcome()
    for title, code in snippets.of(suite):
        for name in target.collections():
            if f'"{name}"' in code or f"'{name}'" in code:
                raise Refused(f"the snippet of {suite} would delete the collection {name}, which the server has")
        with tempfile.NamedTemporaryFile("w", suffix=ending, dir=folder) as file:
            file.write(code)
            file.flush()
            name = f"docs/CLIENTS.md, {title}"
            outcome.add(_command(name, [*program, file.name], Path(file.name).parent, target, options))
    return outcome


def _command(name: str, command: list[str], folder: Path, target: Target, options: Options) -> Outcome:
    """Runs a program that is one test."""
    started = time.monotonic()
    done = _run(command, folder, target.environment())
    failed = [] if done.returncode == 0 else [name]
    _show(done, bool(failed), options)
    return Outcome(passed=1 - len(failed), failed=failed, seconds=time.monotonic() - started)


def _pytest(
    python: Path, folder: Path, words: list[str], target: Target, options: Options, more: dict[str, str] | None = None
) -> Outcome:
    """Runs pytest with the plugin beside this file, which counts, and leaves out what is not asked."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "report.json"
        variables = {**target.environment(), **(more or {}), "PYTHONPATH": str(HERE), "ROSE_FOREST_REPORT": str(report)}
        flags = ["-o", "asyncio_default_fixture_loop_scope=function", "-p", "clients.plugin", "-p", "no:cacheprovider", "-q", "--tb=short", "--no-header", "-rfE"]
        done = _run([str(python), "-m", "pytest", *flags, *words], folder, variables)
        if report.is_file():
            outcome = Outcome(**json.loads(report.read_text()))
        else:
            outcome = Outcome(failed=[f"pytest ended with {done.returncode} before any test"])
    if done.returncode != 0 and not outcome.failed:
        outcome.failed.append(f"pytest ended with {done.returncode}")
    _show(done, bool(outcome.failed), options)
    outcome.seconds = time.monotonic() - started
    return outcome


def _run(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=SUITE_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        said = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        return subprocess.CompletedProcess(command, 124, said, f"not done within {SUITE_SECONDS} s")
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def _show(done: subprocess.CompletedProcess[str], failed: bool, options: Options) -> None:
    if failed or options.verbose:
        print((done.stdout + done.stderr).rstrip(), flush=True)
    elif lines := done.stdout.strip().splitlines():
        print(f"  {lines[-1]}", flush=True)
