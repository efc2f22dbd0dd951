"""The plot: recall against queries a second, a panel for each data set and number of threads."""

from math import log10
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from peers.curve import NEAREST, frontier
from peers.options import Options
from peers.report import measured, points, threads_of

#: A hue a family; a colour and a line for each of its members, in turn.
COLOURS = {
    "Rose Forest": ["#c2185b", "#f06292", "#ad1457"],
    "usearch": ["#9ecae1", "#3182bd", "#08306b"],
    "hnswlib": ["#2ca02c"],
    "faiss": ["#a0a0a0", "#000000", "#7b3294", "#c2a5cf", "#b8860b"],
    "chromadb": ["#ff7f0e"],
    "lancedb": ["#8c564b"],
    "vectrs": ["#17becf"],
}
STYLES = ["-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)), ":"]
TICKS = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]


def draw(found: list[dict], path: Path, options: Options) -> None:
    """Writes the plot as SVG, the same bytes for the same numbers."""
    matplotlib.rcParams.update({"svg.hashsalt": "rose-forest", "font.size": 9})
    columns = max(len(threads_of(content)) for content in found)
    figure, axes = plt.subplots(
        len(found), columns, figsize=(6 * columns, 4.2 * len(found)), squeeze=False, layout="constrained"
    )
    for row, content in zip(axes, found):
        for axis, threads in zip(row, threads_of(content)):
            _panel(axis, content, threads)
    handles = {}
    for axis in axes.flat:
        handles |= dict(zip(*reversed(axis.get_legend_handles_labels())))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def _panel(axis, content: dict, threads: int) -> None:
    members: dict[str, int] = {}
    for name in measured(content):
        family = next(f for f in COLOURS if name.startswith(f))
        member = members[family] = members.get(family, -1) + 1
        line = frontier(points(content, name, threads))
        ours = family == "Rose Forest"
        axis.plot(
            [_place(p.recall) for p in line], [p.speed for p in line], label=name,
            color=COLOURS[family][member % len(COLOURS[family])], linestyle=STYLES[member % len(STYLES)],
            marker="o" if ours else ".", markersize=5 if ours else 4, linewidth=2.4 if ours else 1.3,
            zorder=3 if ours else 2,
        )  # fmt: skip
    axis.set_title(f"{content['data']['title']}, {threads} thread{'s' if threads > 1 else ''}")
    axis.set_xticks([_place(t) for t in TICKS], [f"{t:g}" for t in TICKS])
    axis.set_xlim(_place(0.8), _place(0.9995))
    axis.set_yscale("log")
    axis.set_xlabel("recall@10")
    axis.set_ylabel("queries a second")
    axis.grid(alpha=0.3)


def _place(recall: float) -> float:
    """Where a recall is drawn: each step to the right leaves a tenth of what is missing."""
    return -log10(max(1 - recall, NEAREST))
