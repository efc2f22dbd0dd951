import { describe, expect, it } from "vitest";
import { columnsOf, half, readCsvRow, readJsonLine, readNpyHead, readNpyRow } from "../src/lib/readers";

describe("JSON lines", () => {
  it("a line is a point", () => {
    expect(readJsonLine('{"id": 7, "vector": [1, 2], "payload": {"a": 1}}', 1, 2, 0)).toEqual({
      row: { id: 7, vector: new Float32Array([1, 2]), payload: '{"a":1}' },
    });
  });
  it("other fields are the payload where there is none", () => {
    expect(readJsonLine('{"vector": [1], "word": "rose"}', 3, 1, 42)).toEqual({
      row: { id: 42, vector: new Float32Array([1]), payload: '{"word":"rose"}' },
    });
  });
  it("an id of 64 bits stays what it is", () => {
    expect(readJsonLine('{"id": 18446744073709551615, "vector": [1]}', 1, 1, 0)).toMatchObject({
      row: { id: 18446744073709551615n },
    });
  });
  it.each([
    ['{"id": 1', "no JSON"],
    ["[1]", "no JSON object"],
    ['{"id": 1}', "no field `vector`"],
    ['{"id": 1, "vector": [1]}', "has 1 numbers, and those of this collection have 2"],
    ['{"id": 1, "vector": [1, null]}', "number 2"],
    ['{"id": 1, "vector": [1, 1e300]}', "number 2"],
    ['{"id": -1, "vector": [1, 2]}', "no unsigned integer"],
    ['{"id": 1, "vector": [1, 2], "payload": 3}', "payload"],
  ])("%s is refused and says why", (text, why) => {
    expect(readJsonLine(text, 9, 2, 0)).toEqual({
      error: { line: 9, why: expect.stringContaining(why) as string },
    });
  });
});

describe("CSV", () => {
  it("the vector is in one cell, or in numbered columns in the order of their numbers", () => {
    const one = columnsOf(["id", "vector", "word"]);
    expect(readCsvRow(["7", "[1, 2]", "rose"], one, 2, 2, 0)).toEqual({
      row: { id: 7, vector: new Float32Array([1, 2]), payload: '{"word":"rose"}' },
    });
    const many = columnsOf(["v1", "word", "v0"]);
    expect(readCsvRow(["2", "", "1"], many, 2, 2, 5)).toEqual({
      row: { id: 5, vector: new Float32Array([1, 2]), payload: null },
    });
  });
  it("an empty cell is no number", () => {
    expect(readCsvRow(["1", ""], columnsOf(["v0", "v1"]), 4, 2, 0)).toMatchObject({ error: { line: 4 } });
  });
  it("numbers and truth values of a payload are such, and an id with a zero in front is a text", () => {
    expect(readCsvRow(["007", "1", "2.5", "true"], columnsOf(["id", "v0", "n", "b"]), 2, 1, 0)).toMatchObject(
      {
        row: { id: "007", payload: '{"n":2.5,"b":true}' },
      },
    );
  });
});

describe(".npy", () => {
  const file = (head: string, size = 0) => {
    const bytes = new Uint8Array(10 + head.length + size);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length & 255, head.length >> 8]);
    bytes.set(new TextEncoder().encode(head), 10);
    return bytes;
  };
  it("the head says what is in it", () => {
    const head = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }";
    expect(readNpyHead(file(head))).toEqual({ rows: 3, columns: 4, type: "f2", offset: 10 + head.length });
  });
  it.each([
    ["{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }", "<i4"],
    ["{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }", "columns"],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "two dimensions"],
  ])("%s is refused", (head, why) => {
    expect(() => readNpyHead(file(head))).toThrow(why);
  });
  it("rows are read in every width", () => {
    const f4 = new Uint8Array(new Float32Array([1.5, -2]).buffer);
    expect(readNpyRow(f4, "f4", 1, 2, 9)).toMatchObject({
      row: { id: 9, vector: new Float32Array([1.5, -2]) },
    });
    const f8 = new Uint8Array(new Float64Array([1.5]).buffer);
    expect(readNpyRow(f8, "f8", 1, 1, 9)).toMatchObject({ row: { vector: new Float32Array([1.5]) } });
    expect([0x3c00, 0xc000, 0x0001, 0x7c00].map(half)).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY]);
  });
});
