"""The run: rows in, efforts found, then each server driven in turn."""

from dataclasses import dataclass, field
from pathlib import Path

from peers.data import Data
from peers.machine import wait_until_quiet

from load.generator import Driven, Load, drive
from load.rose_forest import RoseForest
from load.server import Server

#: Before each drive, unless it is shorter itself: connections are made, caches filled.
WARM_UP_SECONDS = 2.0
#: Connections that search, and that write, while rows are written.
BESIDE, WRITERS = 16, 8


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    connections: list[int]
    rounds: int
    seconds: float
    upsert_rate: float
    upsert_rows: int
    upsert_seconds: float
    #: Of the searches beside upserts, the first time.
    search_rate: float
    wait_quiet_seconds: float
    fresh: bool


@dataclass(frozen=True)
class Upserts:
    """Rows that were written at a fixed rate, beside searches."""

    server: str
    #: How they were written, where there are several ways.
    way: str
    #: How many searches a second were asked for; none for as many as can be.
    search_rate: float | None
    written: Driven
    searched: Driven


@dataclass
class Results:
    """All that was measured."""

    recalls: dict[str, float] = field(default_factory=dict)
    efforts: dict[str, str] = field(default_factory=dict)
    #: By server and connections, one for each round.
    searches: dict[tuple[str, int], list[Driven]] = field(default_factory=dict)
    #: What HTTP adds; a dictionary for each round.
    added: list[dict[str, float]] = field(default_factory=list)
    upserts: list["Upserts"] = field(default_factory=list)
    #: CPUs that others used before each round.
    others: list[float] = field(default_factory=list)


class Measurement:
    """One run over one data set. The first server is the one whose recall the others are tuned to."""

    def __init__(self, data: Data, servers: list[Server], options: Options, folder: Path):
        self.data, self.servers, self.options, self.folder = data, servers, options, folder
        self.results = Results()

    def run(self) -> Results:
        """Everything, in order."""
        self._load()
        for number in range(self.options.rounds):
            self.results.others.append(wait_until_quiet(self.options.wait_quiet_seconds))
            self._round(number)
        if self.options.upsert_seconds > 0:
            self._upserts()
        return self.results

    def _load(self) -> None:
        results, tuned_to = self.results, 0.0
        for server in self.servers:
            print(f"{server.name}: loading {len(self.data.rows):,} rows, unless they are there", flush=True)
            server.load(self.data, self.options.fresh)
            results.efforts[server.name] = server.tune(self.data, tuned_to)
            results.recalls[server.name] = server.recall(self.data, len(self.data.queries))
            tuned_to = results.recalls[self.servers[0].name]
            print(f"{server.name}: recall {results.recalls[server.name]:.4f}", flush=True)
            server.write_searches(self.data, self._searches(server))

    def _round(self, number: int) -> None:
        first = self.servers[0]
        if isinstance(first, RoseForest):
            self.results.added.append(first.added_by_http(self.data))
        for connections in self.options.connections:
            # Each round begins with another server.
            turn = number % len(self.servers)
            for server in self.servers[turn:] + self.servers[:turn]:
                self._search(server, connections, min(WARM_UP_SECONDS, self.options.seconds))
                driven = self._search(server, connections, self.options.seconds)
                self.results.searches.setdefault((server.name, connections), []).append(driven)
                print(
                    f"round {number + 1}, {connections} connections, {server.name}: {driven.per_second:,.0f} a second, "
                    f"p50 {driven.p50_ms:.2f} ms, p99 {driven.p99_ms:.2f} ms, {sum(driven.errors.values())} errors",
                    flush=True,
                )

    def _search(self, server: Server, connections: int, seconds: float) -> Driven:
        url = server.url + server.search_path
        return drive(url, "POST", self._searches(server), connections, seconds, server.headers)

    def _searches(self, server: Server) -> Path:
        return self.folder / f"searches-{self.servers.index(server)}"

    def _upserts(self) -> None:
        """Rows written at a fixed rate, beside searches at a fixed rate and then as fast as they come. What is written stays, each time
        with other ids: another run loads anew."""
        options, file = self.options, self.folder / "upserts"
        batches = max(1, round(options.upsert_rate * options.upsert_seconds))
        for server in self.servers:
            ways = {"": server.upsert}
            if isinstance(server, RoseForest):
                ways = {"wait=true": server.upsert, "wait=false": server.upsert_logged}
            after = len(self.data.rows)
            for search_rate in (options.search_rate, None):
                for way, how in ways.items():
                    server.write_upserts(self.data, file, after, batches, options.upsert_rows)
                    after += batches * options.upsert_rows
                    self.results.upserts.append(self._upsert(server, way, how, file, search_rate))

    def _upsert(self, server: Server, way: str, how: tuple[str, str], file: Path, search_rate: float | None) -> Upserts:
        seconds, rate = self.options.upsert_seconds, self.options.upsert_rate
        method, path = how
        url = server.url + server.search_path
        searches = Load(url, "POST", self._searches(server), BESIDE, seconds, server.headers, search_rate)
        written = drive(server.url + path, method, file, WRITERS, seconds, server.headers, rate)
        done = Upserts(server.name, way, search_rate, written, searches.finish())
        print(
            f"{server.name} {way}: {written.per_second:.1f} of {rate:g} upserts a second, p99 {written.p99_ms:.1f} ms, beside "
            f"{done.searched.per_second:,.0f} searches, p99 {done.searched.p99_ms:.1f} ms",
            flush=True,
        )
        return done
