"""The process that measures one library: reads a command a line, answers a line of JSON.

`crates/index/examples/drive` obeys the same commands for Rose Forest's index:

| command | answer |
|---|---|
| (start) | `ready`: name and version |
| `build THREADS` | `nanoseconds`, `anonymous_before_bytes` and `anonymous_bytes`, `peak_bytes`, `disk_bytes`, `loaded` |
| `search EFFORT THREADS` | `ids` of all queries, searched in batches |
| `time EFFORT THREADS MS` | `queries` that were answered, in batches, and the `nanoseconds`, which are at least so many |
| `single EFFORT MS` | `nanoseconds` of each of as many single calls as fit, one thread |
| `empty` | `nanoseconds` of single calls to an index of one row: what a call costs that does nothing |
| `memory` | `anonymous_bytes`, `file_bytes`, `peak_bytes` |
| `quit` | ends |

A command that fails answers `error` and leaves the process running.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from peers import process
from peers.data import unit
from peers.library import Library, Rows

#: Single calls to an index of one row.
EMPTY_CALLS = 2000


class Worker:
    """One library, its rows and its queries."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.rows = Rows(np.load(args.rows, mmap_mode="r"))
        self.queries = unit(np.load(args.queries))
        module, _, name = args.library.partition(":")
        self.kind = getattr(importlib.import_module(f"peers.libraries.{module}"), name)
        self.options = {**json.loads(args.options), "dimension": self.rows.dimension}
        self.k = min(args.k, len(self.rows))
        self.library: Library | None = None
        self.prepared = None
        self.next_query = 0

    def build(self, threads: int) -> dict:
        keep, started_from = self.args.keep, self.args.starts_from
        library = self.kind(keep / "files", self.options)
        before = process.memory()["anonymous_bytes"]
        source = next((p for p in [keep / "index", started_from] if p and p.is_file()), None)
        started = time.monotonic_ns()
        if source and library.can_save:
            library.load(source, self.rows)
        else:
            # What an interrupted build left.
            shutil.rmtree(keep / "files", ignore_errors=True)
            library.build(self.rows, threads)
        nanoseconds = time.monotonic_ns() - started
        self.library = library
        memory = process.memory()
        if not source and library.can_save:
            temporary = keep / "index.part"
            library.save(temporary)
            os.replace(temporary, keep / "index")
        disk = library.on_disk()
        return {
            "nanoseconds": nanoseconds,
            "loaded": source is not None,
            "anonymous_before_bytes": before,
            **memory,
            "disk_bytes": process.disk_bytes(disk) if disk else 0,
        }

    def prepare(self, effort: int, threads: int) -> Library:
        if self.library is None:
            raise ValueError("nothing is built yet: send 'build THREADS' first")
        if self.prepared != (effort, threads):
            self.library.prepare(effort, threads)
            self.prepared = (effort, threads)
        return self.library

    def batches(self):
        """Batches of queries, round and round, going on where the last command ended."""
        size = self.kind.batch or len(self.queries)
        while True:
            batch = self.queries[self.next_query : self.next_query + size]
            self.next_query = (self.next_query + size) % max(size, len(self.queries) // size * size)
            yield batch

    def search(self, effort: int, threads: int) -> dict:
        library = self.prepare(effort, threads)
        size = self.kind.batch or len(self.queries)
        found = []
        for start in range(0, len(self.queries), size):
            found += library.ids(library.search_all(self.queries[start : start + size], self.k))
        return {"ids": found}

    def time(self, effort: int, threads: int, least_ms: int) -> dict:
        library = self.prepare(effort, threads)
        batches = self.batches()
        # Warms caches and wakes threads.
        library.search_all(next(batches)[:32], self.k)
        queries, least = 0, least_ms * 1_000_000
        started = time.perf_counter_ns()
        while (taken := time.perf_counter_ns() - started) < least or queries == 0:
            batch = next(batches)
            library.search_all(batch, self.k)
            queries += len(batch)
        return {"queries": queries, "nanoseconds": taken}

    def single(self, effort: int, most_ms: int) -> dict:
        library = self.prepare(effort, 1)
        singles = [self.queries[i : i + 1] for i in range(len(self.queries))]
        library.search_one(singles[0], self.k)
        return {"nanoseconds": time_calls(library, singles, self.k, most_ms * 1_000_000)}

    def empty(self) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            library = self.kind(Path(folder) / "files", self.options)
            library.build(Rows(self.rows.halves[:1]), 1)
            library.prepare(1, 1)
            singles = [self.queries[:1]]
            times = time_calls(library, singles * EMPTY_CALLS, 1, 1_000_000_000)
            library.close()
            self.prepared = None
            return {"nanoseconds": times}


def time_calls(library: Library, singles: list[np.ndarray], k: int, most: int) -> list[int]:
    """Nanoseconds of each call, round and round until all took `most` or each query was asked twenty times."""
    times, total = [], 0
    for _ in range(20):
        for query in singles:
            started = time.perf_counter_ns()
            library.search_one(query, k)
            taken = time.perf_counter_ns() - started
            times.append(taken)
            total += taken
            if total >= most:
                return times
    return times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True, help="module:class in peers.libraries")
    parser.add_argument("--options", default="{}")
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True, help="the folder of this index")
    parser.add_argument("--starts-from", type=Path, help="the saved index of another form of the same library")
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--package", required=True, help="the package whose version is reported")
    # Libraries print: their output goes where errors go, and answers alone to where it went.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    args = parser.parse_args()
    worker = Worker(args)
    answer = {"ready": args.library, "version": importlib.metadata.version(args.package)}
    print(json.dumps(answer), file=answers)
    for line in sys.stdin:
        name, *numbers = line.split()
        if name == "quit":
            break
        try:
            if name == "memory":
                answer = process.memory()
            elif name in ("build", "search", "time", "single", "empty"):
                answer = getattr(worker, name)(*map(int, numbers))
            else:
                raise ValueError(f"no command '{name}'")
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
    if worker.library:
        worker.library.close()


if __name__ == "__main__":
    main()
