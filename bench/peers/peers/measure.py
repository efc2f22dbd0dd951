"""The measuring of one data set: build all, find the recall of every effort, then time in rounds.

Every subject is a process of its own and stays alive with its index through all rounds. One is asked at a time; the
others wait for a line and use no CPU.
"""

import json
import shutil
import time
from pathlib import Path
from statistics import mean

import numpy as np

from peers import places, process
from peers.channel import Channel, WorkerFailed, index_folder
from peers.curve import worth_timing
from peers.data import Data
from peers.exact import ROUNDING
from peers.machine import Watch, commit, describe, wait_until_quiet
from peers.options import Options
from peers.results import Results, now
from peers.subjects import Subject, key_of


class Measurement:
    """One data set in one run."""

    def __init__(self, data: Data, subjects: list[Subject], options: Options, results: Results):
        self.data, self.subjects, self.options, self.results = data, subjects, options, results
        self.channels: dict[str, Channel] = {}

    def run(self) -> None:
        """Everything that is still to do. What is done is kept, also when this is interrupted."""
        content = self.results.content
        content.setdefault("started", now())
        content.setdefault("machine", describe())
        content.setdefault("commit", commit())
        content["data"] = {
            "name": self.data.name, "title": self.data.title,
            "rows": len(self.data.rows), "dimension": self.data.dimension, "queries": len(self.data.queries),
        }  # fmt: skip
        try:
            for subject in self.subjects:
                self._set_up(subject)
            if not self.channels:
                raise WorkerFailed("there is nothing left to measure")
            while len(self.results.rounds) < self.options.rounds:
                self._round()
            content["finished"] = now()
            self.results.save()
        finally:
            for channel in self.channels.values():
                channel.close()
        if not self.options.keep:
            shutil.rmtree(index_folder(self.data, "").parent, ignore_errors=True)

    def _set_up(self, subject: Subject) -> None:
        """Builds one index or opens it, and finds the recall of its efforts. A failure is written down, not raised."""
        known = self.results.subjects.setdefault(subject.name, {})
        known.pop("skipped", None)
        reason = self._reason_to_skip(subject)
        if reason is None:
            try:
                self._build(subject, known)
            except WorkerFailed as error:
                reason = str(error)
                if channel := self.channels.pop(subject.name, None):
                    channel.close()
        if reason:
            known["skipped"] = reason
            self._say(f"{subject.name}: left out: {reason}")
        self.results.save()

    def _reason_to_skip(self, subject: Subject) -> str | None:
        rows = len(self.data.rows)
        if subject.most_rows and rows > subject.most_rows:
            return f"not tried on more than {subject.most_rows:,} rows: {subject.why}"
        needed, there = subject.bytes_needed(rows, self.data.dimension), process.available_bytes()
        if needed > there:
            return f"needs about {needed / 1e9:.1f} GB of memory, and {there / 1e9:.1f} GB are free"
        return None

    def _build(self, subject: Subject, known: dict) -> None:
        log = places.folder("logs") / f"{self.data.folder.name}-{subject.key}.txt"
        folder = index_folder(self.data, subject.key)
        if not (folder / "build.json").is_file():
            # A run was cut off before it wrote down what building took.
            (folder / "index").unlink(missing_ok=True)
        channel = Channel(subject, self.data, self.options.k, self.options.drive, log)
        self.channels[subject.name] = channel
        known["version"] = channel.version
        if "empty" not in known:
            known["empty"] = spans(channel.ask("empty")["nanoseconds"])
        watch, cpu = Watch([channel.process.pid]), channel.cpu_seconds()
        built = channel.ask("build", self.options.build_threads)
        built |= {"cpu_seconds": round(channel.cpu_seconds() - cpu, 2), "others": round(watch.others(), 2)}
        if "build" not in known:
            known["build"] = self._whole_build(subject, folder / "build.json", built)
        self._say(f"{subject.name} {channel.version}: {known['build']['nanoseconds'] / 1e9:.1f} s to build")
        recalls = known.setdefault("recalls", {})
        strict = known.setdefault("recalls_without_ties", {})
        for effort in self.options.efforts(subject):
            if str(effort) in recalls:
                continue
            ids = channel.ask("search", effort, 1)["ids"]
            recalls[str(effort)] = round(self.data.recall(ids, self.options.k), 5)
            strict[str(effort)] = round(self.data.recall(ids, self.options.k, tie=ROUNDING), 5)
            self.results.save()
            if enough(list(recalls.values()), self.options.enough):
                break
        # Databases read their index when they are first asked.
        known.setdefault("searched", channel.ask("memory"))
        self._say("  recall " + ", ".join(f"{e}: {r:.3f}" for e, r in recalls.items()))

    def _whole_build(self, subject: Subject, note: Path, built: dict) -> dict:
        """What building took, if only now, only before, or partly both; `note` is where it is kept with the index."""
        if built["loaded"] and note.is_file():
            return json.loads(note.read_text())
        if built["loaded"] and subject.starts_from:
            base = json.loads((index_folder(self.data, key_of(subject.starts_from)) / "build.json").read_text())
            built |= {key: built[key] + base[key] for key in ("nanoseconds", "cpu_seconds")}
        note.write_text(json.dumps(built))
        return built

    def _round(self) -> None:
        """Every subject at every effort that matters and every number of threads, one after the other."""
        number = len(self.results.rounds)
        quiet = wait_until_quiet(self.options.wait_quiet_seconds) if self.options.wait_quiet_seconds else None
        load, pids = loads(), [c.process.pid for c in self.channels.values()]
        done = {"started": now(), "load_before": load, "others_before": quiet, "speeds": [], "singles": []}
        watch = Watch(pids)
        for threads in self.options.threads:
            for name, effort in self._pairs(number):
                answer = self._ask(name, "time", effort, threads, self.options.time_ms)
                if answer:
                    speed = answer["queries"] / answer["nanoseconds"] * 1e9
                    done["speeds"].append([name, effort, threads, round(speed, 1)])
        for name in self._rotated(list(self.channels), number):
            for effort in self._single_efforts(name):
                answer = self._ask(name, "single", effort, self.options.single_ms)
                if answer:
                    done["singles"].append([name, effort, spans(answer["nanoseconds"])])
        done |= {"ended": now(), "load_after": loads(), "others": round(watch.others(), 2)}
        self.results.rounds.append(done)
        self.results.save()
        self._say(f"round {number + 1} of {self.options.rounds}: others used {done['others']} CPUs, load {load}")

    def _ask(self, name: str, *words: object) -> dict | None:
        """Asks a subject; one that fails is out of this run from here on."""
        if name not in self.channels:
            return None
        try:
            return self.channels[name].ask(*words)
        except WorkerFailed as error:
            self.channels.pop(name).close()
            self.results.subjects[name]["failed"] = str(error)
            self._say(f"{name}: {error}")
            return None

    def _pairs(self, round_number: int) -> list[tuple[str, int]]:
        """All (subject, effort), by recall so that like follows like, beginning elsewhere in each round."""
        pairs = []
        for name in self.channels:
            recalls = {int(e): r for e, r in self.results.subjects[name]["recalls"].items()}
            pairs += [(recalls[e], name, e) for e in worth_timing(recalls, *self.options.recalls_timed)]
        pairs.sort(key=lambda p: (round(p[0], 2), p[1], p[2]))
        return self._rotated([(name, effort) for _, name, effort in pairs], round_number)

    def _rotated(self, items: list, round_number: int) -> list:
        start = len(items) * round_number // max(self.options.rounds, 1)
        return items[start:] + items[:start]

    def _single_efforts(self, name: str) -> list[int]:
        """The first effort that reaches each of the recalls that are compared; the highest if none does."""
        recalls = {int(e): r for e, r in self.results.subjects[name]["recalls"].items()}
        efforts = sorted(recalls)
        chosen = [next((e for e in efforts if recalls[e] >= r), efforts[-1]) for r in self.options.recalls]
        return sorted(set(chosen))

    def _say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self.data.name}: {text}", flush=True)


def enough(recalls: list[float], high: float) -> bool:
    """Whether higher efforts can be left out: recall is high enough, or two steps brought next to nothing."""
    return recalls[-1] >= high or (len(recalls) > 3 and recalls[-1] - recalls[-3] < 0.001)


def loads() -> list[float]:
    """The load averages."""
    return [float(x) for x in Path("/proc/loadavg").read_text().split()[:3]]


def spans(nanoseconds: list[int]) -> dict[str, float | int]:
    """Percentiles of single calls, in microseconds."""
    p50, p99 = np.percentile(nanoseconds, [50, 99])
    return {
        "calls": len(nanoseconds),
        "mean_us": round(mean(nanoseconds) / 1000, 1),
        "p50_us": round(p50 / 1000, 1),
        "p99_us": round(p99 / 1000, 1),
        "most_us": round(max(nanoseconds) / 1000, 1),
    }
