"""The command line: what to drive, in what order, and where the report goes."""

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

from peers import data, machine, places

from load import report
from load.chroma import Chroma
from load.measure import Measurement, Options
from load.plain import HttpError
from load.rose_forest import RoseForest

#: The largest set of bench/peers with 384 dimensions: fewer rows are its first ones.
CLUSTERED = "clustered-1m-384"
#: Rows of it unless told otherwise.
CLUSTERED_ROWS = 100_000
MOST_ROWS = data.CLUSTERED[CLUSTERED][0]
#: Connections, and what else needs a file.
MIN_FILES = 4096


def arguments(words: list[str]) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--url", required=True, help="where the API is, as in http://127.0.0.1:6333")
    add("--api-key-file", type=Path, help="a file with a key that may do everything")
    add("--data", default="clustered", choices=["clustered", "wordnet"], help="made-up vectors, or those of WordNet senses (clustered)")
    add("--rows", type=int, help=f"how many of them ({CLUSTERED_ROWS:,} of the made-up ones, all of WordNet's)")
    add("--wordnet", type=Path, default=os.environ.get("ROSE_FOREST_WORDNET"),
        help="the folder with the 20,000 WordNet vectors; without it, the 5,000 in the repository")  # fmt: skip
    add("--int8", action="store_true", help="the collection stores 8-bit codes instead of f32")
    add("--connections", type=_numbers, default=[1, 16, 1000], help="how many at once (1,16,1000)")
    add("--rounds", type=int, default=3, help="how often each is driven (3)")
    add("--seconds", type=float, default=10, help="how long each time (10)")
    add("--upsert-rate", type=float, default=50, help="upserts a second (50)")
    add("--upsert-rows", type=int, default=100, help="rows of an upsert (100)")
    add("--upsert-seconds", type=float, default=10, help="how long rows are written beside searches; 0 leaves it out (10)")
    add("--search-rate", type=float, default=1000,
        help="searches a second beside upserts, the first time; the second time they come as fast as they can (1000)")  # fmt: skip
    add("--only", choices=["rose-forest"], help="without chromadb")
    add("--wait-quiet", type=float, default=60, help="seconds to wait for a quiet machine before each round (60)")
    add("--fresh", action="store_true", help="load the rows anew")
    add("--out", type=Path, help="where the report goes, beside standard output")
    args = parser.parse_args(words)
    if args.rows is not None and not 1 <= args.rows <= MOST_ROWS:
        parser.error(f"expected --rows from 1 to {MOST_ROWS:,}, received {args.rows:,}")
    return args


def main(words: list[str]) -> int:
    """Loads, drives, reports."""
    args = arguments(words)
    _allow_files()
    rows = _open(args)
    key = args.api_key_file.read_text().strip() if args.api_key_file else None
    servers = [RoseForest(args.url, key, args.int8)]
    if not args.only:
        servers.append(Chroma(places.folder("http-chroma", rows.folder.name)))
    options = Options(
        args.connections, args.rounds, args.seconds, args.upsert_rate, args.upsert_rows, args.upsert_seconds,
        args.search_rate, args.wait_quiet, args.fresh,
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory(dir=places.folder("http")) as folder:
            measured = Measurement(rows, servers, options, Path(folder)).run()
    except KeyboardInterrupt:
        print("\nInterrupted. Rows that were loaded stay loaded.", file=sys.stderr)
        return 130
    except (HttpError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        for server in servers:
            if isinstance(server, Chroma):
                server.stop()
    text = report.write(measured, rows, options, machine.describe(), machine.commit(), args.int8)
    print(text)
    if args.out:
        args.out.write_text(text)
    return 0


def _open(args: argparse.Namespace) -> data.Data:
    if args.data == "clustered":
        return data.open_data(CLUSTERED, places.REPOSITORY, args.rows or CLUSTERED_ROWS)
    return data.open_data(args.data, args.wordnet or places.REPOSITORY / "data" / "wordnet-5000", args.rows)


def _allow_files() -> None:
    """As many files as may be; the generator and chromadb inherit it. The server at the URL was started by somebody else."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and most < MIN_FILES:
        print(f"warning: only {most} open files are allowed; 1,000 connections may fail. See ulimit -Hn.", file=sys.stderr)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]
