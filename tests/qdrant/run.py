#!/usr/bin/env python3
"""Runs what others wrote for Qdrant against a server: `python3 tests/qdrant/run.py all --url http://127.0.0.1:6333`.

Uses the standard library alone. Each suite gets an environment of its own with pinned packages, outside the repository, made
once. What the suites are, and how long they take, is in docs/CLIENTS.md.

It ends with 0 if all is well, 1 if something failed or the server does not answer, 2 if what a suite needs could not be installed.
"""

import argparse
import sys
from pathlib import Path

from clients.environments import CannotInstall
from clients.suites import SUITES, Options
from clients.target import Refused, Target

EPILOG = "suites:\n" + "\n".join(f"  {name:13} {suite.what}" for name, suite in SUITES.items())


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("suite", choices=[*SUITES, "all"], metavar="SUITE", help="one of those below, or all")
    add("--url", required=True, help="where the API is, as in http://127.0.0.1:6333")
    add("--api-key-file", type=Path, help="a file with a key that may do everything")
    add("--seeds", type=int, default=8, help="differential: how many collections (8)")
    add("--operations", type=int, default=300, help="differential: calls for each of them (300)")
    add("--delete-collections", action="store_true",
        help="langchain: go on although the server has collections; its tests delete every one of them")  # fmt: skip
    add("--verbose", action="store_true", help="show all that the suites print, not only what failed")
    return parser.parse_args()


def main() -> int:
    """Runs the suites, and says at the end what became of each."""
    if sys.version_info < (3, 11):
        print("This needs Python 3.11 or later.", file=sys.stderr)
        return 2
    args = arguments()
    options = Options(args.seeds, args.operations, args.delete_collections, args.verbose)
    chosen = list(SUITES) if args.suite == "all" else [args.suite]
    try:
        target = Target.open(args.url, args.api_key_file)
    except (OSError, Refused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{target.url} is {target.title}, version {target.version}", flush=True)
    lines, codes = [], {0}
    for name in chosen:
        print(f"\n{name}: {SUITES[name].what}", flush=True)
        try:
            outcome = SUITES[name].run(target, options)
            codes.add(0 if outcome.is_well else 1)
            lines.append(f"{name:13} {outcome}")
        except (CannotInstall, Refused) as error:
            codes.add(2 if isinstance(error, CannotInstall) else 1)
            lines.append(f"{name:13} NOT RUN: {error}")
        print(lines[-1], flush=True)
    if len(chosen) > 1:
        print("\n" + "\n".join(lines))
    # What failed is worse than what was not run.
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
