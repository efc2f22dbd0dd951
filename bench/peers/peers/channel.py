"""The harness's end of a worker: starts it, asks it, and sees to its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

from peers import places
from peers.data import Data
from peers.process import cpu_seconds
from peers.subjects import Subject, key_of, program

#: Threads that a library starts by itself when it is not asked; its own calls raise this.
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RUST_LOG": "error",
    "LANCE_LOG": "error",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
}


class WorkerFailed(Exception):
    """A worker answered an error, or ended."""


class Channel:
    """A running worker."""

    def __init__(self, subject: Subject, data: Data, k: int, drive: Path | None, log: Path):
        self.subject, self.log = subject, log
        if subject.library is None:
            if drive is None:
                raise WorkerFailed("the program that drives Rose Forest's index was not built")
            command = program(subject, drive)
        else:
            keep = index_folder(data, subject.key)
            command = [sys.executable, "-m", "peers.worker", "--library", subject.library]
            command += ["--package", str(subject.package), "--options", json.dumps(subject.options)]
            command += ["--keep", str(keep)]
            if subject.starts_from:
                command += ["--starts-from", str(index_folder(data, key_of(subject.starts_from)) / "index")]
        command += ["--rows", str(data.folder / "rows.npy"), "--queries", str(data.folder / "queries.npy")]
        command += ["--k", str(k)]
        with log.open("ab") as errors:
            # A group of its own: an interrupt is for the harness, which then ends its workers.
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1,
                start_new_session=True, env={**os.environ, **QUIET},
            )  # fmt: skip
        self.ready = self._answer()
        self.version = self.ready["version"]

    def ask(self, *words: object) -> dict:
        """Sends a command and waits for its answer."""
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
        except BrokenPipeError as error:
            raise WorkerFailed(self._ended()) from error
        return self._answer()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def close(self) -> None:
        """Ends the worker; kills it if it does not end."""
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait(timeout=5)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise WorkerFailed(self._ended())
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(f"{answer['error']} (more in {self.log})")
        return answer

    def _ended(self) -> str:
        status = self.process.wait()
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        said = lines[-1] if lines else "it said nothing"
        return f"the process ended with status {status}: {said} (more in {self.log})"


def index_folder(data: Data, key: str) -> Path:
    """Where an index is kept until its data set is done."""
    return places.folder("indexes", f"{data.folder.name}-{places.recipe()}", key)
