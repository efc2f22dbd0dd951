#!/usr/bin/env python3
"""The same random calls against Qdrant's client in memory and against a server, and the same answers expected.

    python3 differential.py --url http://127.0.0.1:6333 --seed 1 --operations 2000

Ids, order, payloads and counts have to be the same; scores within TOLERANCE. Points whose scores are that near to each
other may stand in either order. A call that one side refuses, the other has to refuse too. What is known to differ is
not asked; it is listed in docs/qdrant-differences.md.

Needs qdrant-client 1.20. It deletes the collections that it makes, all named `differential-…`.
"""

import argparse
import json
import os
import random
import sys
import uuid
import warnings

from qdrant_client import QdrantClient, models as m

# Scores of both sides are sums of 32-bit floats in different orders; a distance's root doubles the relative error.
TOLERANCE = 2e-4
DISTANCES = [m.Distance.COSINE, m.Distance.DOT, m.Distance.EUCLID, m.Distance.MANHATTAN]
WORDS = ["red", "green", "blue wine", "Red Wine", "dry red", "x"]
TIMES = ["2026-11-21T16:30:00Z", "2026-11-21T17:30:00+01:00", "2026-11-20T00:00:00Z", "1999-12-31T23:59:59.5Z"]
KEYS = ["city", "tags", "n", "half", "open", "when", "where", "text", "items", "items[].a", "deep.a", "deep.b", "tags[]", "missing"]


class Random:
    """Everything that is drawn."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.ids = list(range(1, 60)) + [str(uuid.UUID(int=self.r.getrandbits(128))) for _ in range(30)]

    def id(self):
        return self.r.choice(self.ids)

    def some_ids(self, most=8):
        return [self.id() for _ in range(self.r.randint(1, most))]

    def vector(self, dimension):
        return [round(self.r.gauss(0, 1), 4) for _ in range(dimension)]

    def place(self):
        return {"lon": self.r.uniform(-170, 170), "lat": self.r.uniform(-80, 80)}

    def scalar(self):
        return self.r.choice([
            lambda: self.r.choice(WORDS), lambda: self.r.randint(-3, 6), lambda: self.r.randint(-4, 8) / 2,
            lambda: self.r.random() < 0.5, lambda: None, lambda: self.r.choice(TIMES),
        ])()

    def payload(self):
        r, made = self.r, {}
        chance = lambda p: r.random() < p
        if chance(0.8): made["city"] = r.choice(["Berlin", "Paris", "Rome", "Oslo"])
        if chance(0.6): made["tags"] = [r.choice(WORDS) for _ in range(r.randint(0, 3))]
        if chance(0.8): made["n"] = r.randint(-3, 6)
        if chance(0.5): made["half"] = r.randint(-4, 8) / 2
        if chance(0.5): made["open"] = chance(0.5)
        if chance(0.5): made["when"] = r.choice(TIMES)
        if chance(0.4): made["where"] = self.place() if chance(0.7) else [self.place(), self.place()]
        if chance(0.5): made["text"] = " ".join(r.choice(WORDS) for _ in range(r.randint(1, 4)))
        if chance(0.5): made["items"] = [{"a": self.scalar(), "b": r.randint(0, 3)} for _ in range(r.randint(0, 3))]
        if chance(0.4): made["deep"] = {"a": self.scalar(), "b": [self.scalar() for _ in range(r.randint(0, 2))]}
        if chance(0.2): made[r.choice(["n", "city", "tags", "text"])] = self.scalar()
        return made

    def bounds(self, draw):
        return {name: draw() for name in self.r.sample(["gt", "gte", "lt", "lte"], self.r.randint(1, 2))}

    def condition(self, depth=0):
        r, key = self.r, self.r.choice(KEYS)
        place = lambda: m.GeoPoint(**self.place())
        kinds = [
            lambda: m.FieldCondition(key=key, match=m.MatchValue(value=r.choice(WORDS + ["Berlin", "Rome"]))),
            lambda: m.FieldCondition(key=key, match=m.MatchValue(value=r.randint(-3, 6))),
            lambda: m.FieldCondition(key=key, match=m.MatchValue(value=r.random() < 0.5)),
            lambda: m.FieldCondition(key=key, match=m.MatchAny(any=r.sample(["Berlin", "Paris", "red", "x"], 2))),
            lambda: m.FieldCondition(key=key, match=m.MatchAny(any=r.sample(range(-3, 7), 3))),
            lambda: m.FieldCondition(key=key, match=m.MatchExcept(**{"except": r.sample(["Berlin", "Paris", "red"], 2)})),
            lambda: m.FieldCondition(key=key, match=m.MatchExcept(**{"except": r.sample(range(-3, 7), 3)})),
            # Words of several strings count together here, so only fields with one string are asked.
            lambda: m.FieldCondition(key=r.choice(["text", "city"]), match=m.MatchText(text=r.choice(WORDS))),
            lambda: m.FieldCondition(key=key, match=m.MatchTextAny(text_any=r.choice(WORDS))),
            lambda: m.FieldCondition(key=key, match=m.MatchPhrase(phrase=r.choice(WORDS))),
            lambda: m.FieldCondition(key=key, match=m.MatchPrefix(prefix=r.choice(["B", "re", "", "x"]))),
            lambda: m.FieldCondition(key=key, match=m.MatchSubstring(substring=r.choice(["e", "wine", "", "R"]))),
            lambda: m.FieldCondition(key=key, range=m.Range(**self.bounds(lambda: r.randint(-6, 12) / 2))),
            lambda: m.FieldCondition(key=key, range=m.DatetimeRange(**self.bounds(lambda: r.choice(TIMES)))),
            lambda: m.FieldCondition(key=key, values_count=m.ValuesCount(**self.bounds(lambda: r.randint(0, 3)))),
            lambda: m.FieldCondition(key=key, is_empty=r.random() < 0.5),
            lambda: m.FieldCondition(key=key, is_null=r.random() < 0.5),
            lambda: m.FieldCondition(key="where", geo_radius=m.GeoRadius(center=place(), radius=r.uniform(1e5, 1e7))),
            lambda: m.FieldCondition(key="where", geo_bounding_box=self.box()),
            lambda: m.FieldCondition(key="where", geo_polygon=self.polygon()),
            lambda: m.IsEmptyCondition(is_empty=m.PayloadField(key=key)),
            lambda: m.IsNullCondition(is_null=m.PayloadField(key=key)),
            lambda: m.HasIdCondition(has_id=self.some_ids(30)),
            lambda: m.HasVectorCondition(has_vector=r.choice(["", "other"])),
            lambda: m.NestedCondition(nested=m.Nested(key=r.choice(["items", "items[]", "deep", "tags"]), filter=self.inner())),
        ]
        if depth < 2 and r.random() < 0.15:
            return self.filter(depth + 1)
        return r.choice(kinds)()

    def box(self):
        lons, lats = [self.place()["lon"] for _ in "ab"], sorted(self.place()["lat"] for _ in "ab")
        return m.GeoBoundingBox(top_left=m.GeoPoint(lon=lons[0], lat=lats[1]), bottom_right=m.GeoPoint(lon=lons[1], lat=lats[0]))

    def polygon(self):
        corners = [(-150, -70), (150, -60), (self.r.uniform(-20, 120), 70), (self.r.uniform(-120, -30), 60), (-150, -70)]
        return m.GeoPolygon(exterior=m.GeoLineString(points=[m.GeoPoint(lon=lon, lat=lat) for lon, lat in corners]))

    def inner(self):
        key = lambda: self.r.choice(["a", "b"])
        conditions = [
            m.FieldCondition(key=key(), match=m.MatchValue(value=self.r.randint(-1, 3))),
            m.FieldCondition(key=key(), range=m.Range(**self.bounds(lambda: self.r.randint(-2, 4)))),
            m.IsNullCondition(is_null=m.PayloadField(key=key())),
            m.IsEmptyCondition(is_empty=m.PayloadField(key=key())),
        ]
        return m.Filter(**{self.r.choice(["must", "should", "must_not"]): self.r.sample(conditions, self.r.randint(1, 2))})

    def filter(self, depth=0):
        parts = {}
        for part in self.r.sample(["must", "should", "must_not"], self.r.randint(1, 2)):
            parts[part] = [self.condition(depth) for _ in range(self.r.randint(1, 2))]
        if self.r.random() < 0.15:
            conditions = [self.condition(depth) for _ in range(3)]
            parts["min_should"] = m.MinShould(conditions=conditions, min_count=self.r.randint(1, 2))
        return m.Filter(**parts)

    def maybe_filter(self):
        return self.filter() if self.r.random() < 0.6 else None

    def selector(self):
        return self.some_ids() if self.r.random() < 0.6 else m.FilterSelector(filter=self.filter())

    def with_payload(self):
        return self.r.choice([True, False, ["city", "deep.a"], m.PayloadSelectorExclude(exclude=["items[].a", "n"]), ["items[].b", "tags"]])


class Differs(Exception):
    pass


def close(a, b):
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))


def plain(value):
    """Without the difference between 1 and 1.0, which JSON does not keep apart everywhere."""
    return json.loads(json.dumps(value, sort_keys=True, default=str))


def near(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(near(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(near, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return not isinstance(a, bool) and not isinstance(b, bool) and a is not None and b is not None and close(a, b)
    return type(a) is type(b) and a == b


def same_point(a, b):
    if not near(plain(a.payload), plain(b.payload)):
        raise Differs(f"payloads of {a.id}: {a.payload} and {b.payload}")
    if not near(plain(a.vector), plain(b.vector)):
        raise Differs(f"vectors of {a.id}: {a.vector} and {b.vector}")


def same_records(a, b):
    if [p.id for p in a] != [p.id for p in b]:
        raise Differs(f"ids {[p.id for p in a]} and {[p.id for p in b]}")
    for x, y in zip(a, b):
        same_point(x, y)


def same_ranking(a, b, value=lambda p: p.score):
    """Scores in their order; ids, except among points that are as good, or nearly."""
    if len(a) != len(b):
        raise Differs(f"{len(a)} points and {len(b)}: {[(p.id, value(p)) for p in a]} and {[(p.id, value(p)) for p in b]}")
    for x, y in zip(a, b):
        if not close(value(x), value(y)):
            raise Differs(f"scores {[(p.id, value(p)) for p in a]} and {[(p.id, value(p)) for p in b]}")
    known = {p.id: p for p in b}
    for x in a:
        if x.id in known:
            if not close(value(x), value(known[x.id])):
                raise Differs(f"scores of {x.id}: {value(x)} and {value(known[x.id])}")
            same_point(x, known[x.id])
        elif not close(value(x), value(a[-1])):
            # Only of those as good as the last one may some be missing.
            raise Differs(f"{x.id} is missing: {[(p.id, value(p)) for p in a]} and {[(p.id, value(p)) for p in b]}")


class Session:
    """Two clients with one collection each."""

    def __init__(self, url, key, seed):
        self.random, self.name = Random(seed), f"differential-{seed}"
        self.memory = QdrantClient(":memory:")
        self.server = QdrantClient(url=url, api_key=key, timeout=60)
        self.dimension = self.random.r.choice([3, 8, 17])
        self.distance = DISTANCES[seed % len(DISTANCES)]
        self.server.delete_collection(self.name)
        for client in (self.memory, self.server):
            client.create_collection(self.name, m.VectorParams(size=self.dimension, distance=self.distance))
        if seed % 2:
            # An index may change how fast an answer comes, and never the answer.
            for field, kind in [("city", "keyword"), ("n", "integer"), ("half", "float"), ("open", "bool"), ("when", "datetime"),
                                ("where", "geo"), ("text", "text"), ("items[].a", "integer"), ("tags", "keyword"), ("deep.a", "keyword")]:
                self.server.create_payload_index(self.name, field, kind)
        self.count = {}

    def both(self, what, compare, call):
        """Calls both, and compares the answers, or that there are none."""
        self.count[what] = self.count.get(what, 0) + 1
        answers = []
        for client in (self.memory, self.server):
            try:
                answers.append((call(client), None))
            except Exception as error:
                answers.append((None, error))
        (a, refused_a), (b, refused_b) = answers
        if (refused_a is None) != (refused_b is None):
            raise Differs(f"in memory: {refused_a!r}; server: {refused_b!r}")
        if refused_a is None and compare:
            compare(a, b)

    def write(self):
        r, rnd, name = self.random.r, self.random, self.name
        points = [m.PointStruct(id=rnd.id(), vector=rnd.vector(self.dimension), payload=rnd.payload()) for _ in range(r.randint(1, 12))]
        payload, selector, key = rnd.payload(), rnd.selector(), r.choice([None, None, "deep", "deep.c", "items[]", "items[0].c"])
        keys = r.sample(["city", "deep.a", "items[].a", "tags", "n", "deep.b[]", "missing.x"], 2)
        kind = r.choice(["upsert"] * 6 + ["delete", "set", "set", "overwrite", "delete_keys", "clear", "vectors", "batch"])
        # Vectors of ids that may not be there.
        seen, vectors = set(), []
        for id in rnd.some_ids(3):
            if id not in seen:
                seen.add(id)
                vectors.append(m.PointVectors(id=id, vector=rnd.vector(self.dimension)))
        calls = {
            "upsert": lambda c: c.upsert(name, points, wait=True),
            "delete": lambda c: c.delete(name, selector, wait=True),
            "set": lambda c: c.set_payload(name, payload, points=selector, key=key, wait=True),
            "overwrite": lambda c: c.overwrite_payload(name, payload, points=selector, wait=True),
            "delete_keys": lambda c: c.delete_payload(name, keys, points=selector, wait=True),
            "clear": lambda c: c.clear_payload(name, points_selector=selector, wait=True),
            "vectors": lambda c: c.update_vectors(name, vectors, wait=True),
            "batch": lambda c: c.batch_update_points(name, [
                m.UpsertOperation(upsert=m.PointsList(points=points)),
                m.SetPayloadOperation(set_payload=m.SetPayload(payload=payload, points=[points[0].id])),
                m.DeleteOperation(delete=m.PointIdsList(points=[points[-1].id])),
            ], wait=True),
        }
        self.both(kind, None, calls[kind])

    def read(self):
        r, rnd, name = self.random.r, self.random, self.name
        filter, limit, vector = rnd.maybe_filter(), r.randint(1, 20), rnd.vector(self.dimension)
        payload, vectors = rnd.with_payload(), r.random() < 0.3
        examples = lambda n: [rnd.id() if r.random() < 0.5 else rnd.vector(self.dimension) for _ in range(n)]
        positive, negative = examples(r.randint(1, 3)), examples(r.randint(0, 2))
        id, ids, offset = rnd.id(), rnd.some_ids(10), r.choice([0, 0, 3])
        other = rnd.vector(self.dimension)
        inner = rnd.maybe_filter()
        order = m.OrderBy(key=r.choice(["n", "half", "when", "items[].b"]), direction=r.choice(["asc", "desc"]))
        diversity = round(r.uniform(0, 0.9), 2)
        threshold = r.choice([None, None, r.uniform(-1, 4)])
        # As many candidates as there are points, or more: the client in memory looks at every point anyway.
        params = r.choice([None, m.SearchParams(exact=True), m.SearchParams(hnsw_ef=r.choice([512, 10**9]))])
        query = lambda q, **more: lambda c: c.query_points(name, query=q, query_filter=filter, limit=limit, search_params=params,
            with_payload=payload, with_vectors=vectors, **more).points  # fmt: skip
        recommend = lambda strategy: query(m.RecommendQuery(recommend=m.RecommendInput(
            positive=positive, negative=negative, strategy=strategy)))
        facet = r.choice(["city", "tags", "n", "open", "text", "items[].b", "missing"])
        prefetch = [m.Prefetch(query=vector, limit=limit, filter=inner), m.Prefetch(query=other, limit=7)]
        by_rank = lambda a, b: same_ranking(a, b)
        fused = lambda a, b: same_fused(a, b)
        kind = r.choice(["nearest"] * 4 + ["mmr", "by_id", "average", "best", "sum", "order", "scroll_by", "rrf", "dbsf", "again", "sample",
                         "scroll", "scroll", "count", "count", "retrieve", "facet", "groups", "batch"])
        compare, call = {
            "nearest": (by_rank, query(vector, offset=offset, score_threshold=threshold)),
            "by_id": (by_rank, query(id)),
            "mmr": (same_records, query(m.NearestQuery(nearest=vector, mmr=m.Mmr(diversity=diversity, candidates_limit=20)))),
            "average": (by_rank, recommend(m.RecommendStrategy.AVERAGE_VECTOR)),
            "best": (by_rank, recommend(m.RecommendStrategy.BEST_SCORE)),
            "sum": (by_rank, recommend(m.RecommendStrategy.SUM_SCORES)),
            "order": (same_order(order), query(m.OrderByQuery(order_by=order))),
            "scroll_by": (same_order(order), lambda c: c.scroll(name, scroll_filter=filter, order_by=order, limit=limit)[0]),
            "rrf": (fused, query(m.FusionQuery(fusion=m.Fusion.RRF), prefetch=prefetch)),
            "dbsf": (fused, query(m.FusionQuery(fusion=m.Fusion.DBSF), prefetch=prefetch)),
            "again": (by_rank, query(other, prefetch=prefetch[:1])),
            "sample": (lambda a, b: expect(len(a), len(b), "sampled"), query(m.SampleQuery(sample=m.Sample.RANDOM))),
            "scroll": (same_page, lambda c: c.scroll(name, filter, limit=limit, offset=id, with_payload=payload, with_vectors=vectors)),
            "count": (lambda a, b: expect(a.count, b.count, "counted"), lambda c: c.count(name, filter)),
            "retrieve": (same_records, lambda c: c.retrieve(name, ids, with_payload=payload, with_vectors=vectors)),
            "facet": (lambda a, b: expect([(h.value, h.count) for h in a.hits], [(h.value, h.count) for h in b.hits], "facets"),
                      lambda c: c.facet(name, facet, facet_filter=filter, limit=limit, exact=True)),
            "groups": (same_groups, lambda c: c.query_points_groups(
                name, r_group, query=vector, query_filter=filter, limit=3, group_size=2, with_payload=True)),
            "batch": (lambda a, b: [same_ranking(x.points, y.points) for x, y in zip(a, b, strict=True)], lambda c: c.query_batch_points(
                name, [m.QueryRequest(query=vector, limit=3, with_payload=True), m.QueryRequest(query=other, limit=2, filter=filter)])),
        }[kind]
        r_group = r.choice(["city", "n", "tags"])
        detail = {"filter": filter and filter.model_dump(exclude_none=True), "limit": limit, "kind": kind}
        try:
            self.both(kind, compare, call)
        except Differs as differs:
            raise Differs(f"{differs}\n  {json.dumps(detail, default=str)}") from None


def expect(a, b, what):
    if a != b:
        raise Differs(f"{what}: {a} and {b}")


def same_page(a, b):
    same_records(a[0], b[0])
    expect(a[1], b[1], "next page")


def same_fused(a, b):
    """Points of equal ranks may stand in either order, and so may those that a limit cuts off."""
    same_ranking(a, b)


def same_order(order):
    def compare(a, b):
        value = lambda p: p.order_value if p.order_value is not None else p.score
        expect([value(p) for p in a], [value(p) for p in b], "order")
    return compare


def same_groups(a, b):
    shape = lambda result: [(g.id, [h.id for h in g.hits]) for g in result.groups]
    expect(shape(a), shape(b), "groups")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:6333")
    parser.add_argument("--api-key", default=os.environ.get("ROSE_FOREST_KEY"), help="or in ROSE_FOREST_KEY")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=8, help="how many seeds, each a collection of its own")
    parser.add_argument("--operations", type=int, default=300, help="calls for each seed")
    parser.add_argument("--keep-going", action="store_true", help="count differences instead of ending at the first")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    total, differences = {}, 0
    for seed in range(args.seed, args.seed + args.seeds):
        session = Session(args.url, args.api_key, seed)
        for step in range(args.operations):
            try:
                session.write() if session.random.r.random() < 0.35 else session.read()
            except Differs as differs:
                differences += 1
                print(f"seed {seed} ({session.distance.value}), call {step}: {differs}", file=sys.stderr)
                if not args.keep_going:
                    return 1
        session.server.delete_collection(session.name)
        for kind, count in session.count.items():
            total[kind] = total.get(kind, 0) + count
    print(f"{sum(total.values())} calls, {differences} differences:", ", ".join(f"{k} {v}" for k, v in sorted(total.items())))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
