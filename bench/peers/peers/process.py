"""What Linux says of processes: memory, CPU time, and which CPUs they may use."""

import ctypes
import gc
import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def memory() -> dict[str, int]:
    """Bytes of this process: `anonymous` is what it allocated, `file` what it maps, `peak` the most of both."""
    gc.collect()
    _trim()
    names = {"RssAnon": "anonymous_bytes", "RssFile": "file_bytes", "VmHWM": "peak_bytes"}
    found = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in names:
            found[names[name]] = int(value.split()[0]) * 1024
    return found


def _trim() -> None:
    """Gives back what the C library holds without using it. (Only glibc has this.)"""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        pass


def bind(threads: int) -> None:
    """Binds every thread of this process to the first so many of the CPUs that it may use."""
    allowed = sorted(os.sched_getaffinity(os.getppid()))[:threads]
    for task in os.listdir("/proc/self/task"):
        try:
            os.sched_setaffinity(int(task), allowed)
        except ProcessLookupError:
            pass


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, all its threads together; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def machine_cpu_seconds() -> float:
    """CPU time that everything on this machine has used."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def available_bytes() -> int:
    """Memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/meminfo has no MemAvailable")


def disk_bytes(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
