import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import { RoseForestError } from "../src/index.js";
import {
  bytesToFloats,
  decodeExact,
  encodeExact,
  floatsToBytes,
  fromWire,
  hasBigint,
  toWire,
} from "../src/wire.js";

const LARGEST = 2n ** 64n - 1n;

describe("what is sent", () => {
  test("a vector is little-endian bytes", () => {
    const input = toWire({ vector: new Float32Array([1, -2.5]), k: 3 }) as { vector: Uint8Array };
    expect([...input.vector]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
  });

  test("a part of a larger array is sent alone", () => {
    const part = new Float32Array([1, 2, 3]).subarray(1, 2);
    expect([...floatsToBytes(part)]).toEqual([0, 0, 0, 0x40]);
  });

  test("what is undefined is left out, because nil is refused where a default stands", () => {
    expect(toWire({ k: 3, with_vector: undefined, nprobe: null })).toEqual({ k: 3, nprobe: null });
  });

  test("a bigint that a number holds is sent as a number, and one beyond as itself", () => {
    expect(toWire({ ids: [7n, LARGEST, "a"] })).toEqual({ ids: [7, LARGEST, "a"] });
    expect(hasBigint(toWire({ ids: [7n] }))).toBe(false);
    expect(hasBigint(toWire({ ids: [LARGEST] }))).toBe(true);
  });

  test("floating-point fields take any number, and integers only exact ones", () => {
    expect(toWire({ score_threshold: 0.5 })).toEqual({ score_threshold: 0.5 });
    expect(() => toWire({ k: 0.5 })).toThrow("input.k: 0.5 is not an integer.");
    expect(() => toWire({ ids: [2 ** 60] })).toThrow(
      "input.ids[0]: 1152921504606847000 is not exact as a number",
    );
  });

  test("what the wire cannot carry is named", () => {
    expect(() => toWire({ vector: [1, 2] })).toThrow(
      "input.vector: expected a Float32Array, received a Array.",
    );
    expect(() => toWire({ ids: [2n ** 64n] })).toThrow("does not fit into 64 bits");
    expect(() => toWire({ author: new Date() })).toThrow(RoseForestError);
    expect(() => toWire({ author: new Map() })).toThrow("input.author: a Map cannot be sent.");
  });
});

describe("MessagePack", () => {
  test("integers are integers of the shortest form, as Rust writes them", () => {
    const bytes = [...encodeExact([1, -1, 2 ** 31, 2 ** 33, -(2 ** 40), LARGEST])];
    expect(bytes.slice(0, 3)).toEqual([0x96, 1, 0xff]);
    expect(bytes[3]).not.toBe(0xcb);
    expect(decodeExact(new Uint8Array(bytes))).toEqual([1, -1, 2 ** 31, 2 ** 33, -(2 ** 40), LARGEST]);
  });

  test("the exact form of what has no large integer is what the client writes", () => {
    const input = {
      k: 3,
      vector: new Uint8Array([1, 2]),
      nprobe: null,
      ids: ["a", 70_000],
      with_vector: true,
    };
    expect(encodeExact(input)).toEqual(encode(input));
  });

  test("each value has one form, so that equal ids are equal", () => {
    expect(decodeExact(encode(2 ** 40))).toBe(2 ** 40);
    expect(decodeExact(encode(LARGEST, { useBigInt64: true }))).toBe(LARGEST);
    expect(decodeExact(encode(2n ** 53n - 1n, { useBigInt64: true }))).toBe(Number.MAX_SAFE_INTEGER);
    expect(decodeExact(encode(2n ** 53n, { useBigInt64: true }))).toBe(2n ** 53n);
  });
});

describe("what is received", () => {
  test("floats come back as they were sent, from any place in a message", () => {
    const floats = new Float32Array([0.25, -1e15, 3]);
    const message = encode({ pad: "x", hits: [{ vector: floatsToBytes(floats) }] });
    const { hits } = fromWire(decode(message)) as { hits: { vector: Float32Array }[] };
    expect(hits[0]?.vector).toEqual(floats);
    expect(bytesToFloats(new Uint8Array())).toEqual(new Float32Array());
  });

  test("other bytes have memory of their own, and nothing stays nothing", () => {
    const message = encode({ author: new Uint8Array(39), vector: null });
    const point = fromWire(decode(message)) as { author: Uint8Array; vector: null };
    expect(point.author.buffer.byteLength).toBe(39);
    expect(point.vector).toBeNull();
  });

  test("an integer that was rounded is an error, a large score is not", () => {
    expect(() => fromWire({ id: 2 ** 60 })).toThrow("id: an integer beyond 2^53 - 1 was rounded");
    expect(fromWire({ score: 2 ** 80 })).toEqual({ score: 2 ** 80 });
  });
});
