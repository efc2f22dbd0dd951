"""What became of a suite."""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Tests by what became of them; those left out by why."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    expected: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether something ran, and nothing failed or was skipped: what a suite leaves out, it leaves out before it runs."""
        return self.passed > 0 and not self.failed and not self.skipped

    def __str__(self) -> str:
        parts = [f"{self.passed} passed", f"{len(self.failed)} failed"]
        if self.expected:
            parts.append(f"{self.expected} failed as expected")
        parts += [f"{count} skipped ({why})" for why, count in self.skipped.items()]
        parts += [f"{count} left out ({why})" for why, count in self.left_out.items()]
        word = "ok" if self.is_well else "NOT OK"
        return f"{word}: {', '.join(parts)}; {self.seconds:.0f} s"

    def add(self, other: "Outcome") -> "Outcome":
        """Both together."""
        self.passed += other.passed
        self.failed += other.failed
        self.expected += other.expected
        for mine, theirs in ((self.skipped, other.skipped), (self.left_out, other.left_out)):
            for why, count in theirs.items():
                mine[why] = mine.get(why, 0) + count
        self.seconds += other.seconds
        return self
