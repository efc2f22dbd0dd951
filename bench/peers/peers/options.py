"""What a run is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from peers.subjects import Subject


@dataclass
class Options:
    """How to measure."""

    rounds: int = 5
    #: Numbers of threads to search with.
    threads: list[int] = field(default_factory=lambda: [1, 2])
    build_threads: int = 2
    #: Hits that are asked for.
    k: int = 10
    #: Recalls at which queries a second are compared.
    recalls: list[float] = field(default_factory=lambda: [0.95, 0.99])
    #: Efforts are timed from the last below the first of these to the first above the second.
    recalls_timed: tuple[float, float] = (0.9, 0.9925)
    #: No higher effort is tried once one has reached this.
    enough: float = 0.999
    #: Least time of one measurement of queries a second.
    time_ms: int = 400
    #: Most time of single calls for one subject and effort in one round.
    single_ms: int = 1000
    #: Before each round, wait at most so long until nothing else runs.
    wait_quiet_seconds: float = 60
    #: Leave the built indexes where they are when a data set is done.
    keep: bool = False
    #: Try every other effort alone.
    thin: bool = False
    #: The program that drives Rose Forest's index.
    drive: Path | None = None

    def efforts(self, subject: Subject) -> list[int]:
        """The efforts to try, lowest first."""
        return subject.efforts[::2] if self.thin else subject.efforts
