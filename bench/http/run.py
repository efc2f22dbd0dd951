#!/usr/bin/env python3
"""Drives a running HTTP API and chromadb's server with a load generator: `bench/http/run.py --url http://127.0.0.1:6333`.

Uses the standard library alone. It makes an environment of its own outside the repository, builds the pinned load generator
there, and hands over to the package `load` beside it. What is measured is in README.md.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "peers"
PINS = [HERE / "requirements.txt", PEERS / "constraints.txt"]
#: The load generator, by cargo.
OHA = "1.16.0"


def cache() -> Path:
    """The folder for everything that is not committed; that of bench/peers, so that vectors are made once."""
    if named := os.environ.get("ROSE_FOREST_BENCH_CACHE"):
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rose-forest-bench"


def environment() -> Path:
    """The Python of an environment with exactly the pinned packages, made if it is not there."""
    pins = hashlib.sha256(b"".join(path.read_bytes() for path in PINS)).hexdigest()[:12]
    folder = cache() / f"http-{sys.version_info.major}.{sys.version_info.minor}-{pins}"
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        print(f"Installing the pinned packages into {folder} (once).", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(PINS[0]), "-c", str(PINS[1])], check=True)
        (folder / "complete").write_text(pins + "\n")
    return python


def generator() -> Path:
    """The load generator, built if it is not there."""
    root = cache() / f"oha-{OHA}"
    program = root / "bin" / "oha"
    if not program.is_file():
        print(f"Building oha {OHA} into {root} (once; some minutes).", flush=True)
        words = ["cargo", "install", "oha", "--version", f"={OHA}", "--locked", "--root", str(root)]
        # Not with the toolchain or the flags of this repository.
        subprocess.run(words, check=True, cwd=root.parent)
    return program


def main() -> int:
    if sys.version_info < (3, 11) or not sys.platform.startswith("linux"):
        print("This needs Python 3.11 or later on Linux (it reads /proc).", file=sys.stderr)
        return 2
    try:
        cache().mkdir(parents=True, exist_ok=True)
        python, oha = environment(), generator()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Making the environment failed: {error}. It needs the network once. Run again to go on.", file=sys.stderr)
        return 2
    paths = os.pathsep.join([str(HERE), str(PEERS)])
    variables = {**os.environ, "ROSE_FOREST_BENCH_CACHE": str(cache()), "PYTHONPATH": paths, "ROSE_FOREST_OHA": str(oha)}
    os.execve(python, [str(python), "-m", "load", *sys.argv[1:]], variables)


if __name__ == "__main__":
    sys.exit(main())
