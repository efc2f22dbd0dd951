"""What the harness asks of a library: one class each in `peers.libraries`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from peers import data
from peers.process import bind

#: Links of a graph's node; twice as many at the bottom. The same for every graph.
M = 16
#: Candidates that are kept while building. The same for every graph.
EF_CONSTRUCTION = 128


class Rows:
    """The rows to build from: half floats in a mapped file, handed out as f32 of unit length."""

    def __init__(self, halves: np.ndarray):
        self.halves = halves

    def __len__(self) -> int:
        return len(self.halves)

    @property
    def dimension(self) -> int:
        return self.halves.shape[1]

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The number of the first row, and some rows; all rows in order."""
        start = 0
        for block in data.blocks(self.halves):
            yield start, block
            start += len(block)

    def sample(self, count: int) -> np.ndarray:
        """Rows to train on: so many, drawn with a fixed seed."""
        if count >= len(self):
            return data.unit(self.halves[:])
        picked = np.random.default_rng(1).choice(len(self), count, replace=False)
        return data.unit(self.halves[np.sort(picked)])


class Library(ABC):
    """An index of one library with one set of options.

    `build` or `load`, then `prepare`, then any number of `search_all` and `search_one`, which alone are timed.
    """

    #: Whether the library's own calls set the number of threads. Otherwise the process is bound to as many CPUs.
    sets_threads = True
    #: Queries of one batched call; None for all at once. Slow libraries take fewer, so that a round ends.
    batch: int | None = None
    #: Whether a built index can be opened again, so that an interrupted run need not build anew.
    can_save = True

    def __init__(self, folder: Path, options: dict[str, Any]):
        """`folder` is for what a database keeps on disk, and does not exist yet or is this index's own."""
        self.folder, self.options = folder, options

    @abstractmethod
    def build(self, rows: Rows, threads: int) -> None:
        """Builds the index. This is the build time that is reported."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Writes the index so that `load` can read it."""

    @abstractmethod
    def load(self, path: Path, rows: Rows) -> None:
        """Opens what `save` wrote."""

    @abstractmethod
    def set_effort(self, effort: int) -> None:
        """How hard to search from now on: `ef` of a graph, `nprobe` of inverted lists."""

    def set_threads(self, threads: int) -> None:
        """How many threads `search_all` may use from now on."""
        bind(threads)

    def prepare(self, effort: int, threads: int) -> None:
        """Both of these, outside of what is timed."""
        self.set_threads(threads)
        self.set_effort(effort)

    @abstractmethod
    def search_all(self, queries: np.ndarray, k: int) -> Any:
        """The library's batched search, in whatever form it answers."""

    def search_one(self, query: np.ndarray, k: int) -> Any:
        """The library's search for one query, of shape (1, dimension)."""
        return self.search_all(query, k)

    def ids(self, answer: Any) -> list[list[int]]:
        """The row numbers in an answer, best first. Not timed."""
        return np.asarray(answer).tolist()

    def on_disk(self) -> Path | None:
        """Where the library keeps rows on disk, if it does."""
        return None

    def close(self) -> None:
        """Ends what the library runs."""
