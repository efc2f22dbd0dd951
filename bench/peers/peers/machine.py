"""The machine: what it is, and what else it does while something is measured."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from peers.places import REPOSITORY
from peers.process import cpu_seconds, machine_cpu_seconds


def describe() -> dict[str, str | int]:
    """Processor, memory, kernel."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    flags = re.search(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    known = ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni")
    total = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    return {
        "processor": cpu.group(1) if cpu else platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "instructions": " ".join(f for f in known if flags and f in flags.group(1).split()),
        "memory_gb": round(int(total.group(1)) / 1e6) if total else 0,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def commit() -> str:
    """The commit of this repository, with a plus when files differ from it; 'unknown' without git."""
    git = ["git", "-C", str(REPOSITORY)]
    try:
        named = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return named.stdout.strip() + ("+" if changed.stdout.strip() else "")


class Watch:
    """How much of the machine others used since it was made."""

    def __init__(self, pids: list[int]):
        self.pids = [os.getpid(), *pids]
        self.started = time.monotonic()
        self.all, self.ours = machine_cpu_seconds(), self._ours()

    def others(self) -> float:
        """CPUs that others kept busy, on average: 0 for a quiet machine."""
        passed = max(time.monotonic() - self.started, 1e-3)
        used = (machine_cpu_seconds() - self.all) - (self._ours() - self.ours)
        return max(0.0, used / passed)

    def _ours(self) -> float:
        return sum(cpu_seconds(pid) for pid in self.pids)


def wait_until_quiet(most_seconds: float, enough: float = 0.15) -> float:
    """Waits until others use less than this of one CPU for two seconds, or until the time is over.

    Returns what they used last.
    """
    ends = time.monotonic() + most_seconds
    while True:
        watch = Watch([])
        time.sleep(2)
        used = watch.others()
        if used < enough or time.monotonic() >= ends:
            return used
