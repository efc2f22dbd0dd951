import { describe, expect, it } from "vitest";
import { readInvite, writeInvite } from "../src/host/invite";
import { explain, gapSentence, NodeError } from "../src/lib/failures";
import { type Condition, fieldsOf, flaw, passes, toQdrant, valuesAt } from "../src/lib/filters";
import { ago, bytes, counted, duration, idOf, score, titleOf } from "../src/lib/format";
import { between, readVector } from "../src/lib/vectors";
import { encode } from "@msgpack/msgpack";

describe("filters", () => {
  const is = (field: string, value: string): Condition => ({ field, comparison: "is", value });
  it("become Qdrant's, with numbers also looked for as text", () => {
    expect(toQdrant([])).toBeUndefined();
    expect(toQdrant([is("pos", "verb")])).toEqual({ must: [{ key: "pos", match: { value: "verb" } }] });
    expect(toQdrant([is("n", "4")])).toEqual({
      must: [
        {
          should: [
            { key: "n", match: { value: 4 } },
            { key: "n", match: { value: "4" } },
          ],
        },
      ],
    });
    expect(toQdrant([{ field: "a", comparison: "exists", value: "" }])).toEqual({
      must_not: [{ is_empty: { key: "a" } }],
    });
  });
  it("let pass what they say", () => {
    const payload = { pos: "verb", n: 4, list: ["a", "b"], deep: [{ x: 1 }, { x: 2 }], none: null };
    expect(passes(payload, [is("pos", "verb"), is("n", "4"), is("list", "b"), is("deep.x", "2")])).toBe(true);
    expect(passes(payload, [{ field: "pos", comparison: "is_not", value: "verb" }])).toBe(false);
    expect(passes(payload, [{ field: "n", comparison: "at_least", value: "5" }])).toBe(false);
    expect(passes(payload, [{ field: "none", comparison: "missing", value: "" }])).toBe(true);
    expect(passes({ t: "A red Rose." }, [{ field: "t", comparison: "contains", value: "rose red" }])).toBe(
      true,
    );
    expect(valuesAt(undefined, "a")).toEqual([]);
  });
  it("that cannot be are said to be so", () => {
    expect(flaw(is("", "x"))).toContain("field");
    expect(flaw({ field: "n", comparison: "at_most", value: "many" })).toContain("not a number");
  });
  it("are offered the fields that are there, the most frequent first", () => {
    const fields = fieldsOf([{ a: 1, b: "x" }, { a: 2 }, undefined]);
    expect(fields.map(({ field }) => field)).toEqual(["a", "b"]);
    expect(fields[0]?.values).toEqual(["1", "2"]);
  });
});

describe("errors", () => {
  const of = (kind: string, message = "search: words") =>
    Object.assign(new Error(message), { name: "RoseForestError", kind });
  it.each([
    "input",
    "refused",
    "conflict",
    "joining",
    "unauthorized",
    "not_found",
    "too_large",
    "unreachable",
    "timeout",
    "unsupported",
    "conductor",
  ])("%s has a sentence and says what to do", (kind) => {
    const { what, advice } = explain(of(kind));
    expect(what).toMatch(/[.!?]$/);
    expect(advice.length).toBeGreaterThan(8);
  });
  it("a wrong dimension is said as such", () => {
    expect(explain(of("refused", "expected a vector of 384 components, received 3")).what).toContain(
      "384 numbers, and this one has 3",
    );
  });
  it("the node's own have theirs", () => {
    expect(explain(new NodeError(401, "Must provide a key")).what).toContain("wants a key");
    expect(explain(new NodeError(400, "no such thing")).what).toBe("no such thing.");
    expect(explain(new TypeError("Failed to fetch")).what).toContain("does not answer");
  });
  it("gaps are said in words", () => {
    expect(gapSentence({ blocks_missing: 3 })).toBe("3 blocks have not arrived");
    expect(gapSentence("arc_not_full")).toContain("part");
  });
});

describe("text", () => {
  it("numbers, times and sizes are short", () => {
    expect([counted(1, "point"), counted(2000, "point")]).toEqual(["1 point", "2,000 points"]);
    expect([score(0.12345), score(12.3456), score(1e-9)]).toEqual(["0.1235", "12.35", "1.00e-9"]);
    expect([bytes(1500), bytes(12)]).toEqual(["1.5 kB", "12 B"]);
    expect([duration(3.14159), duration(1500)]).toEqual(["3.1 ms", "1.5 s"]);
    expect(ago(0, 5 * 60_000)).toBe("5 minutes ago");
  });
  it("an id is a number where it looks like one, and quotes make it a text", () => {
    expect([
      idOf("7"),
      idOf('"7"'),
      idOf("07"),
      idOf("18446744073709551615"),
      idOf("18446744073709551616"),
    ]).toEqual([7, "7", "07", 18446744073709551615n, "18446744073709551616"]);
  });
  it("a point is called by the field that says it best", () => {
    expect(titleOf({ category: 1, words: ["rose", "bloom"] })).toBe("rose, bloom");
    expect(titleOf(undefined)).toBeUndefined();
  });
});

describe("vectors", () => {
  it("are read in any form, and one of the wrong length is refused", () => {
    expect(readVector("[1, 2.5\n -3]", 3)).toEqual(new Float32Array([1, 2.5, -3]));
    expect(() => readVector("1 2", 3)).toThrow("have 3 numbers, and this one has 2");
    expect(() => readVector("1 x 3", 3)).toThrow("Number 2");
    expect(() => readVector(" ", 3)).toThrow("no number");
  });
  it("of examples is between them, away from the others", () => {
    expect([...between([new Float32Array([1, 0]), new Float32Array([0, 1])], [])]).toEqual([0.5, 0.5]);
    expect([...between([new Float32Array([1, 0])], [new Float32Array([0, 1])])]).toEqual([2, -1]);
  });
});

describe("invites", () => {
  const schema = {
    version: 1,
    name: "x",
    dimension: 3,
    distance: "cosine",
    encoding: "f32",
    payload: "plain",
    writers: "anyone",
  };
  it("come back from their text, and a damaged one is refused", async () => {
    const text = await writeInvite({
      properties: encode(schema),
      seed: "secret",
      dnaHash: new Uint8Array(39).fill(7),
    });
    expect(await readInvite(` ${text}\n`)).toMatchObject({
      schema: { name: "x", dimension: 3 },
      seed: "secret",
    });
    await expect(readInvite(text.replace(/.$/, (last) => (last === "A" ? "B" : "A")))).rejects.toThrow(
      "damaged",
    );
    await expect(readInvite("https://example.org")).rejects.toThrow("begins with");
  });
});
