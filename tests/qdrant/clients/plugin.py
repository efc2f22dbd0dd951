"""A pytest plugin: leaves out what does not ask the server, knows which failures are expected, and writes a report.

It reads the environment: `ROSE_FOREST_REPORT` is the report to write; `ROSE_FOREST_EXPECTED`, if it is there, says which
tests belong to a foreign suite that knows nothing of us, and which of them are expected to fail.
"""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

REPORT = os.environ["ROSE_FOREST_REPORT"]
EXPECTED = os.environ.get("ROSE_FOREST_EXPECTED")
#: Retrieval modes of langchain-qdrant that need sparse vectors, which are refused with a 400.
SPARSE_MODES = ("sparse", "hybrid")

counts = {"passed": 0, "failed": [], "expected": 0, "skipped": {}, "left_out": {}}


def pytest_configure(config):
    """Before the foreign suite is imported: keys for its clients, and no other server than the one that is named."""
    if not EXPECTED:
        return
    _give_keys(os.environ["ROSE_FOREST_URL"], os.environ.get("ROSE_FOREST_KEY"))
    import tests.integration_tests.common as common

    # Otherwise a Qdrant at localhost:6333 takes part, and its collections are deleted.
    common.qdrant_running_locally = lambda: False


def _give_keys(url, key):
    """Clients of this URL send the key, where the suite gives them none."""
    if not key:
        return
    import qdrant_client

    for client in (qdrant_client.QdrantClient, qdrant_client.AsyncQdrantClient):

        def init(self, location=None, *args, original=client.__init__, **named):
            if url in (location, named.get("url")) and not named.get("api_key"):
                named["api_key"] = key
            original(self, location, *args, **named)

        client.__init__ = init


def pytest_collection_modifyitems(config, items):
    """Leaves out, and marks what is expected to fail: one that passes nevertheless fails the run."""
    if not EXPECTED:
        return
    known = tomllib.loads(Path(EXPECTED).read_text())
    kept, left = [], []
    for item in items:
        why = _why_left_out(item, known["left_out"])
        if why:
            counts["left_out"][why] = counts["left_out"].get(why, 0) + 1
            left.append(item)
        else:
            kept.append(item)
    if len(kept) != known["tests"]:
        raise pytest.UsageError(f"{EXPECTED}: expected {known['tests']} tests, found {len(kept)}")
    for failure in known["failure"]:
        chosen = [item for item in kept if re.fullmatch(failure["test"], _name(item))]
        if not chosen:
            raise pytest.UsageError(f"{EXPECTED}: no test {failure['test']}")
        for item in chosen:
            item.add_marker(pytest.mark.xfail(strict=True, reason=failure["reason"]))
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def _why_left_out(item, known):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if os.environ["ROSE_FOREST_URL"] not in params.values():
        return "without a server"
    if params.get("retrieval_mode") in SPARSE_MODES:
        return "sparse vectors"
    return next((left["reason"] for left in known if re.fullmatch(left["test"], _name(item))), None)


def _name(item):
    """Without its parameters."""
    return item.nodeid.partition("[")[0]


def pytest_runtest_logreport(report):
    """Counts calls, what kept a test from being called, and what failed after its call."""
    if report.when != "call" and not (report.failed or report.skipped):
        return
    if report.failed:
        counts["failed"].append(report.nodeid)
    elif hasattr(report, "wasxfail"):
        counts["expected"] += 1
    elif report.skipped:
        why = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        counts["skipped"][why] = counts["skipped"].get(why, 0) + 1
    else:
        counts["passed"] += 1


def pytest_collectreport(report):
    """A file that cannot be read is a failure."""
    if report.failed:
        counts["failed"].append(report.nodeid)


def pytest_sessionfinish(session):
    """Writes the report."""
    Path(REPORT).write_text(json.dumps(counts))
