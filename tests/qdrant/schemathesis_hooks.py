"""What schemathesis cannot know from the document: collections that are there, and vectors of their dimension.

Loaded by schemathesis.sh. Most requests go to a collection that has points, and most lists of numbers in them are made as long
as its vectors are; otherwise nearly all would end as a 404 or as a vector of the wrong dimension. What is left as it was
generated still asks for those.
"""

import os
import random

import requests
import schemathesis

URL = os.environ["FUZZED_URL"]
HEADERS = {"api-key": os.environ["API_KEY"]} if os.environ.get("API_KEY") else {}
# Distances, encodings, and a vector with a name.
COLLECTIONS = {
    "fuzzed-cosine": (3, {"vectors": {"size": 3, "distance": "Cosine"}}),
    "fuzzed-dot": (2, {"vectors": {"v": {"size": 2, "distance": "Dot"}}}),
    "fuzzed-euclid": (1, {"vectors": {"size": 1, "distance": "Euclid"}, "quantization_config": {"scalar": {"type": "int8"}}}),
    "fuzzed-manhattan": (4, {"vectors": {"size": 4, "distance": "Manhattan", "datatype": "float16"}}),
}
# What is made and left again, so that those above stay.
OTHERS = ["fuzzed-other", "fuzzed-another"]
PAYLOADS = [
    {"city": "Berlin", "n": 1, "tags": ["a", "b"], "where": {"lon": 13.4, "lat": 52.5}, "when": "2026-11-21T16:30:00Z"},
    {"city": ["Oslo", "Rome"], "n": -0.5, "half": None, "deep": {"a": [{"b": 1}, {"b": [True, "x"]}]}},
    {},
]
KEYS = ["city", "n", "tags", "tags[]", "where", "when", "half", "deep.a[].b"]
# By chance, but the same chance for the same seed.
chance = random.Random(20261121)


def ask(method, path, body):
    answer = requests.request(method, URL + path, json=body, headers=HEADERS, timeout=30)
    if answer.status_code not in (200, 409):
        raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")


def make():
    for name, (size, made_of) in COLLECTIONS.items():
        ask("PUT", f"/collections/{name}", made_of)


def fill():
    """Points for all of them, again and again: requests delete points, too."""
    for name, (size, made_of) in COLLECTIONS.items():
        points = []
        for number in range(40):
            vector = [round(chance.uniform(-1, 1), 3) or 1 for _ in range(size)]
            vector = {"v": vector} if "v" in made_of["vectors"] else vector
            id = number if number % 2 else f"00000000-0000-0000-0000-{number:012}"
            points.append({"id": id, "vector": vector, "payload": chance.choice(PAYLOADS)})
        ask("PUT", f"/collections/{name}/points?wait=true", {"points": points})


def snapshots():
    """A snapshot of each collection, where the server keeps snapshots: their names by collection."""
    names = {}
    for name in COLLECTIONS:
        answer = requests.post(f"{URL}/collections/{name}/snapshots", headers=HEADERS, timeout=30)
        if answer.status_code == 200:
            names[name] = answer.json()["result"]["name"]
    return names


def fit(value, size, key=None):
    """The same request, most of its vectors as long as they should be, and most of its paths some that payloads have."""
    if isinstance(value, list):
        numbers = value and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in value)
        # Lists of ids stand under these names, or under none.
        of_ids = key in (None, "points", "ids", "has_id", "any", "except")
        if numbers and not of_ids and chance.random() < 0.8:
            return [value[at % len(value)] if chance.random() < 0.5 else chance.uniform(-2, 2) for at in range(size)]
        return [fit(x, size, key) for x in value]
    if isinstance(value, dict):
        return {name: fit(x, size, name) for name, x in value.items()}
    if isinstance(value, str) and key in ("key", "group_by", "field_name", "order_by") and chance.random() < 0.7:
        return chance.choice(KEYS)
    if isinstance(value, str) and key == "using" and chance.random() < 0.7:
        return chance.choice(["", "v"])
    return value


def filter_of(depth=2):
    """A filter that some points fulfil."""
    of_field = [
        {"key": "city", "match": {"any": ["Berlin", "Oslo"]}}, {"key": "city", "match": {"text": "berlin"}},
        {"key": "n", "range": {"gte": chance.uniform(-1, 1)}}, {"key": "when", "range": {"lt": "2027-01-01"}},
        {"key": "tags", "values_count": {"gte": 1}}, {"is_empty": {"key": "half"}}, {"is_null": {"key": "half"}},
        {"key": "where", "geo_radius": {"center": {"lon": 13, "lat": 52}, "radius": 1e5}}, {"has_id": [1, 3, 5]},
        {"nested": {"key": "deep.a", "filter": {"must": {"key": "b", "match": {"value": True}}}}}, {"has_vector": ""},
    ]
    some = lambda: filter_of(depth - 1) if depth and chance.random() < 0.3 else chance.choice(of_field)
    clauses = {
        "must": some(), "must_not": [some()], "should": [some(), some()],
        "min_should": {"conditions": [some(), some()], "min_count": 1},
    }
    return {name: clauses[name] for name in chance.sample(list(clauses), chance.randint(1, 2))}


def right(operation, name):
    """A request that is right, for the operations for which few that are generated are; its answer is looked at, too."""
    size, made_of = COLLECTIONS[name]
    using = "v" if "v" in made_of["vectors"] else ""
    vector = lambda: [chance.uniform(-1, 1) for _ in range(size)]
    named = lambda: {"v": vector()} if using else vector()
    id = lambda: chance.randrange(1, 40, 2)
    points = lambda: [{"id": id(), "vector": named(), "payload": chance.choice(PAYLOADS)} for _ in range(3)]

    def query(depth=1):
        asked = {
            "limit": chance.randint(1, 30), "using": using, "with_payload": chance.choice([True, ["city"], {"exclude": ["n"]}]),
            "with_vector": chance.random() < 0.5,
        }
        if chance.random() < 0.5:
            asked["filter"] = filter_of()
        if chance.random() < 0.3:
            asked["params"] = chance.choice([{"exact": True}, {"hnsw_ef": chance.randrange(10**12), "exact": False}, None])
        if depth and chance.random() < 0.3:
            below = [{k: v for k, v in query(depth - 1).items() if not k.startswith("with_")} for _ in range(2)]
            return asked | {"prefetch": below, "query": chance.choice([{"fusion": "rrf"}, {"fusion": "dbsf"}, {"rrf": {"k": 3}}, vector()])}
        example = lambda: chance.choice([id(), vector()])
        strategy = chance.choice(["average_vector", "best_score", "sum_scores"])
        return asked | {"query": chance.choice([
            vector(), {"nearest": id()}, {"nearest": vector(), "mmr": {"diversity": chance.random()}},
            {"recommend": {"positive": [example(), example()], "negative": [example()], "strategy": strategy}},
            {"order_by": {"key": "n", "direction": "desc"}}, {"order_by": "when"}, {"sample": "random"},
        ])}

    if operation == "upsert_points":
        columns = {"ids": [id(), id()], "vectors": {"v": [vector(), vector()]} if using else [vector(), vector()]}
        return chance.choice([{"points": points()}, {"batch": columns}, {"points": points(), "update_mode": "update_only"}])
    if operation == "update_vectors":
        return {"points": [{"id": point["id"], "vector": point["vector"]} for point in points()]}
    if operation == "query_points":
        return query()
    if operation == "query_batch_points":
        return {"searches": [query() for _ in range(3)]}
    if operation == "query_points_groups":
        return query() | {"group_by": chance.choice(["city", "n", "tags"]), "group_size": chance.randint(1, 4)}
    if operation == "search_points":
        return {"vector": {"name": using, "vector": vector()}, "limit": 5, "filter": filter_of(), "with_payload": True}
    if operation == "batch_update":
        return {"operations": [{"upsert": {"points": points()}}, {"delete": {"filter": filter_of(0)}}, {"upsert": {"points": points()}}]}
    if operation in ("set_payload", "overwrite_payload"):
        return {"payload": chance.choice(PAYLOADS), "filter": filter_of()}
    if operation == "delete_payload":
        return {"keys": chance.sample(KEYS, 2), "filter": filter_of()}
    if operation in ("count_points", "scroll_points", "clear_payload"):
        return {"filter": filter_of()}
    if operation == "scroll_all":
        return {"filter": filter_of(), "limit": chance.randint(1, 30), "with_vector": chance.random() < 0.5}
    if operation == "update_aliases":
        # Names of the collections that come and go, too: then those cannot be made.
        alias = lambda: chance.choice(["fuzzed-alias", "fuzzed-name", chance.choice(OTHERS)])
        changes = [
            {"create_alias": {"collection_name": name, "alias_name": alias()}}, {"delete_alias": {"alias_name": alias()}},
            {"rename_alias": {"old_alias_name": alias(), "new_alias_name": alias()}},
        ]
        return {"actions": chance.sample(changes, chance.randint(1, 3))}
    return None


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    parameters = case.path_parameters
    if operation == "update_aliases" and chance.random() < 0.4:
        case.body = right(operation, chance.choice(list(COLLECTIONS)))
    if not parameters or "name" not in parameters:
        return
    if operation in ("create_collection", "delete_collection", "leave"):
        if parameters["name"] in COLLECTIONS or chance.random() < 0.5:
            parameters["name"] = chance.choice(OTHERS)
        return
    if chance.random() < 0.05:
        return
    if chance.random() < 0.02:
        fill()
    name = chance.choice(list(COLLECTIONS))
    parameters["name"] = name
    if "id" in parameters and chance.random() < 0.5:
        parameters["id"] = str(chance.randrange(45))
    if "snapshot" in parameters and chance.random() < 0.5:
        parameters["snapshot"] = SNAPSHOTS.get(name, "none.snapshot")
    request = right(operation, name) if chance.random() < 0.4 else None
    if request is not None:
        case.body = request
    elif isinstance(case.body, (dict, list)):
        case.body = fit(case.body, COLLECTIONS[name][0])


make()
fill()
SNAPSHOTS = snapshots()
