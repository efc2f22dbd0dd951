"""The command line: what to measure, in what order, and where the report goes."""

import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from peers import data, drive, places, plot, report
from peers.channel import WorkerFailed, index_folder
from peers.measure import Measurement
from peers.options import Options
from peers.results import Results
from peers.subjects import PEERS, Subject

DEFAULT_DATA = ["wordnet", "clustered-100k-384", "clustered-100k-1536", "clustered-1m-384"]
QUICK = {"rounds": 1, "time_ms": 150, "single_ms": 150, "thin": True, "wait_quiet_seconds": 0}


def arguments(words: list[str]) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="WordNet alone, one round, fewer efforts: about two minutes")
    add("--data", type=_list, help=f"data sets, of {', '.join(data.NAMES)}")
    add("--only", type=_list, help="only subjects whose names begin so, as in 'Rose,faiss HNSW'")
    add("--rounds", type=int, help="rounds of timing (5)")
    add("--threads", type=lambda t: [int(n) for n in _list(t)], help="numbers of threads to search with (1,2)")
    add("--build-threads", type=int, help="threads to build with (2)")
    add("--time-ms", type=int, help="least time of one measurement (400)")
    add("--wait-quiet", type=float, help="seconds to wait for a quiet machine before each round (60)")
    add("--wordnet", type=Path, default=os.environ.get("ROSE_FOREST_WORDNET"),
        help="the folder with the 20,000 WordNet vectors; without it, the 5,000 in the repository")  # fmt: skip
    add("--limit", type=int, help="only the first rows of each data set: for trying things out")
    add("--kinds", type=_list, default=drive.KINDS, help=f"kinds of Rose Forest's index ({','.join(drive.KINDS)})")
    add("--drive", type=Path, help="the built program that drives Rose Forest's index; built by cargo without this")
    add("--run", help="the name that results are kept under (full or quick); a run that was cut off goes on")
    add("--fresh", action="store_true", help="forget the results and the built indexes of this run")
    add("--keep", action="store_true", help="keep the built indexes")
    add("--report-only", action="store_true", help="write the report from the results that are there")
    add("--out", type=Path, help="the report; the plot goes beside it")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Measures, and writes the report after every data set."""
    args = arguments(words)
    options = Options(**(QUICK if args.quick else {}))
    given = {
        "rounds": args.rounds, "threads": args.threads, "build_threads": args.build_threads,
        "time_ms": args.time_ms, "wait_quiet_seconds": args.wait_quiet,
    }  # fmt: skip
    options = replace(options, keep=args.keep, **{k: v for k, v in given.items() if v is not None})
    names = args.data or (["wordnet"] if args.quick else DEFAULT_DATA)
    run = places.folder("results", args.run or ("quick" if args.quick else "full"))
    partial = args.quick or args.only or args.limit
    out = args.out or (run / "report.md" if partial else places.REPOSITORY / "docs" / "INDEX-BENCHMARKS.md")
    wordnet = args.wordnet or places.REPOSITORY / "data" / "wordnet-5000"
    # Being ended is being interrupted.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    lock = (places.folder() / "lock").open("w")
    try:
        if not args.report_only:
            _take(lock)
            options.drive = args.drive or drive.build()
            for name in names:
                measure(name, args, wordnet, options, run)
                write(run, out, options)
        text = write(run, out, options)
    except KeyboardInterrupt:
        print("\nInterrupted. What was measured is kept: the same command goes on from here.", file=sys.stderr)
        return 130
    except (WorkerFailed, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if partial:
        print(text)
    print(f"The report is in {out}.")
    return 0


def measure(name: str, args: argparse.Namespace, wordnet: Path, options: Options, run: Path) -> None:
    """Measures one data set, or what of it is still to do."""
    rows = data.open_data(name, wordnet, args.limit)
    subjects = chosen(args)
    results = Results(run / f"{rows.folder.name}.json", settings(options, subjects))
    if args.fresh:
        shutil.rmtree(index_folder(rows, "any").parent, ignore_errors=True)
        results = Results(run / "none", settings(options, subjects))
        results.path = run / f"{rows.folder.name}.json"
    if results.set_aside:
        os.replace(results.path, results.path.with_suffix(".before"))
        print(f"{name}: beginning anew: there are results with {results.set_aside} (now beside, as .before)")
    if results.finished and len(results.rounds) >= options.rounds:
        print(f"{name}: measured already, at {results.content['finished']} UTC; --fresh measures again")
        return
    if results.rounds:
        print(f"{name}: going on after round {len(results.rounds)}")
    Measurement(rows, subjects, options, results).run()


def chosen(args: argparse.Namespace) -> list[Subject]:
    """What to measure, Rose Forest's first."""
    subjects = [drive.subject(kind) for kind in args.kinds] + PEERS
    if args.only:
        subjects = [s for s in subjects if any(s.name.lower().startswith(o.lower()) for o in args.only)]
        if not subjects:
            raise ValueError(f"no subject's name begins with any of {', '.join(args.only)}")
    return [s for s in subjects if not (args.quick and s.slow)]


def settings(options: Options, subjects: list[Subject]) -> dict:
    """What must be the same for results to belong in one table."""
    program = options.drive and hashlib.sha256(options.drive.read_bytes()).hexdigest()[:12]
    return {
        "recipe": places.recipe(),
        "program": program,
        "subjects": {s.name: options.efforts(s) for s in subjects},
        "threads": options.threads,
        "build_threads": options.build_threads,
        "k": options.k,
        "recalls": options.recalls,
        "time_ms": options.time_ms,
    }


def write(run: Path, out: Path, options: Options) -> str:
    """Writes the report and the plot of all data sets that this run has results for."""
    found = report.read(run)
    if not found:
        raise ValueError(f"there are no results in {run}")
    out.parent.mkdir(parents=True, exist_ok=True)
    picture = out.with_name(out.stem.lower() + ".svg")
    plot.draw(found, picture, options)
    text = report.write(found, picture.name, options)
    out.write_text(text)
    return text


def _take(lock) -> None:
    """Two runs at once would disturb each other, and share a folder of indexes."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ValueError(f"another run is under way: it holds {lock.name}") from error


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
