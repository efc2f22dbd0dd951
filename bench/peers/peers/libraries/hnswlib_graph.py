"""hnswlib: HNSW over f32."""

import hnswlib
import numpy as np

from peers.library import EF_CONSTRUCTION, M, Library


class Hnswlib(Library):
    """Inner products: the rows have unit length."""

    def build(self, rows, threads):
        self.index = hnswlib.Index("ip", rows.dimension)
        self.index.init_index(len(rows), M=M, ef_construction=EF_CONSTRUCTION, random_seed=1)
        for start, block in rows.blocks():
            self.index.add_items(block, np.arange(start, start + len(block)), num_threads=threads)
        self.set_threads(threads)

    def save(self, path):
        self.index.save_index(str(path))

    def load(self, path, rows):
        self.index = hnswlib.Index("ip", rows.dimension)
        self.index.load_index(str(path))

    def set_effort(self, effort):
        self.index.set_ef(effort)

    def set_threads(self, threads):
        self.threads = threads

    def search_all(self, queries, k):
        return self.index.knn_query(queries, k, num_threads=self.threads)

    def ids(self, answer):
        return answer[0].astype("int64").tolist()
