"""chromadb: hnswlib's graph with SQLite beside it, in this process, kept on disk."""

import chromadb
from chromadb.config import Settings

from peers.library import EF_CONSTRUCTION, M, Library

NAME = "rows"


class Chroma(Library):
    """Through its own API, asking for ids alone.

    Its graph takes a new `ef_search` only when the collection is opened, so `set_effort` closes and opens it.
    """

    sets_threads = False
    batch = 100

    def _open(self):
        self.client = chromadb.PersistentClient(str(self.folder), settings=Settings(anonymized_telemetry=False))

    def build(self, rows, threads):
        self.set_threads(threads)
        self._open()
        graph = {"space": "ip", "ef_construction": EF_CONSTRUCTION, "max_neighbors": M, "ef_search": 100}
        self.collection = self.client.create_collection(
            NAME, embedding_function=None, configuration={"hnsw": graph}
        )
        self.effort = 100
        step = self.client.get_max_batch_size()
        for start, block in rows.blocks():
            for offset in range(0, len(block), step):
                part = block[offset : offset + step]
                first = start + offset
                self.collection.add(ids=[str(first + i) for i in range(len(part))], embeddings=part)

    def save(self, path):
        path.write_text("its own folder\n")

    def load(self, path, rows):
        self._open()
        self.collection = self.client.get_collection(NAME, embedding_function=None)
        self.effort = None

    def set_effort(self, effort):
        if effort == self.effort:
            return
        self.collection.modify(configuration={"hnsw": {"ef_search": effort}})
        self.client.close()
        self._open()
        self.collection = self.client.get_collection(NAME, embedding_function=None)
        # Reads the graph.
        self.collection.query(query_embeddings=[[1.0] + [0.0] * (self.options["dimension"] - 1)], n_results=1)
        self.effort = effort

    def prepare(self, effort, threads):
        self.set_effort(effort)
        # Last, because opening starts threads.
        self.set_threads(threads)

    def search_all(self, queries, k):
        return self.collection.query(query_embeddings=queries, n_results=k, include=[])

    def ids(self, answer):
        return [[int(i) for i in ids] for ids in answer["ids"]]

    def on_disk(self):
        return self.folder

    def close(self):
        self.client.close()
