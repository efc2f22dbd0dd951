#!/usr/bin/env python3
"""Drives a running HTTP API and chromadb's server with a load generator: `bench/http/run.py --url http://127.0.0.1:6333`.

Uses the standard library alone. It makes an environment of its own outside the repository, builds the pinned load generator
there, and hands over to the package `load` beside it. What is measured is in README.md.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import environments  # noqa: E402

PEERS = HERE.parent / "peers"
PINS = [HERE / "requirements.txt", PEERS / "constraints.txt"]
#: The load generator, by cargo.
OHA = "1.16.0"


def install(pip: list[str]) -> None:
    """What the environment has."""
    subprocess.run([*pip, "-r", str(PINS[0]), "-c", str(PINS[1])], check=True)


def generator() -> Path:
    """The load generator, built if it is not there."""
    root = environments.cache() / f"oha-{OHA}"
    program = root / "bin" / "oha"
    if not program.is_file():
        print(f"Building oha {OHA} into {root} (once; some minutes).", flush=True)
        words = ["cargo", "install", "oha", "--version", f"={OHA}", "--locked", "--root", str(root)]
        # Not with the toolchain or the flags of this repository.
        subprocess.run(words, check=True, cwd=root.parent)
    return program


def main() -> int:
    if not environments.can_run():
        return 2
    try:
        python, oha = environments.environment("http", PINS, install), generator()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Making the environment failed: {error}. It needs the network once. Run again to go on.", file=sys.stderr)
        return 2
    environments.hand_over(python, "load", [HERE, PEERS], {"ROSE_FOREST_OHA": str(oha)})


if __name__ == "__main__":
    sys.exit(main())
