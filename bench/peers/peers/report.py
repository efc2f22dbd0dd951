"""The report: Markdown with the numbers of every data set, and when and how they were measured."""

import json
from pathlib import Path
from statistics import median

from peers import data
from peers.curve import AtRecall, Point, at_recall, spread
from peers.options import Options
from peers.places import REPOSITORY
from peers.subjects import TO_BEAT

#: CPUs that others may use before the report says that it is not to be relied on.
BUSY = 0.25

Content = dict


def read(run: Path) -> list[Content]:
    """The results of a run, in the order in which data sets are named."""
    found = [json.loads(path.read_text()) for path in sorted(run.glob("*.json"))]
    found = [content for content in found if content["rounds"]]
    return sorted(found, key=lambda c: data.NAMES.index(c["data"]["name"]))


def points(content: Content, name: str, threads: int) -> list[Point]:
    """What a subject gave at each effort that was timed."""
    recalls = content["subjects"][name].get("recalls", {})
    speeds: dict[int, list[float]] = {}
    for done in content["rounds"]:
        for subject, effort, used, speed in done["speeds"]:
            if (subject, used) == (name, threads):
                speeds.setdefault(effort, []).append(speed)
    return [Point(e, recalls[str(e)], tuple(s)) for e, s in sorted(speeds.items()) if str(e) in recalls]


def measured(content: Content) -> list[str]:
    """The subjects that have numbers, Rose Forest's first."""
    return [name for name in content["subjects"] if points(content, name, threads_of(content)[0])]


def threads_of(content: Content) -> list[int]:
    return content["settings"]["threads"]


def write(found: list[Content], picture: str, options: Options) -> str:
    """The whole report."""
    parts = [
        "# Rose Forest's index beside its peers",
        "Written by `python3.11 bench/peers/run.py`; do not edit. `bench/peers/README.md` says what is measured, how "
        "fairness is kept, and how the vectors were made. Queries a second are in batches; single calls are timed "
        "apart. Recall is recall@10. All graphs have 16 links a node (32 at the bottom) and were built with 128 "
        "candidates.",
        f"![Recall and queries a second]({picture})",
        summary(found, options),
    ]
    for content in found:
        parts += section(content, options)
    parts += [VECTRS, machine(found[-1])]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(found: list[Content], options: Options) -> str:
    """Rose Forest against the fastest of the libraries to beat."""
    lines = []
    for content in found:
        for threads in threads_of(content):
            for recall in options.recalls:
                ours = _best(content, threads, recall, lambda n: n.startswith("Rose Forest"))
                theirs = _best(content, threads, recall, lambda n: n.startswith(TO_BEAT))
                if ours and theirs:
                    cells = [content["data"]["title"], threads, f"{recall:.2f}", ours[0], _speed(ours[1])]
                    cells += [theirs[0], _speed(theirs[1]), f"**{ours[1].speed / theirs[1].speed:.2f}**"]
                    lines.append(cells)
    if not lines:
        return ""
    head = ["rows", "threads", "recall", "ours", "queries/s", "fastest of usearch, hnswlib, faiss", "queries/s", "ratio"]
    return "## Against the fastest\n\n" + table(head, lines)


def section(content: Content, options: Options) -> list[str]:
    """One data set."""
    names = measured(content)
    skipped = [(n, s.get("skipped") or s.get("failed")) for n, s in content["subjects"].items()]
    return [
        f"## {content['data']['title']}",
        when(content),
        "Queries a second at equal recall (≥: the lowest effort is above it already; –: no effort reaches it):",
        speeds(content, names, options),
        "What it takes, and single calls of one client (the binding's own cost is in them; the last column is that "
        "of a call to an index of one row):",
        costs(content, names, options),
        "\n".join(f"- {name}: {reason}." for name, reason in skipped if reason),
        curves(content, names),
    ]


def when(content: Content) -> str:
    """When it was measured, in how many rounds, and how quiet the machine was."""
    rounds = content["rounds"]
    others = [r["others"] for r in rounds]
    load = [r["load_before"][0] for r in rounds]
    end = "" if "finished" in content else " **Not finished.**"
    if max(others) > BUSY:
        end += " **The machine was busy: look at the form of this, and not at the numbers.**"
    return (
        f"Measured from {rounds[0]['started']} to {rounds[-1]['ended']} UTC at commit {content['commit']}, {len(rounds)} "
        f"round{'s' if len(rounds) > 1 else ''}, {content['data']['queries']} queries; medians. Meanwhile other programs "
        f"kept {min(others):.2f} to {max(others):.2f} CPUs busy (load average before each round: "
        f"{', '.join(f'{x:.1f}' for x in load)}).{end}"
    )


def speeds(content: Content, names: list[str], options: Options) -> str:
    """Queries a second at each recall and number of threads."""
    head = [""]
    for recall in options.recalls:
        head += [f"{recall:.2f}, {_threads(t)}" for t in threads_of(content)]
    head += ["highest recall", "spread"]
    lines = []
    for name in names:
        cells = [name]
        for recall in options.recalls:
            cells += [_speed(at_recall(points(content, name, t), recall)) for t in threads_of(content)]
        wide = [spread(points(content, name, t)) for t in threads_of(content)]
        highest = max(content["subjects"][name]["recalls"].values())
        cells += [f"{highest:.4f}", "one round" if None in wide else f"± {100 * max(wide):.0f} %"]
        lines.append(cells)
    return table(head, lines)


def costs(content: Content, names: list[str], options: Options) -> str:
    """Build time, memory, disk and latencies."""
    rows = content["data"]["rows"]
    threads = content["settings"]["build_threads"]
    head = ["", "version", f"build, {_threads(threads)}, s", "of CPU, s", "memory, MB a million rows", "after searching"]
    head += ["disk, MB a million rows"]
    head += [f"p50 / p99 at {r:.2f}, µs" for r in options.recalls] + ["empty call, µs"]
    lines = []
    for name in names:
        subject = content["subjects"][name]
        built = subject["build"]
        taken = [m["anonymous_bytes"] - built["anonymous_before_bytes"] for m in (built, subject["searched"])]
        disk = built.get("disk_bytes", 0)
        cells = [name, subject["version"], f"{built['nanoseconds'] / 1e9:.1f}", f"{built['cpu_seconds']:.1f}"]
        cells += [f"{most / rows:,.0f}" for most in taken]
        cells += [f"{disk / rows:,.0f}" if disk else ""]
        cells += [_single(content, name, recall) for recall in options.recalls]
        cells += [f"{subject['empty']['p50_us']:g}"]
        lines.append(cells)
    return table(head, lines)


def curves(content: Content, names: list[str]) -> str:
    """Every point that was timed, folded away."""
    lines = []
    for name in names:
        by_threads = {t: {p.effort: p for p in points(content, name, t)} for t in threads_of(content)}
        recalls = content["subjects"][name]["recalls"]
        strict = content["subjects"][name].get("recalls_without_ties", {})
        for effort in sorted(by_threads[threads_of(content)[0]]):
            cells = [name, effort, f"{recalls[str(effort)]:.4f}", f"{strict.get(str(effort), 0):.4f}"]
            for t in threads_of(content):
                point = by_threads[t].get(effort)
                cells.append(f"{point.speed:,.0f}" if point else "–")
            lines.append(cells)
    head = ["", "effort", "recall", "without ties", *(f"queries/s, {_threads(t)}" for t in threads_of(content))]
    return f"<details><summary>Every effort that was timed</summary>\n\n{table(head, lines)}\n\n</details>"


def machine(content: Content) -> str:
    """Where this was measured."""
    about = content["machine"]
    return (
        f"## The machine\n\n{about['processor']}, {about['cpus']} CPUs ({about['instructions']}), "
        f"{about['memory_gb']} GB, Linux {about['kernel']}, Python {about['python']}. All packages are pinned in "
        "`bench/peers/requirements.txt`, `constraints.txt` and `vectrs.txt`."
    )


def table(head: list, lines: list[list]) -> str:
    """A Markdown table, numbers to the right."""
    rule = ["---"] + ["---:" if _number(lines, i) else "---" for i in range(1, len(head))]
    rows = [head, rule, *lines]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def _number(lines: list[list], column: int) -> bool:
    cells = [str(line[column]) for line in lines if str(line[column]) not in ("", "–")]
    return bool(cells) and all(c.strip("*≥± ")[:1].isdigit() for c in cells)


def _best(content: Content, threads: int, recall: float, wanted) -> tuple[str, AtRecall] | None:
    of_name = {n: at_recall(points(content, n, threads), recall) for n in measured(content) if wanted(n)}
    reached = [(name, at) for name, at in of_name.items() if at]
    return max(reached, key=lambda r: r[1].speed, default=None)


def _single(content: Content, name: str, recall: float) -> str:
    """Median over rounds of the percentiles at the first effort that reaches the recall."""
    recalls = {int(e): r for e, r in content["subjects"][name]["recalls"].items()}
    effort = next((e for e in sorted(recalls) if recalls[e] >= recall), None)
    spans = [s for r in content["rounds"] for n, e, s in r["singles"] if (n, e) == (name, effort)]
    if not spans:
        return "–"
    return " / ".join(f"{median(s[key] for s in spans):,.0f}" for key in ("p50_us", "p99_us"))


def _speed(at: AtRecall | None) -> str:
    if at is None:
        return "–"
    return ("≥ " if at.at_least else "") + f"{at.speed:,.0f}"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


VECTRS = "## vectrs\n\n" + (REPOSITORY / "bench" / "peers" / "vectrs.md").read_text().strip()
