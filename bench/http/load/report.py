"""The report, as Markdown."""

from statistics import median

from peers.data import Data

from load.generator import Driven
from load.measure import BESIDE, Options, Results, Upserts

#: What the project asks for, on 100,000 rows of 384 dimensions.
FULL_ROWS = 100_000
#: The share of an asked rate from which on it counts as reached: at the end, the last answers are waited for.
REACHED = 0.95


def write(results: Results, data: Data, options: Options, machine: dict, commit: str, is_quantized: bool) -> str:
    """Everything that was measured."""
    parts = [
        _head(results, data, options, machine, commit, is_quantized),
        _searches(results, options),
        _added(results),
        _upserts(results, options),
        _targets(results, data, options),
    ]
    return "\n".join(part for part in parts if part)


def _head(results, data, options, machine, commit, is_quantized) -> str:
    recalls = "; ".join(
        f"{name}: {recall:.4f} (effort: {results.efforts[name]})" for name, recall in results.recalls.items()
    )
    others = ", ".join(f"{used:.2f}" for used in results.others)
    return f"""# HTTP under load

{data.title}; the API's collection stores {"8-bit codes" if is_quantized else "f32"}. {machine["processor"]}, {machine["cpus"]} CPUs,
{machine["memory_gb"]} GB, Linux {machine["kernel"]}; commit {commit}. The load generator runs on the same CPUs. {options.rounds} rounds of
{options.seconds:g} s each; others used {others} CPUs before each.

Recall@10 over HTTP: {recalls}.
"""


def _searches(results: Results, options: Options) -> str:
    lines = [
        "| connections | server | searches a second | p50, ms | p99, ms | errors | farthest round |",
        "|---|---|---|---|---|---|---|",
    ]
    for connections in options.connections:
        for name in results.recalls:
            rounds = results.searches[(name, connections)]
            speeds = [driven.per_second for driven in rounds]
            middle = median(speeds)
            far = max(abs(speed - middle) for speed in speeds) / middle if middle else 0.0
            lines.append(
                f"| {connections:,} | {name} | {middle:,.0f} | {median(d.p50_ms for d in rounds):.2f} | "
                f"{median(d.p99_ms for d in rounds):.2f} | {_errors(rounds)} | {100 * far:.0f} % |"
            )
    return "\n".join(lines) + "\n\nMedians over the rounds; errors of all rounds. Times are those of answers with status 200.\n"


def _errors(rounds: list[Driven]) -> str:
    together: dict[str, int] = {}
    for driven in rounds:
        for what, count in driven.errors.items():
            together[what] = together.get(what, 0) + count
    asked = sum(driven.answers for driven in rounds) + sum(together.values())
    said = ", ".join(f"{count:,} {what}" for what, count in together.items())
    return f"{said} of {asked:,}" if together else f"0 of {asked:,}"


def _added(results: Results) -> str:
    if not results.added:
        return ""
    whole, added = (median(said[what] for said in results.added) for what in ("whole", "added"))
    text = (
        f"One connection without the generator, one search after the other: {whole:.3f} ms a search, of which {added:.3f} ms are not in "
        "the `time` that the same answer gives (medians)."
    )
    inside = [said for said in results.added if "inside_mean" in said]
    if inside:
        text += (
            f" By the node's metrics a search in the process takes {median(s['inside_mean'] for s in inside):.3f} ms on average, "
            f"{median(s['added_mean'] for s in inside):.3f} ms less than over HTTP."
        )
    return text + "\n"


def _upserts(results: Results, options: Options) -> str:
    if not results.upserts:
        return ""
    lines = [
        f"{options.upsert_rate:g} upserts of {options.upsert_rows} rows a second for {options.upsert_seconds:g} s, beside {BESIDE} connections "
        "that search at a fixed rate, and then as fast as they can. Where a rate is fixed, times are from when each was due:\n",
        "| server | upserts a second, of those asked for | p50, ms | p99, ms | errors | searches a second beside, of those asked for "
        "| their p50, ms | p99, ms | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for done in results.upserts:
        written, searched = done.written, done.searched
        asked = f"{searched.per_second:,.0f} of {done.search_rate:,.0f}" if done.search_rate else f"{searched.per_second:,.0f}"
        lines.append(
            f"| {_named(done)} | {written.per_second:.1f} of {options.upsert_rate:g} | {written.p50_ms:.1f} | {written.p99_ms:.1f} | "
            f"{_errors([written])} | {asked} | {searched.p50_ms:.1f} | {searched.p99_ms:.1f} | {_errors([searched])} |"
        )
    return "\n".join(lines) + "\n"


def _named(done: Upserts) -> str:
    return f"{done.server}, {done.way}" if done.way else done.server


def _targets(results: Results, data: Data, options: Options) -> str:
    if len(data.rows) < FULL_ROWS:
        return f"Targets are for {FULL_ROWS:,} rows; this run had fewer.\n"
    name, *others = results.recalls
    middle = lambda name, what: median(getattr(driven, what) for driven in results.searches[(name, 16)])  # noqa: E731
    lines = ["| what | target | measured | |", "|---|---|---|---|"]

    def line(what: str, target: str, measured: str, holds: bool) -> None:
        lines.append(f"| {what} | {target} | {measured} | {'pass' if holds else '**short**'} |")

    recall = results.recalls[name]
    line("recall@10 over HTTP", "≥ 0.98", f"{recall:.4f}", recall >= 0.98)
    if (name, 16) in results.searches:
        speed, late = middle(name, "per_second"), middle(name, "p99_ms")
        line("searches a second, 16 connections", "≥ 1,000", f"{speed:,.0f}", speed >= 1000)
        line("p99, 16 connections", "< 25 ms", f"{late:.1f} ms", late < 25)
        for other in others:
            times = speed / middle(other, "per_second")
            line(f"searches a second, by those of {other}", "≥ 3", f"{times:.2f}", times >= 3)
    if results.added:
        added = median(said["added"] for said in results.added)
        line("what HTTP adds to a search, median", "< 0.3 ms", f"{added:.3f} ms", added < 0.3)
    for done in results.upserts:
        if done.server == name:
            late, reached = done.written.p99_ms, done.written.per_second
            beside = f"{done.search_rate:,.0f} searches a second" if done.search_rate else "as many searches as can be"
            what = f"p99 of {options.upsert_rate:g} upserts a second, {done.way}, beside {beside}"
            line(what, "< 100 ms", f"{late:.1f} ms at {reached:.1f}", late < 100 and reached >= REACHED * options.upsert_rate)
    return "\n".join(lines) + "\n"
