"""vectrs: hnswlib's graph with SQLite beside it, in this process, without its network."""

import os

from peers.library import EF_CONSTRUCTION, M, Library


class Vectrs(Library):
    """Its database alone: a node of its network only ever answers from that (see README.md).

    One row a call and one query a call: its batches are loops. It has no call that opens a saved index.
    """

    sets_threads = False
    batch = 20
    can_save = False

    def build(self, rows, threads):
        # Its import sets up logging, and its manager writes into the current folder.
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chdir(self.folder)
        from vectrs.database import SimilarityMetric, VectorDBManager

        self.set_threads(threads)
        self.manager = VectorDBManager(str(self.folder / "databases"), str(self.folder / "log.sqlite"))
        name = self.manager.create_database(
            dim=rows.dimension,
            space=SimilarityMetric.INNER_PRODUCT,
            max_elements=len(rows),
            ef_construction=EF_CONSTRUCTION,
            M=M,
        )
        self.database = self.manager.get_database(name)
        for start, block in rows.blocks():
            for offset, row in enumerate(block):
                self.database.add(row, str(start + offset))

    def save(self, path):
        raise NotImplementedError

    def load(self, path, rows):
        raise NotImplementedError

    def set_effort(self, effort):
        self.database.set_ef(effort)

    def search_all(self, queries, k):
        return [self.database.query(query, k) for query in queries]

    def ids(self, answer):
        return [[int(hit[0]) for hit in hits] for hits in answer]

    def on_disk(self):
        return self.folder
