"""Where things are: the repository, and the folder outside it for everything that is not committed."""

import hashlib
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("ROSE_FOREST_BENCH_CACHE", Path.home() / ".cache" / "rose-forest-bench"))


def folder(*parts: str) -> Path:
    """A folder in the cache, made if it is not there."""
    path = CACHE.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def recipe() -> str:
    """What an index follows from beside its rows: the pinned versions and how the libraries are called."""
    here = Path(__file__).resolve().parent
    files = [here.parent / name for name in ("requirements.txt", "constraints.txt", "vectrs.txt")]
    files += [here / "library.py", *sorted((here / "libraries").glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
