#!/usr/bin/env python3
"""Measures Rose Forest's index beside its peers: `python3.11 bench/peers/run.py --quick`.

Uses the standard library alone. It makes an environment of its own outside the repository, says where, installs the
pinned packages there, and hands over to the package `peers` beside it. What is measured is in README.md.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import environments  # noqa: E402

PINS = [HERE / name for name in ("requirements.txt", "constraints.txt", "vectrs.txt")]


def install(pip: list[str]) -> None:
    """What the environment has. Paths in the files are those from here."""
    subprocess.run([*pip, "-r", "requirements.txt", "-c", "constraints.txt"], check=True, cwd=HERE)
    if subprocess.run([*pip, "--no-deps", "-r", "vectrs.txt"], cwd=HERE).returncode != 0:
        print("vectrs could not be installed; the report will say so.", flush=True)


def main() -> int:
    if not environments.can_run():
        return 2
    try:
        python = environments.environment("venv", PINS, install)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Making the environment failed: {error}. Run again to go on.", file=sys.stderr)
        return 1
    environments.hand_over(python, "peers", [HERE], {})


if __name__ == "__main__":
    sys.exit(main())
