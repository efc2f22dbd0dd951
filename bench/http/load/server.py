"""What the run asks of a server, whichever it is."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from peers.data import Data, blocks

from load.plain import Connection

#: Hits of a search.
K = 10
#: Rows of a request while loading.
LOAD_ROWS = 500
#: Decimals of a component. Rows are of unit length, so this loses less than single precision does.
DECIMALS = 7


def numbers(vectors: np.ndarray) -> list:
    """Vectors as they are written into JSON: the same text for every server."""
    return np.round(vectors.astype(np.float64), DECIMALS).tolist()


class Server(ABC):
    """A server with one collection of the data."""

    #: For reports.
    name: str
    url: str
    headers: dict[str, str]

    @abstractmethod
    def load(self, data: Data, fresh: bool) -> None:
        """Brings the rows in, if they are not there, and returns when they can be searched."""

    @property
    @abstractmethod
    def search_path(self) -> str:
        """Where searches are posted."""

    @abstractmethod
    def search_body(self, vector: list[float]) -> dict:
        """A search for the K nearest, asking for ids alone."""

    @abstractmethod
    def found(self, answer: dict) -> list[int]:
        """The rows of an answer."""

    @property
    @abstractmethod
    def upsert(self) -> tuple[str, str]:
        """Method and path of upserts."""

    @abstractmethod
    def upsert_body(self, first: int, vectors: list[list[float]]) -> dict:
        """Writes rows with ids from `first` on."""

    def tune(self, data: Data, recall: float) -> str:
        """Sets the effort for a recall, and says which it is. Nothing to do where a server lets nobody choose."""
        return "its own"

    def connection(self) -> Connection:
        """A connection of one's own."""
        return Connection(self.url, self.headers)

    def recall(self, data: Data, queries: int) -> float:
        """Recall of the first so many queries, over HTTP."""
        connection = self.connection()
        ids = []
        for query in numbers(data.queries[:queries]):
            ids.append(self.found(connection.json("POST", self.search_path, self.search_body(query))))
        connection.close()
        return data.recall(ids, K)

    def write_searches(self, data: Data, file: Path) -> None:
        """A line for each query."""
        lines = (json.dumps(self.search_body(query), separators=(",", ":")) for query in numbers(data.queries))
        file.write_text("\n".join(lines) + "\n")

    def write_upserts(self, data: Data, file: Path, first: int, batches: int, rows: int) -> None:
        """A line for each batch: rows that are near to those that are there, with ids from `first` on."""
        random = np.random.default_rng(7)
        with file.open("w") as out:
            for batch in range(batches):
                near = data.rows[random.integers(len(data.rows), size=rows)].astype(np.float32)
                near += random.standard_normal(near.shape, dtype=np.float32) * 0.02
                near /= np.linalg.norm(near, axis=1, keepdims=True)
                body = self.upsert_body(first + batch * rows, numbers(near))
                out.write(json.dumps(body, separators=(",", ":")) + "\n")


def parts(data: Data) -> Iterator[tuple[int, list]]:
    """The rows in parts for loading: the first row's number, and the vectors."""
    start = 0
    for block in blocks(data.rows):
        for offset in range(0, len(block), LOAD_ROWS):
            vectors = numbers(block[offset : offset + LOAD_ROWS])
            yield start, vectors
            start += len(vectors)
