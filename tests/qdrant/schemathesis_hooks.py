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
# Their own requests say which collections they are about.
ABOUT_OTHERS = {"create_collection", "delete_collection"}
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


def fill():
    for name, (size, made_of) in COLLECTIONS.items():
        ask("PUT", f"/collections/{name}", made_of)
        points = []
        for number in range(40):
            vector = [round(chance.uniform(-1, 1), 3) or 1 for _ in range(size)]
            vector = {"v": vector} if "v" in made_of["vectors"] else vector
            id = number if number % 2 else f"00000000-0000-0000-0000-{number:012}"
            points.append({"id": id, "vector": vector, "payload": chance.choice(PAYLOADS)})
        ask("PUT", f"/collections/{name}/points?wait=true", {"points": points})


def fit(value, size, key=None):
    """The same request, most of its vectors as long as they should be, and most of its paths some that payloads have."""
    if isinstance(value, list):
        numbers = value and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in value)
        if numbers and key not in ("points", "ids", "has_id", "any", "except") and chance.random() < 0.8:
            return [value[at % len(value)] if chance.random() < 0.5 else chance.uniform(-2, 2) for at in range(size)]
        return [fit(x, size, key) for x in value]
    if isinstance(value, dict):
        return {name: fit(x, size, name) for name, x in value.items()}
    if isinstance(value, str) and key in ("key", "group_by", "field_name", "order_by") and chance.random() < 0.7:
        return chance.choice(KEYS)
    if isinstance(value, str) and key == "using" and chance.random() < 0.7:
        return chance.choice(["", "v"])
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    parameters = case.path_parameters
    if not parameters or "name" not in parameters or operation in ABOUT_OTHERS or chance.random() < 0.05:
        return
    name = chance.choice(list(COLLECTIONS))
    parameters["name"] = name
    if "id" in parameters and chance.random() < 0.5:
        parameters["id"] = str(chance.randrange(45))
    if isinstance(case.body, (dict, list)):
        case.body = fit(case.body, COLLECTIONS[name][0])


fill()
