"""The data sets: rows, queries and exact neighbours, made once and kept outside the repository.

Rows and queries are stored as half floats. Every library is given the same numbers: those half floats widened to f32
and scaled to unit length, so that the inner product is the cosine.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from peers import places
from peers.clustered import Clustered
from peers.exact import NEIGHBOURS, exact, recall

SEED = 7
QUERIES = 1000
#: Rows that are widened at a time.
BLOCK_ROWS = 20_000
#: name: rows, dimension
CLUSTERED = {
    "clustered-100k-384": (100_000, 384),
    "clustered-1m-384": (1_000_000, 384),
    "clustered-100k-1536": (100_000, 1536),
    "clustered-1m-1536": (1_000_000, 1536),
}
NAMES = ["wordnet", *CLUSTERED]


@dataclass
class Data:
    """One data set, mapped from its folder."""

    name: str
    title: str
    folder: Path
    rows: np.ndarray
    queries: np.ndarray
    reach: np.ndarray

    @property
    def dimension(self) -> int:
        return self.rows.shape[1]

    def recall(self, ids: list[list[int]], k: int, tie: float | None = None) -> float:
        """Recall of the rows that were returned for the queries, in order."""
        found = np.full((len(ids), k), -1, np.int64)
        for row, received in zip(found, ids):
            # A row that is returned twice counts once, and no more than k are looked at.
            unique = list(dict.fromkeys(i for i in received[:k] if 0 <= i < len(self.rows)))
            row[: len(unique)] = unique
        scores = np.einsum("qd,qkd->qk", self.queries[: len(ids)], unit(self.rows[found.clip(0)]))
        scores[found < 0] = -np.inf
        reach = self.reach[: len(ids), k - 1]
        return recall(scores, reach, k) if tie is None else recall(scores, reach, k, tie)


def unit(rows: np.ndarray) -> np.ndarray:
    """Widened to f32 and scaled to unit length."""
    rows = rows.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows


def blocks(rows: np.ndarray, size: int = BLOCK_ROWS) -> Iterator[np.ndarray]:
    """All rows as the libraries get them, a block at a time."""
    return (unit(rows[start : start + size]) for start in range(0, len(rows), size))


def open_data(name: str, wordnet: Path, limit: int | None = None) -> Data:
    """The data set of this name; made first if it is not there. `limit` takes only the first rows, for trying out."""
    if name not in NAMES:
        raise ValueError(f"no data set '{name}': expected one of {', '.join(NAMES)}")
    if name == "wordnet":
        source = np.load(wordnet / "docs.f16.npy", mmap_mode="r")
        count = min(limit or len(source), len(source))
        key, title = f"wordnet-{count}", f"{count:,} WordNet senses, {source.shape[1]} dimensions"
        make = lambda folder: _copy_wordnet(wordnet, count, folder)
    else:
        total, dimension = CLUSTERED[name]
        count = min(limit or total, total)
        key = f"clustered-{count}-{dimension}-seed{SEED}"
        title = f"{count:,} clustered rows, {dimension} dimensions"
        make = lambda folder: _make_clustered(count, dimension, folder)
    folder = places.folder("data", key)
    if not (folder / "complete.json").is_file():
        print(f"{title}: making the rows in {folder}", flush=True)
        make(folder)
        _add_neighbours(folder, title)
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    queries = unit(np.load(folder / "queries.npy"))
    return Data(name, title, folder, rows, queries, np.load(folder / "scores.npy"))


def _copy_wordnet(source: Path, count: int, folder: Path) -> None:
    _save(folder / "rows.npy", np.load(source / "docs.f16.npy")[:count])
    _save(folder / "queries.npy", np.load(source / "queries.f16.npy"))


def _make_clustered(count: int, dimension: int, folder: Path) -> None:
    source = Clustered(SEED, dimension)
    _save(folder / "queries.npy", source.queries(QUERIES).astype(np.float16))
    temporary = folder / "rows.npy.part"
    rows = np.lib.format.open_memmap(temporary, "w+", np.float16, (count, dimension))
    start = 0
    for block in source.rows(count):
        rows[start : start + len(block)] = block
        start += len(block)
    rows.flush()
    del rows
    os.replace(temporary, folder / "rows.npy")


def _add_neighbours(folder: Path, title: str) -> None:
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    queries = unit(np.load(folder / "queries.npy"))
    print(f"{title}: finding the exact neighbours", flush=True)
    started = time.monotonic()
    neighbours, scores = exact(queries, blocks(rows), NEIGHBOURS)
    _save(folder / "neighbours.npy", neighbours)
    _save(folder / "scores.npy", scores)
    made = {"title": title, "rows": len(rows), "seconds": round(time.monotonic() - started, 1)}
    (folder / "complete.json").write_text(json.dumps(made) + "\n")


def _save(path: Path, array: np.ndarray) -> None:
    temporary = path.with_suffix(".part.npy")
    np.save(temporary, array)
    os.replace(temporary, path)
