"""What of the load run can be tested without servers and load."""

import json
import os
import stat
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest import mock

import numpy as np
from load import report
from load.chroma import EFFORTS, Chroma
from load.cli import arguments
from load.generator import Driven, drive
from load.measure import Options, Results, Upserts
from load.plain import Connection, HttpError
from load.rose_forest import RoseForest

REPORT = {
    "summary": {"total": 2.0},
    "statusCodeDistribution": {"200": 100, "429": 3},
    "latencyPercentilesSuccessful": {"p50": 0.001, "p99": 0.01},
    "errorDistribution": {"timeout": 1},
}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got, in two parts; 404 elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.path == "/echo" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:5])
        self.wfile.flush()
        self.wfile.write(body[5:])

    def log_message(self, *words):
        pass


class Plain(unittest.TestCase):
    def setUp(self):
        self.server = HTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def test_several_answers_come_over_one_connection(self):
        connection = Connection(self.url, {"api-key": "k"})
        for value in ({"a": [1, 2]}, {"long": "x" * 3_000_000}, []):
            self.assertEqual(connection.json("POST", "/echo", value), value)
        connection.close()

    def test_what_is_not_200_is_an_error_that_says_so(self):
        connection = Connection(self.url, {})
        with self.assertRaisesRegex(HttpError, "answered 404"):
            connection.json("POST", "/elsewhere", {})
        connection.close()
        with self.assertRaisesRegex(HttpError, "expected a URL"):
            Connection("https://127.0.0.1", {})


class Generator(unittest.TestCase):
    def test_only_answers_with_status_200_count(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "oha"
            program.write_text(f"#!/bin/sh\necho '{json.dumps(REPORT)}'\n")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            with mock.patch.dict(os.environ, {"ROSE_FOREST_OHA": str(program)}):
                driven = drive("http://127.0.0.1/", "POST", Path("bodies"), 4, 1.0, {})
        self.assertEqual((driven.per_second, driven.answers), (50.0, 100))
        self.assertEqual((driven.p50_ms, driven.p99_ms), (1.0, 10.0))
        self.assertEqual(driven.errors, {"status 429": 3, "timeout": 1})


class Tuning(unittest.TestCase):
    def test_the_least_effort_that_reaches_the_recall_is_found(self):
        chroma, now = Chroma(Path("nowhere")), []
        data = mock.Mock(queries=[])
        with (
            mock.patch.object(chroma, "_set_effort", now.append),
            mock.patch.object(chroma, "recall", lambda data, queries: now[-1] / 1000),
            mock.patch("builtins.print"),
        ):
            for recall, effort in [(0.0, EFFORTS[0]), (0.064, 64), (0.0645, 64), (0.066, 80), (0.9, EFFORTS[-1])]:
                self.assertEqual(chroma.tune(data, recall), f"ef_search {effort}")
                self.assertEqual(now[-1], effort)


class CommandLine(unittest.TestCase):
    def test_rows_are_counted_from_one_to_the_most_there_are(self):
        self.assertEqual(arguments(["--url", "u", "--rows", "100000"]).rows, 100_000)
        for rows in ("0", "1000001"):
            with mock.patch("sys.stderr"), self.assertRaises(SystemExit):
                arguments(["--url", "u", "--rows", rows])


class Writing(unittest.TestCase):
    def test_each_batch_has_ids_of_its_own_from_the_first_on(self):
        server, data = RoseForest("http://127.0.0.1", None, False), mock.Mock(rows=np.eye(4, dtype=np.float16))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "upserts"
            server.write_upserts(data, file, 70, 3, 2)
            ids = [[point["id"] for point in json.loads(line)["points"]] for line in file.read_text().splitlines()]
        self.assertEqual(ids, [[70, 71], [72, 73], [74, 75]])

    def test_the_report_says_how_much_of_each_rate_was_reached(self):
        driven = lambda rate, late: Driven(rate, 1.0, late, 500, {})  # noqa: E731
        results = Results(recalls={"Rose Forest": 0.99})
        for way, search_rate, rate, late in [("wait=true", 1000, 50, 99), ("wait=false", 1000, 40, 99), ("wait=true", None, 49, 101)]:
            results.upserts.append(Upserts("Rose Forest", way, search_rate, driven(rate, late), driven(800, 5.0)))
        options = Options([16], 1, 1, 50, 100, 10, 1000, 0, False)
        table = report._upserts(results, options)
        self.assertIn("| Rose Forest, wait=false | 40.0 of 50 | 1.0 | 99.0 | 0 of 500 | 800 of 1,000 | 1.0 | 5.0 | 0 of 500 |", table)
        self.assertIn("| 0 of 500 | 800 | 1.0 |", table)
        targets = report._targets(results, mock.Mock(rows=range(100_000)), options)
        ends = [line.split("| ")[-1].removesuffix(" |") for line in targets.splitlines() if "p99 of" in line]
        self.assertEqual(ends, ["pass", "**short**", "**short**"])


if __name__ == "__main__":
    unittest.main()
