"""From measured points to the number that is compared: queries a second at a given recall."""

from dataclasses import dataclass
from math import exp, log
from statistics import median

#: Recall of 1 is drawn as this far from it.
NEAREST = 1e-5


@dataclass(frozen=True)
class Point:
    """What one effort gives."""

    effort: int
    recall: float
    #: Queries a second, one for each round.
    speeds: tuple[float, ...]

    @property
    def speed(self) -> float:
        """The median of the rounds."""
        return median(self.speeds)


@dataclass(frozen=True)
class AtRecall:
    """Queries a second at a recall."""

    speed: float
    #: Whether the lowest effort is above the recall already, so that `speed` is that effort's.
    at_least: bool = False


def spread(points: list[Point]) -> float | None:
    """The largest difference of any round from the median, as a share of it, over all points; None for one round."""
    if not points or any(len(p.speeds) < 2 for p in points):
        return None
    return max(max(abs(s - p.speed) for s in p.speeds) / p.speed for p in points)


def frontier(points: list[Point]) -> list[Point]:
    """The points that no other beats in both recall and speed, by recall."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (-p.recall, -p.speed)):
        if not best or point.speed > best[-1].speed:
            best.append(point)
    return best[::-1]


def at_recall(points: list[Point], recall: float) -> AtRecall | None:
    """Queries a second at this recall; None when no effort reaches it.

    Between the two neighbouring points of the frontier the logarithm of the speed is taken as linear in the logarithm
    of what is missing to a recall of 1, which is nearly so for graphs.
    """
    line = frontier(points)
    above = [p for p in line if p.recall >= recall]
    if not above:
        return None
    below = [p for p in line if p.recall < recall]
    right = above[0]
    if not below:
        return AtRecall(right.speed, at_least=right.recall > recall)
    left = below[-1]
    missing = lambda r: log(max(1 - r, NEAREST))
    part = (missing(recall) - missing(left.recall)) / (missing(right.recall) - missing(left.recall))
    return AtRecall(exp(log(left.speed) + part * (log(right.speed) - log(left.speed))))


def worth_timing(recalls: dict[int, float], low: float, high: float) -> list[int]:
    """The efforts from the last one below `low` to the first one above `high`: the others decide nothing."""
    efforts = sorted(recalls)
    first = max((i for i, e in enumerate(efforts) if recalls[e] < low), default=0)
    last = min((i for i, e in enumerate(efforts) if recalls[e] > high), default=len(efforts) - 1)
    return efforts[first : max(first, last) + 1]
