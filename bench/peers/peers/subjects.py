"""What is measured: every library with the options and the efforts that it is tried with."""

from dataclasses import dataclass, field
from pathlib import Path

GRAPH_EFFORTS = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]
LIST_EFFORTS = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]
DATABASE_EFFORTS = [10, 20, 40, 80, 160, 320, 640]


@dataclass(frozen=True)
class Subject:
    """One index to measure."""

    #: As in tables.
    name: str
    #: The library, for colours and for 'the fastest of'.
    family: str
    efforts: list[int]
    #: module:class in peers.libraries; None for a program that obeys the worker's commands itself.
    library: str | None = None
    #: What pip calls it.
    package: str | None = None
    options: dict = field(default_factory=dict)
    #: Arguments for the program.
    arguments: tuple[str, ...] = ()
    #: The subject whose saved index this one is made from.
    starts_from: str | None = None
    #: Bytes a component while it is built, to see whether it fits in memory.
    component_bytes: float = 4
    #: Not measured on more rows than this, and why.
    most_rows: int | None = None
    why: str = ""
    #: Whether `--quick` leaves it out.
    slow: bool = False

    @property
    def key(self) -> str:
        """The name as a file's."""
        return key_of(self.name)

    def bytes_needed(self, rows: int, dimension: int) -> int:
        """About what building takes: components, links, and a third more."""
        return int(rows * (dimension * self.component_bytes + 4 * 40) * 1.3) + 200_000_000


def key_of(name: str) -> str:
    """A subject's name as a file's."""
    return "".join(c if c.isalnum() else "-" for c in name)


def rose_forest(kind: str, efforts: list[int]) -> Subject:
    """Rose Forest's index of this kind, driven by `crates/index/examples/drive`."""
    return Subject(
        f"Rose Forest {kind}", "rose-forest", efforts, arguments=("--kind", kind), component_bytes=1.5
    )


PEERS = [
    Subject("usearch f32", "usearch", GRAPH_EFFORTS, "usearch_graph:Usearch", "usearch", {"dtype": "f32"}, component_bytes=8),
    Subject("usearch f16", "usearch", GRAPH_EFFORTS, "usearch_graph:Usearch", "usearch", {"dtype": "f16"}, component_bytes=6),
    Subject("usearch i8", "usearch", GRAPH_EFFORTS, "usearch_graph:Usearch", "usearch", {"dtype": "i8"}, component_bytes=5),
    Subject("hnswlib f32", "hnswlib", GRAPH_EFFORTS, "hnswlib_graph:Hnswlib", "hnswlib"),
    Subject("faiss HNSW f32", "faiss", GRAPH_EFFORTS, "faiss_index:Graph", "faiss-cpu", {"codes": "Flat"}),
    Subject("faiss HNSW f16", "faiss", GRAPH_EFFORTS, "faiss_index:Graph", "faiss-cpu", {"codes": "SQfp16"}, component_bytes=2),
    Subject("faiss HNSW sq8", "faiss", GRAPH_EFFORTS, "faiss_index:Graph", "faiss-cpu", {"codes": "SQ8"}, component_bytes=1),
    Subject(
        "faiss HNSW sq8, rescored", "faiss", GRAPH_EFFORTS[1:], "faiss_index:Rescored", "faiss-cpu",
        {"codes": "SQ8", "factor": 2}, starts_from="faiss HNSW sq8", component_bytes=5,
    ),
    Subject("faiss IVF sq8", "faiss", LIST_EFFORTS, "faiss_index:Lists", "faiss-cpu", component_bytes=2),
    Subject("chromadb", "chromadb", DATABASE_EFFORTS, "chroma:Chroma", "chromadb"),
    Subject("lancedb HNSW sq8", "lancedb", DATABASE_EFFORTS[1:], "lance:Lance", "lancedb", {"factor": 2}),
    Subject(
        "vectrs", "vectrs", DATABASE_EFFORTS, "vectrs_db:Vectrs", "vectrs", most_rows=20_000, slow=True,
        why="it commits to SQLite twice for each row and finds each hit's id by going through all of them",
    ),
]  # fmt: skip

#: Whose best is the number to beat.
TO_BEAT = ("usearch", "hnswlib", "faiss")


def program(subject: Subject, drive: Path) -> list[str]:
    """The command that starts a subject which is a program."""
    return [str(drive), *subject.arguments]
