"""Makes this folder from the full sample of 20,000 senses.

    python3 make.py FOLDER      # with docs.f16.npy, docs.jsonl, queries.f16.npy, queries.jsonl, LICENSE.wordnet

Takes every fourth sense (they are sorted by part of speech and synset, so the first 5,000 would be nouns only),
numbers them anew, and computes the exact neighbours among them. Standard library only; takes about
a minute.
"""

import heapq
import json
import shutil
import struct
import sys
from math import sqrt
from operator import mul
from pathlib import Path

STEP = 4
DIMENSION = 384
NEIGHBOURS = 100


def read_npy(path):
    """The rows of a float16 array, as bytes."""
    data = path.read_bytes()
    assert data[:6] == b"\x93NUMPY" and data[6] == 1, path
    header_bytes = struct.unpack("<H", data[8:10])[0]
    header = data[10 : 10 + header_bytes].decode()
    assert "'<f2'" in header and "'fortran_order': False" in header and f", {DIMENSION})" in header, header
    body = data[10 + header_bytes :]
    row_bytes = 2 * DIMENSION
    return [body[i : i + row_bytes] for i in range(0, len(body), row_bytes)]


def write_npy(path, dtype, shape, body):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body)


def dot(a, b):
    return sum(map(mul, a, b))


def unit(row):
    vector = struct.unpack(f"<{DIMENSION}e", row)
    length = sqrt(dot(vector, vector))
    return [x / length for x in vector]


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def main(source, here):
    rows = read_npy(source / "docs.f16.npy")[::STEP]
    write_npy(here / "docs.f16.npy", "<f2", (len(rows), DIMENSION), b"".join(rows))
    docs = read_lines(source / "docs.jsonl")[::STEP]
    number = {doc["id"]: i for i, doc in enumerate(docs)}
    write_lines(here / "docs.jsonl", [{**doc, "id": i} for i, doc in enumerate(docs)])

    queries = read_npy(source / "queries.f16.npy")
    shutil.copyfile(source / "queries.f16.npy", here / "queries.f16.npy")
    texts = read_lines(source / "queries.jsonl")
    write_lines(here / "queries.jsonl", [{**q, "illustrates": number.get(q["illustrates"])} for q in texts])

    vectors = [unit(row) for row in rows]
    nearest = bytearray()
    for query in map(unit, queries):
        scores = [dot(query, vector) for vector in vectors]
        best = heapq.nsmallest(NEIGHBOURS, range(len(scores)), key=lambda i: (-scores[i], i))
        nearest += struct.pack(f"<{NEIGHBOURS}i", *best)
    write_npy(here / "neighbours.npy", "<i4", (len(queries), NEIGHBOURS), bytes(nearest))
    shutil.copyfile(source / "LICENSE.wordnet", here / "LICENSE.wordnet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
