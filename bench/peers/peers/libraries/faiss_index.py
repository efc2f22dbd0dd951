"""faiss: HNSW over f32, half floats or 8-bit codes, with and without rescoring, and inverted lists of 8-bit codes."""

from math import log2

import faiss
from threadpoolctl import threadpool_limits

from peers.library import EF_CONSTRUCTION, M, Library

#: Rows that the codes' ranges are taken from.
CODE_SAMPLE_ROWS = 50_000
#: Rows a list that k-means sees.
ROWS_A_LIST = 100


def lists(rows: int) -> int:
    """Inverted lists: four times the root of the rows, as faiss's guidelines have it, to the nearest power of two."""
    return min(rows, 2 ** round(log2(4 * rows**0.5)))


class Faiss(Library):
    """Inner products: the rows have unit length."""

    def set_threads(self, threads):
        faiss.omp_set_num_threads(threads)
        threadpool_limits(threads)

    def save(self, path):
        faiss.write_index(self.index, str(path))

    def load(self, path, rows):
        self.index = faiss.read_index(str(path))

    def search_all(self, queries, k):
        return self.index.search(queries, k, params=self.parameters)

    def ids(self, answer):
        return answer[1].tolist()


class Graph(Faiss):
    """HNSW. `options["codes"]`: Flat (f32), SQfp16 or SQ8."""

    def build(self, rows, threads):
        self.set_threads(threads)
        self.index = faiss.index_factory(
            rows.dimension, f"HNSW{M},{self.options['codes']}", faiss.METRIC_INNER_PRODUCT
        )
        self.index.hnsw.efConstruction = EF_CONSTRUCTION
        if not self.index.is_trained:
            self.index.train(rows.sample(CODE_SAMPLE_ROWS))
        for _, block in rows.blocks():
            self.index.add(block)

    def set_effort(self, effort):
        self.parameters = faiss.SearchParametersHNSW(efSearch=effort)


class Rescored(Graph):
    """The same graph, and the rows as f32 beside it: `options["factor"]` times k candidates are scored again."""

    def build(self, rows, threads):
        super().build(rows, threads)
        self._add_rows(rows)

    def load(self, path, rows):
        super().load(path, rows)
        self._add_rows(rows)

    def save(self, path):
        faiss.write_index(self.base, str(path))

    def _add_rows(self, rows):
        self.base = self.index
        self.rows = faiss.IndexFlat(rows.dimension, faiss.METRIC_INNER_PRODUCT)
        for _, block in rows.blocks():
            self.rows.add(block)
        self.index = faiss.IndexRefine(self.base, self.rows)

    def set_effort(self, effort):
        # Kept, because the outer parameters only point at the inner ones.
        self.inner = faiss.SearchParametersHNSW(efSearch=effort)
        self.parameters = faiss.IndexRefineSearchParameters(
            k_factor=float(self.options["factor"]), base_index_params=self.inner
        )


class Lists(Faiss):
    """Inverted lists over 8-bit codes."""

    def build(self, rows, threads):
        self.set_threads(threads)
        count = lists(len(rows))
        self.index = faiss.index_factory(rows.dimension, f"IVF{count},SQ8", faiss.METRIC_INNER_PRODUCT)
        self.index.train(rows.sample(ROWS_A_LIST * count))
        for _, block in rows.blocks():
            self.index.add(block)

    def set_effort(self, effort):
        self.parameters = faiss.SearchParametersIVF(nprobe=effort)
