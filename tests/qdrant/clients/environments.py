"""Environments with pinned packages, outside the repository, made once.

They are in `$ROSE_FOREST_VENVS`, or in `~/.cache/rose-forest/venvs`. A name holds a hash of the pins, so that other pins make
another environment; a folder without the file `complete` was cut off, and is made anew.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
INSTALL_SECONDS = 1800


class CannotInstall(Exception):
    """An environment could not be made."""


def base() -> Path:
    """The folder of all environments."""
    named = os.environ.get("ROSE_FOREST_VENVS")
    return Path(named).resolve() if named else Path.home() / ".cache" / "rose-forest" / "venvs"


def python(name: str) -> Path:
    """The Python of an environment with what `requirements-NAME.txt` pins."""
    pins = HERE / f"requirements-{name}.txt"

    def make(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        _pip(folder / "bin" / "python", ["install", "--no-deps", "-r", str(pins)], folder)

    return _once(f"{name}-{sys.version_info.major}.{sys.version_info.minor}", [pins], make) / "bin" / "python"


def source(name: str, python: Path) -> Path:
    """The unpacked source distribution that `source-NAME.txt` pins with its checksum. `python` has what builds it."""
    pins = HERE / f"source-{name}.txt"

    def make(folder: Path) -> None:
        words = ["download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
        _pip(python, [*words, "-r", str(pins), "--dest", str(folder)], folder)
        for archive in folder.glob("*.tar.gz"):
            with tarfile.open(archive) as unpacked:
                unpacked.extractall(folder / "source", filter="data")

    (found,) = (_once(f"source-{name}", [pins], make) / "source").iterdir()
    return found


def node(folder_name: str) -> Path:
    """A folder with the node_modules that the package-lock.json of this folder pins."""
    pins = [HERE / folder_name / name for name in ("package.json", "package-lock.json")]

    def make(folder: Path) -> None:
        if shutil.which("npm") is None:
            raise CannotInstall("npm is not there: install Node.js 20 or later")
        for pin in pins:
            shutil.copy(pin, folder / pin.name)
        _run(["npm", "ci", "--legacy-peer-deps", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)], folder)

    return _once(folder_name, pins, make)


def _once(name: str, pins: list[Path], make: Callable[[Path], None]) -> Path:
    """The folder, made if it is not there. Two that want it at once wait for each other."""
    digest = hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()[:12]
    folder = base() / f"{name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").is_file():
            print(f"making {folder} (once)", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "complete").touch()
    return folder


def _pip(python: Path, words: list[str], folder: Path) -> None:
    _run([str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *words], folder)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{folder.name} could not be made: {error}") from None
    if done.returncode != 0:
        said = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise CannotInstall(
            f"{folder.name} could not be made. It needs the network once, for PyPI or npm; "
            f"{Path(command[0]).name} says:\n  {said}"
        )
