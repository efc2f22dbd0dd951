"""usearch: HNSW over vectors of the type in `options["dtype"]`."""

import numpy as np
from usearch.index import Index

from peers import data
from peers.library import EF_CONSTRUCTION, M, Library


class Usearch(Library):
    """Inner products, which it computes faster than cosines: the rows have unit length."""

    def _new(self, dimension: int) -> Index:
        dtype = self.options["dtype"]
        return Index(ndim=dimension, metric="ip", dtype=dtype, connectivity=M, expansion_add=EF_CONSTRUCTION)

    def build(self, rows, threads):
        self.index = self._new(rows.dimension)
        # In one call, because it makes room for the next power of two whenever it is full.
        self.index.add(np.arange(len(rows)), data.unit(rows.halves[:]), threads=threads)
        self.set_threads(threads)

    def save(self, path):
        self.index.save(str(path))

    def load(self, path, rows):
        self.index = self._new(rows.dimension)
        self.index.load(str(path))

    def set_effort(self, effort):
        self.index.expansion_search = effort

    def set_threads(self, threads):
        self.threads = threads

    def search_all(self, queries, k):
        return self.index.search(queries, k, threads=self.threads)

    def search_one(self, query, k):
        return self.index.search(query[0], k, threads=1)

    def ids(self, answer):
        return np.atleast_2d(answer.keys).astype(np.int64).tolist()
