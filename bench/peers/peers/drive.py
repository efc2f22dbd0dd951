"""Rose Forest's side: the program `crates/index/examples/drive`, built here and driven like a worker."""

import json
import subprocess
from pathlib import Path

from peers.channel import WorkerFailed
from peers.places import REPOSITORY
from peers.subjects import GRAPH_EFFORTS, LIST_EFFORTS, Subject, rose_forest

#: Kinds of index that the program knows, and the efforts to try them with.
EFFORTS = {"graph": GRAPH_EFFORTS, "lists": LIST_EFFORTS, "scan": [1]}
#: What is measured unless something else is asked for.
KINDS = ["graph", "lists", "scan"]


def subject(kind: str) -> Subject:
    """The subject for a kind of index."""
    if kind not in EFFORTS:
        raise ValueError(f"no kind of index '{kind}': expected one of {', '.join(EFFORTS)}")
    return rose_forest(kind, EFFORTS[kind])


def build() -> Path:
    """Builds the program and returns where it is."""
    print("Building the program that drives Rose Forest's index.", flush=True)
    command = ["cargo", "build", "--release", "--package", "rose-forest-index", "--example", "drive"]
    command += ["--message-format", "json-render-diagnostics"]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise WorkerFailed("cargo could not build the example 'drive' of rose-forest-index")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "drive":
            return Path(message["executable"])
    raise WorkerFailed("cargo built the example 'drive' and did not say where it is")
