"""chromadb's own server, `chroma run`, started for the run and ended with it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import chromadb
from chromadb.config import Settings
from peers.data import Data
from peers.library import EF_CONSTRUCTION, M

from load.plain import HttpError
from load.server import K, Server, parts

NAME = "rows"
START_SECONDS = 120
#: Efforts to choose from.
EFFORTS = [10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 384, 512]
#: Two recalls that are as near as this count as equal.
EQUAL = 0.001
ROOT = "/api/v2/tenants/default_tenant/databases/default_database/collections"


class Chroma(Server):
    """A collection on disk, in a folder of the cache, so that another run finds it."""

    name = f"chromadb {chromadb.__version__}"
    headers: dict[str, str] = {}

    def __init__(self, folder: Path):
        self.folder = folder
        self.process = None
        self.collection = None

    def load(self, data: Data, fresh: bool) -> None:
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.start()
        names = [collection.name for collection in self.client.list_collections()]
        if NAME in names:
            self.open()
            if self.collection.count() == len(data.rows):
                return
            self.client.delete_collection(NAME)
        # Rows are of unit length: the inner product is the cosine, and the faster of the two.
        graph = {"space": "ip", "ef_construction": EF_CONSTRUCTION, "max_neighbors": M, "ef_search": 100}
        self.collection = self.client.create_collection(NAME, embedding_function=None, configuration={"hnsw": graph})
        for first, vectors in parts(data):
            self.collection.add(**self.upsert_body(first, vectors))

    def start(self) -> None:
        """Starts the server on a free port, and waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        program = Path(sys.executable).parent / "chroma"
        words = ["run", "--path", str(self.folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
        variables = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen([str(program), *words], stdout=log, stderr=log, env=variables, cwd=self.folder)
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connection().json("GET", "/api/v2/heartbeat")
                break
            except (OSError, HttpError, ValueError):
                if self.process.poll() is not None or time.monotonic() > ends:
                    raise HttpError(f"chromadb's server does not answer: see {self.folder / 'server.log'}") from None
                time.sleep(0.1)
        self.client = chromadb.HttpClient("127.0.0.1", port, settings=Settings(anonymized_telemetry=False))

    def open(self) -> None:
        """Opens the collection."""
        self.collection = self.client.get_collection(NAME, embedding_function=None)

    def stop(self) -> None:
        """Ends the server, if it runs."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def tune(self, data: Data, recall: float) -> str:
        """The least effort whose recall is at most `EQUAL` below this one, or the most there is. It is found by halving; a new effort
        counts once the collection is opened anew, so the server is started again for each."""
        low, high = 0, len(EFFORTS) - 1
        while low < high:
            middle = (low + high) // 2
            self._set_effort(EFFORTS[middle])
            reached = self.recall(data, len(data.queries))
            print(f"{self.name}: ef_search {EFFORTS[middle]}, recall {reached:.4f}", flush=True)
            if reached >= recall - EQUAL:
                high = middle
            else:
                low = middle + 1
        self._set_effort(EFFORTS[low])
        return f"ef_search {EFFORTS[low]}"

    def _set_effort(self, effort: int) -> None:
        self.collection.modify(configuration={"hnsw": {"ef_search": effort}})
        self.stop()
        self.start()
        self.open()

    @property
    def search_path(self) -> str:
        return f"{ROOT}/{self.collection.id}/query"

    def search_body(self, vector: list[float]) -> dict:
        return {"query_embeddings": [vector], "n_results": K, "include": []}

    def found(self, answer: dict) -> list[int]:
        return [int(row) for row in answer["ids"][0]]

    @property
    def upsert(self) -> tuple[str, str]:
        return "POST", f"{ROOT}/{self.collection.id}/upsert"

    def upsert_body(self, first: int, vectors: list[list[float]]) -> dict:
        return {"ids": [str(first + at) for at in range(len(vectors))], "embeddings": vectors}
