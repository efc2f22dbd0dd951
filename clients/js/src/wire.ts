/**
 * From what people write to what the zome reads, and back.
 *
 * On the wire everything is MessagePack with named fields: vectors are bytes (little-endian f32), hashes are bytes, and a
 * field that is not there takes its default, while `nil` would be refused.
 *
 * @module
 */

import { decode, encode } from "@msgpack/msgpack";
import { RoseForestError } from "./errors.js";
import { FLOATS, REALS } from "./generated/zome.js";
import { fits64, integer64 } from "./integers.js";

/** What MessagePack can write. */
export type Plain =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Plain[]
  | { [field: string]: Plain };

/**
 * An input as the zome reads it: fields that are `undefined` left out, floats as bytes, and a bigint only where a number
 * would not be exact.
 *
 * @throws {@link RoseForestError} of kind `input`, which names the field.
 */
export function toWire(value: unknown, path = "input"): Plain {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return number(value, path);
  if (typeof value === "bigint") {
    if (!fits64(value)) throw new RoseForestError("input", `${path}: ${value} does not fit into 64 bits.`);
    return integer64(value);
  }
  if (value instanceof Float32Array) return floatsToBytes(value);
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item, index) => toWire(item, `${path}[${index}]`));
  if (typeof value === "object" && isPlain(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(
      fields.map(([name, field]) => [name, namedField(name, field, `${path}.${name}`)]),
    );
  }
  throw new RoseForestError("input", `${path}: ${describe(value)} cannot be sent.`);
}

function namedField(name: string, value: unknown, path: string): Plain {
  if (FLOATS.includes(name) && !(value instanceof Float32Array)) {
    throw new RoseForestError("input", `${path}: expected a Float32Array, received ${describe(value)}.`);
  }
  if (typeof value === "number" && REALS.includes(name)) return value;
  return toWire(value, path);
}

function number(value: number, path: string): number {
  if (Number.isSafeInteger(value)) return value;
  const why = Number.isInteger(value)
    ? "is not exact as a number: write it as a bigint"
    : "is not an integer";
  throw new RoseForestError("input", `${path}: ${value} ${why}.`);
}

/**
 * An output as people read it: bytes that are floats as a `Float32Array`, other bytes in memory of their own.
 *
 * @throws {@link RoseForestError} of kind `unsupported` if an integer was rounded on its way: the connection was not made by
 * `connect`.
 */
export function fromWire(value: unknown, name = ""): unknown {
  if (value instanceof Uint8Array)
    return FLOATS.includes(name) ? bytesToFloats(value) : new Uint8Array(value);
  if (Array.isArray(value)) return value.map((item) => fromWire(item, name));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fromWire(field, name)]));
  }
  if (
    typeof value === "number" &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    !REALS.includes(name)
  ) {
    throw new RoseForestError(
      "unsupported",
      `${name}: an integer beyond 2^53 - 1 was rounded on its way. Connect with \`connect\` of this package.`,
    );
  }
  return value;
}

/** The bytes of floats, little-endian whatever the machine. */
export function floatsToBytes(floats: Float32Array): Uint8Array {
  const bytes = new Uint8Array(floats.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, float] of floats.entries()) view.setFloat32(index * 4, float, true);
  return bytes;
}

/** The floats in such bytes. */
export function bytesToFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

/** Whether something in it is a bigint. */
export function hasBigint(value: Plain): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some(hasBigint);
}

/** MessagePack in which every integer is an integer, however large. */
export function encodeExact(value: Plain): Uint8Array {
  return encode(widen(value), { useBigInt64: true });
}

/** What MessagePack says, with every integer in its one form: see {@link integer64}. */
export function decodeExact(bytes: Uint8Array): unknown {
  return narrow(decode(bytes, { useBigInt64: true }));
}

/** With `useBigInt64` the encoder writes numbers that do not fit into 32 bits as floats: such integers become bigints. */
function widen(value: Plain): Plain {
  if (typeof value === "number" && Number.isSafeInteger(value) && Math.abs(value) >= 2 ** 31)
    return BigInt(value);
  if (Array.isArray(value)) return value.map(widen);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, widen(field)]));
}

function narrow(value: unknown): unknown {
  if (typeof value === "bigint") return integer64(value);
  if (Array.isArray(value)) return value.map(narrow);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, narrow(field)]));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `a ${value.constructor?.name ?? "object"}`
    : `a ${typeof value}`;
}
