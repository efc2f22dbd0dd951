"""What `bench/http/run.py` and `bench/peers/run.py` share: the folder outside the repository, and environments in it.

Uses the standard library alone.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def can_run() -> bool:
    """Whether the packages work with this Python on this system; otherwise it says what they need."""
    if sys.version_info >= (3, 11) and sys.platform.startswith("linux"):
        return True
    print("This needs Python 3.11 or later on Linux (it reads /proc).", file=sys.stderr)
    return False


def cache() -> Path:
    """The folder for everything that is not committed, made if it is not there: packages, vectors, results."""
    if named := os.environ.get("ROSE_FOREST_BENCH_CACHE"):
        folder = Path(named).resolve()
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        folder = (Path(base) if base else Path.home() / ".cache") / "rose-forest-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment(name: str, pins: list[Path], install: Callable[[list[str]], None]) -> Path:
    """The Python of an environment with exactly what the files say, made if it is not there: other pins make another one.

    `install` is given the words that begin a command of its pip.
    """
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()[:12]
    folder = cache() / f"{name}-{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        print(f"Installing the pinned packages into {folder} (once; a few minutes).", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        (folder / "complete").write_text(digest + "\n")
    return python


def hand_over(python: Path, package: str, paths: list[Path], more: dict[str, str]) -> NoReturn:
    """Becomes `python -m PACKAGE` with the same words. Does not return."""
    places = {"ROSE_FOREST_BENCH_CACHE": str(cache()), "PYTHONPATH": os.pathsep.join(map(str, paths))}
    os.execve(python, [str(python), "-m", package, *sys.argv[1:]], {**os.environ, **places, **more})
