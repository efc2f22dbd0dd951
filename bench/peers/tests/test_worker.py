"""The protocol and every library that is installed, on a few rows; results that are gone on with; the report."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from peers import data, drive, places, plot, report
from peers.channel import Channel, WorkerFailed
from peers.cli import settings
from peers.exact import exact
from peers.measure import Measurement
from peers.options import Options
from peers.results import Results
from peers.subjects import PEERS, Subject

ROWS, DIMENSION = 600, 24


class Cached(unittest.TestCase):
    """Works in a cache folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        patch = mock.patch.object(places, "CACHE", Path(folder.name))
        patch.start()
        self.addCleanup(patch.stop)
        random = np.random.default_rng(5)
        self.folder = places.folder("data", "test")
        rows = data.unit(random.standard_normal((ROWS, DIMENSION))).astype(np.float16)
        queries = data.unit(random.standard_normal((40, DIMENSION))).astype(np.float16)
        np.save(self.folder / "rows.npy", rows)
        np.save(self.folder / "queries.npy", queries)
        _, scores = exact(data.unit(queries), data.blocks(rows), 100)
        self.data = data.Data("wordnet", "a few rows", self.folder, rows, data.unit(queries), scores)
        self.options = Options(
            rounds=2, threads=[1], build_threads=1, time_ms=1, single_ms=1, wait_quiet_seconds=0, keep=True
        )

    def channel(self, subject: Subject, program: Path | None = None) -> Channel:
        channel = Channel(subject, self.data, 10, program, places.CACHE / "log.txt")
        self.addCleanup(channel.close)
        return channel

    def measure(self, subjects: list[Subject], path: Path) -> Results:
        results = Results(path, settings(self.options, subjects))
        with contextlib.redirect_stdout(io.StringIO()):
            Measurement(self.data, subjects, self.options, results).run()
        return results


class Libraries(Cached):
    def test_every_library_finds_neighbours_and_opens_what_it_saved(self):
        for subject in PEERS:
            with self.subTest(subject.name):
                first = self.channel(subject)
                built = first.ask("build", 1)
                self.assertFalse(built["loaded"] and subject.starts_from is None)
                effort = subject.efforts[-4]
                found = first.ask("search", effort, 1)["ids"]
                self.assertEqual(len(found), 40)
                # usearch's 8-bit form and 8-bit lists lose a little whatever the effort.
                self.assertGreater(self.data.recall(found, 10), 0.9)
                timed = first.ask("time", effort, 1, 1)
                self.assertTrue(timed["queries"] > 0 and timed["nanoseconds"] >= 1_000_000)
                self.assertTrue(all(t > 0 for t in first.ask("single", effort, 1)["nanoseconds"]))
                first.close()
                if subject.name != "vectrs":
                    second = self.channel(subject)
                    self.assertTrue(second.ask("build", 1)["loaded"])
                    self.assertEqual(second.ask("search", effort, 1)["ids"], found)

    def test_more_effort_finds_more(self):
        for subject in PEERS:
            with self.subTest(subject.name):
                channel = self.channel(subject)
                channel.ask("build", 1)
                low, high = (channel.ask("search", e, 1)["ids"] for e in (subject.efforts[0], subject.efforts[-3]))
                self.assertLess(self.data.recall(low, 10), self.data.recall(high, 10))

    def test_a_command_that_fails_leaves_the_worker_running(self):
        channel = self.channel(PEERS[0])
        with self.assertRaisesRegex(WorkerFailed, "nothing is built yet"):
            channel.ask("search", 10, 1)
        with self.assertRaisesRegex(WorkerFailed, "no command"):
            channel.ask("fly")
        channel.ask("build", 1)
        self.assertTrue(channel.ask("memory")["anonymous_bytes"] > 0)

    def test_a_worker_that_ends_is_an_error_that_says_where_to_look(self):
        channel = self.channel(PEERS[0])
        channel.process.kill()
        with self.assertRaisesRegex(WorkerFailed, "log.txt"):
            channel.ask("build", 1)


@unittest.skipUnless("ROSE_FOREST_DRIVE" in os.environ, "ROSE_FOREST_DRIVE names no program")
class Driver(Cached):
    def drive(self, kind: str) -> Channel:
        return self.channel(drive.subject(kind), Path(os.environ["ROSE_FOREST_DRIVE"]))

    def test_every_kind_obeys_the_commands_of_a_worker(self):
        for kind in drive.EFFORTS:
            with self.subTest(kind):
                channel = self.drive(kind)
                self.assertEqual(len(channel.ask("empty")["nanoseconds"]), 2000)
                built = channel.ask("build", 2)
                self.assertGreater(built["anonymous_bytes"] - built["anonymous_before_bytes"], ROWS * DIMENSION)
                one, two = (channel.ask("search", 200, threads)["ids"] for threads in (1, 2))
                self.assertEqual(one, two)
                self.assertGreater(self.data.recall(one, 10), 0.9)
                timed = channel.ask("time", 200, 2, 1)
                self.assertTrue(timed["queries"] % 40 == 0 and timed["nanoseconds"] >= 1_000_000)
                self.assertLessEqual(len(channel.ask("single", 200, 1)["nanoseconds"]), 800)
                self.assertGreater(channel.ask("memory")["peak_bytes"], 0)

    def test_what_it_cannot_do_is_an_error_and_no_end(self):
        channel = self.drive("scan")
        for words, reason in [("fly", "no command"), ("time 1", "no command"), ("build x", "a number")]:
            with self.assertRaisesRegex(WorkerFailed, reason):
                channel.ask(*words.split())
        with self.assertRaisesRegex(WorkerFailed, "nothing is built yet"):
            channel.ask("search", 1, 1)

    def test_rows_that_are_no_matrix_are_refused_by_name(self):
        np.save(self.folder / "rows.npy", np.zeros(5, np.float16))
        with self.assertRaisesRegex(WorkerFailed, "expected a matrix"):
            self.drive("scan")


class Runs(Cached):
    def test_a_run_writes_a_report_and_is_gone_on_with(self):
        subjects, path = [s for s in PEERS if s.family in ("usearch", "hnswlib")], places.CACHE / "run" / "a.json"
        self.options.rounds = 1
        self.measure(subjects, path)
        self.options.rounds = 2
        results = self.measure(subjects, path)
        self.assertEqual(len(results.rounds), 2)
        self.assertTrue(results.finished)
        self.assertIsNone(results.set_aside)
        found = report.read(path.parent)
        plot.draw(found, places.CACHE / "plot.svg", self.options)
        text = report.write(found, "plot.svg", self.options)
        for subject in subjects:
            self.assertIn(f"| {subject.name} |", text)
        self.assertIn("<svg", (places.CACHE / "plot.svg").read_text())

    def test_a_library_that_fails_is_left_out_and_named(self):
        broken = Subject("broken", "usearch", [10], "usearch_graph:Usearch", "usearch", {"dtype": "f33"})
        path = places.CACHE / "run" / "a.json"
        results = self.measure([broken, PEERS[0]], path)
        self.assertIn("f33", results.subjects["broken"]["skipped"])
        self.assertIn("broken: ", report.write(report.read(path.parent), "plot.svg", self.options))

    def test_results_of_other_settings_are_set_aside(self):
        path = places.CACHE / "a.json"
        path.write_text(json.dumps({"settings": {"k": 5}, "subjects": {}, "rounds": [1]}))
        results = Results(path, {"k": 10})
        self.assertEqual((results.set_aside, results.rounds), ("other k", []))


if __name__ == "__main__":
    unittest.main()
