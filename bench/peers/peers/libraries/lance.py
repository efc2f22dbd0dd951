"""lancedb: columns on disk with an HNSW index over 8-bit codes, in this process."""

from datetime import timedelta

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import HnswSq

from peers.library import EF_CONSTRUCTION, M, Library

NAME = "rows"
#: Below this an index is no use to it, and it scans.
LEAST_ROWS = 256


class Lance(Library):
    """Through its own API, asking for the id column alone. `options["factor"]`: how many times k are scored again."""

    sets_threads = False
    batch = 100

    def build(self, rows, threads):
        self.set_threads(threads)
        schema = pa.schema([("id", pa.int32()), ("vector", pa.list_(pa.float32(), rows.dimension))])
        self.table = lancedb.connect(str(self.folder)).create_table(NAME, schema=schema)
        for start, block in rows.blocks():
            ids = pa.array(np.arange(start, start + len(block), dtype=np.int32))
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), rows.dimension)
            self.table.add(pa.table({"id": ids, "vector": vectors}, schema=schema))
        if len(rows) >= LEAST_ROWS:
            kind = HnswSq(distance_type="dot", num_partitions=1, m=M, ef_construction=EF_CONSTRUCTION)
            self.table.create_index("vector", config=kind)
            self.table.wait_for_index(["vector_idx"], timeout=timedelta(minutes=110))

    def save(self, path):
        path.write_text("its own folder\n")

    def load(self, path, rows):
        self.table = lancedb.connect(str(self.folder)).open_table(NAME)

    def set_effort(self, effort):
        self.effort = effort

    def _search(self, queries, k):
        search = self.table.search(queries).select(["id", "_distance"]).nprobes(1).ef(self.effort)
        return search.refine_factor(self.options["factor"]).limit(k).to_arrow()

    def search_all(self, queries, k):
        return self._search(list(queries), k), len(queries)

    def search_one(self, query, k):
        return self._search(query[0], k), 1

    def ids(self, answer):
        table, count = answer
        ids = table["id"].to_numpy()
        if "query_index" not in table.column_names:
            return [ids.tolist()]
        asked = table["query_index"].to_numpy()
        return [ids[asked == query].tolist() for query in range(count)]

    def on_disk(self):
        return self.folder
