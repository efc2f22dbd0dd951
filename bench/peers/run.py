#!/usr/bin/env python3
"""Measures Rose Forest's index beside its peers: `python3.11 bench/peers/run.py --quick`.

Uses the standard library alone. It makes an environment of its own outside the repository, says where, installs the
pinned packages there, and hands over to the package `peers` beside it. What is measured is in README.md.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = ["requirements.txt", "constraints.txt", "vectrs.txt"]


def cache() -> Path:
    """The folder for everything that is not committed: packages, vectors, results."""
    if named := os.environ.get("ROSE_FOREST_BENCH_CACHE"):
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rose-forest-bench"


def environment() -> Path:
    """The Python of an environment with exactly the pinned packages, made if it is not there."""
    pins = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in PINS)).hexdigest()[:12]
    folder = cache() / f"venv-{sys.version_info.major}.{sys.version_info.minor}-{pins}"
    python = folder / "bin" / "python"
    if (folder / "complete").is_file():
        return python
    print(f"Installing the pinned packages into {folder} (once; a few minutes).", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", "requirements.txt", "-c", "constraints.txt"], check=True, cwd=HERE)
    if subprocess.run([*pip, "--no-deps", "-r", "vectrs.txt"], cwd=HERE).returncode != 0:
        print("vectrs could not be installed; the report will say so.", flush=True)
    (folder / "complete").write_text(pins + "\n")
    return python


def main() -> int:
    if sys.version_info < (3, 11) or not sys.platform.startswith("linux"):
        print("This needs Python 3.11 or later on Linux (it reads /proc).", file=sys.stderr)
        return 2
    try:
        python = environment()
    except subprocess.CalledProcessError as error:
        print(f"Making the environment failed: {error}. Run again to go on.", file=sys.stderr)
        return 1
    variables = {**os.environ, "ROSE_FOREST_BENCH_CACHE": str(cache()), "PYTHONPATH": str(HERE)}
    os.execve(python, [str(python), "-m", "peers", *sys.argv[1:]], variables)


if __name__ == "__main__":
    sys.exit(main())
