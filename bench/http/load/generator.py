"""The load generator: oha, run as a process of its own, its report read."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Answers that take longer are errors.
REQUEST_SECONDS = 30


@dataclass(frozen=True)
class Driven:
    """What one run brought. Times in milliseconds, of answers with status 200 alone."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answers: int
    #: How often, by what: another status, or what the connection said.
    errors: dict[str, int]


class Load:
    """A process that sends requests."""

    def __init__(
        self, url: str, method: str, bodies: Path, connections: int, seconds: float, headers: dict[str, str], rate: float | None
    ):
        command = [os.environ["ROSE_FOREST_OHA"], "--no-tui", "--output-format", "json", "--stats-success-breakdown"]
        # Requests that are under way at the end are waited for: their answers count.
        command += ["-z", f"{seconds}s", "-w", "-c", str(connections), "-t", f"{REQUEST_SECONDS}s"]
        command += ["-m", method, "-T", "application/json", "-Z", str(bodies)]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        if rate:
            # From the time at which a request was due, not from when a connection was free for it.
            command += ["-q", str(rate), "--latency-correction"]
        self.process = subprocess.Popen([*command, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self) -> Driven:
        """Waits, and reads the report."""
        out, err = self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError(f"oha ended with {self.process.returncode}: {err.strip()}")
        said = json.loads(out)
        statuses = dict(said["statusCodeDistribution"])
        answers = statuses.pop("200", 0)
        times = said.get("latencyPercentilesSuccessful") or {}
        errors = {f"status {status}": count for status, count in statuses.items()} | said["errorDistribution"]
        return Driven(
            per_second=answers / said["summary"]["total"],
            p50_ms=1e3 * (times.get("p50") or float("nan")),
            p99_ms=1e3 * (times.get("p99") or float("nan")),
            answers=answers,
            errors=errors,
        )


def drive(
    url: str, method: str, bodies: Path, connections: int, seconds: float, headers: dict[str, str], rate: float | None = None
) -> Driven:
    """Sends for so long, and says what came back. Each request takes one of the lines of `bodies`, by chance."""
    return Load(url, method, bodies, connections, seconds, headers, rate).finish()
