"""The API under test: whatever runs at the URL and speaks Qdrant's."""

import json
import re
import statistics
import time
from urllib.parse import quote

from peers.data import Data

from load.plain import HttpError
from load.server import K, Server, numbers, parts

#: Time for the index to take in what was loaded.
INDEX_SECONDS = 600
#: Requests before times are taken.
WARM_UP = 100
SEARCH_SUM = re.compile(r"^rose_forest_search_seconds_(sum|count)\{(.*)\} (\S+)$", re.M)


class RoseForest(Server):
    """A collection made for this run; it is left in place, so that another run finds it."""

    name = "Rose Forest"

    def __init__(self, url: str, key: str | None, is_quantized: bool):
        self.url = url.rstrip("/")
        self.headers = {"api-key": key} if key else {}
        self.is_quantized = is_quantized
        self.collection = ""

    def load(self, data: Data, fresh: bool) -> None:
        self.collection = f"bench-{data.folder.name}" + ("-int8" if self.is_quantized else "")
        connection = self.connection()
        names = [c["name"] for c in connection.json("GET", "/collections")["result"]["collections"]]
        if self.collection in names and not fresh and self._points(connection) == len(data.rows):
            return
        if self.collection in names:
            connection.json("DELETE", self.path)
        params = {"vectors": {"size": data.dimension, "distance": "Cosine"}}
        if self.is_quantized:
            params["quantization_config"] = {"scalar": {"type": "int8"}}
        connection.json("PUT", self.path, params)
        for first, vectors in parts(data):
            connection.json("PUT", f"{self.path}/points?wait=true&timeout=600", self.upsert_body(first, vectors))
        ends = time.monotonic() + INDEX_SECONDS
        while (indexed := self._info(connection)["indexed_vectors_count"]) < len(data.rows):
            if time.monotonic() > ends:
                raise HttpError(f"{indexed} of {len(data.rows)} rows are indexed after {INDEX_SECONDS} s")
            time.sleep(0.2)
        connection.close()

    @property
    def path(self) -> str:
        """The collection's."""
        return f"/collections/{quote(self.collection)}"

    @property
    def search_path(self) -> str:
        return f"{self.path}/points/query"

    def search_body(self, vector: list[float]) -> dict:
        return {"query": vector, "limit": K}

    def found(self, answer: dict) -> list[int]:
        return [point["id"] for point in answer["result"]["points"]]

    @property
    def upsert(self) -> tuple[str, str]:
        return "PUT", f"{self.path}/points?wait=true"

    @property
    def upsert_logged(self) -> tuple[str, str]:
        """Acknowledged when it is in the write-ahead log."""
        return "PUT", f"{self.path}/points?wait=false"

    def upsert_body(self, first: int, vectors: list[list[float]]) -> dict:
        return {"points": [{"id": first + at, "vector": vector} for at, vector in enumerate(vectors)]}

    def added_by_http(self, data: Data) -> dict[str, float]:
        """What HTTP adds to a search, one connection, in milliseconds: the median of what a search takes from the first byte
        to the last, less the time that the same answer says it took; and what the node's metrics say of searches, if it
        has any."""
        connection = self.connection()
        queries = [json.dumps(self.search_body(query)).encode() for query in numbers(data.queries)]
        requests = [connection.request("POST", self.search_path, body) for body in queries]
        for request in requests[:WARM_UP]:
            connection.timed(request)
        before = self._search_seconds()
        whole, added = [], []
        for request in requests:
            seconds, body = connection.timed(request)
            whole.append(seconds)
            added.append(seconds - json.loads(body)["time"])
        after = self._search_seconds()
        connection.close()
        said = {"whole": 1e3 * statistics.median(whole), "added": 1e3 * statistics.median(added)}
        if before and after and after[1] > before[1]:
            inside = 1e3 * (after[0] - before[0]) / (after[1] - before[1])
            said |= {"inside_mean": inside, "added_mean": 1e3 * statistics.fmean(whole) - inside}
        return said

    def _search_seconds(self) -> tuple[float, float] | None:
        """Seconds and number of this collection's searches, by the metrics."""
        connection = self.connection()
        try:
            page = connection.timed(connection.request("GET", "/metrics"))[1].decode()
        except HttpError:
            return None
        finally:
            connection.close()
        said = {what: float(value) for what, labels, value in SEARCH_SUM.findall(page) if self.collection in labels}
        return (said["sum"], said["count"]) if len(said) == 2 else None

    def _info(self, connection) -> dict:
        return connection.json("GET", self.path)["result"]

    def _points(self, connection) -> int:
        return self._info(connection)["points_count"]
