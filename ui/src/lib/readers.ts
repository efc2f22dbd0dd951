/**
 * Files of points: JSON lines, CSV and .npy. What is wrong with a line is said of that line; the others go on.
 *
 * JSON lines: `{"id": 7, "vector": [...], "payload": {...}}`; without `payload`, the other fields are it.
 * CSV: a header; a column `id`, a column `vector` with the numbers in one cell or columns that are numbered (`v0`, `v1`, …,
 * `0`, `1`, …); all others are the payload. .npy: a row a point, f4, f8 or f2; ids count from a number on.
 *
 * @module
 */

import { idOf } from "./format";

/** A point of a file. */
export interface Row {
  id: number | bigint | string;
  vector: Float32Array;
  payload: string | null;
}

/** What is wrong with a line. */
export interface LineError {
  line: number;
  why: string;
}

export type Read = { row: Row } | { error: LineError };

/** A line that is no point: `message` says why. */
class Wrong extends Error {}

/** A point of a line of JSON. `fallback` is its id where it has none. */
export function readJsonLine(text: string, line: number, dimension: number, fallback: number): Read {
  return guarded(line, () => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Wrong(`no JSON: ${(error as Error).message}`);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Wrong("no JSON object");
    const { id, vector, payload, ...others } = value as Record<string, unknown>;
    if (vector === undefined) throw new Wrong("no field `vector`");
    const rest = payload === undefined && Object.keys(others).length > 0 ? others : payload;
    if (rest !== undefined && rest !== null && (typeof rest !== "object" || Array.isArray(rest))) {
      throw new Wrong("the payload is no JSON object");
    }
    return {
      id: checkedId(id, text, fallback),
      vector: checked(vector, dimension),
      payload: rest ? JSON.stringify(rest) : null,
    };
  });
}

/** How the columns of a CSV file are read. */
export interface Columns {
  id: number;
  vector: number[];
  payload: [number, string][];
}

/** Which column is what, from the header. */
export function columnsOf(header: readonly string[]): Columns {
  const names = header.map((name) => name.trim());
  const id = names.findIndex((name) => name.toLowerCase() === "id");
  const single = names.findIndex((name) => ["vector", "embedding"].includes(name.toLowerCase()));
  const numbered = names.flatMap((name, at) => {
    const number = /^(?:v|x|dim|vector|embedding)?[_.]?(\d+)$/i.exec(name)?.[1];
    return number === undefined ? [] : [{ at, number: Number(number) }];
  });
  const vector = single >= 0 ? [single] : numbered.sort((a, b) => a.number - b.number).map(({ at }) => at);
  const payload = names.flatMap((name, at): [number, string][] =>
    at === id || vector.includes(at) ? [] : [[at, name]],
  );
  return { id, vector, payload };
}

/** A point of a row of a CSV file. */
export function readCsvRow(
  cells: readonly string[],
  columns: Columns,
  line: number,
  dimension: number,
  fallback: number,
): Read {
  return guarded(line, () => {
    const [first] = columns.vector;
    if (first === undefined) throw new Wrong("no column `vector`, and none that are numbered");
    const texts =
      columns.vector.length === 1 && dimension !== 1
        ? (cells[first] ?? "")
            .replace(/^\s*\[|\]\s*$/g, "")
            .split(/[\s,;]+/)
            .filter(Boolean)
        : columns.vector.map((at) => cells[at] ?? "");
    const numbers = texts.map((text) => (text.trim() === "" ? Number.NaN : Number(text)));
    const id = columns.id < 0 ? fallback : idOf(cells[columns.id] ?? "");
    if (id === "") throw new Wrong("the id is empty");
    const fields = columns.payload
      .map(([at, name]): [string, unknown] => [name, scalar(cells[at] ?? "")])
      .filter(([, value]) => value !== "");
    return {
      id,
      vector: checked(numbers, dimension),
      payload: fields.length > 0 ? JSON.stringify(Object.fromEntries(fields)) : null,
    };
  });
}

function scalar(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** What the head of a .npy file says. */
export interface NpyHead {
  rows: number;
  columns: number;
  type: "f2" | "f4" | "f8";
  /** Where the numbers begin. */
  offset: number;
}

/** Reads the head of a .npy file. Throws an `Error` with a sentence. */
export function readNpyHead(bytes: Uint8Array): NpyHead {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (!magic.every((byte, at) => bytes[at] === byte)) throw new Error("This is no .npy file.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [size, start] = (bytes[6] ?? 1) >= 2 ? [view.getUint32(8, true), 12] : [view.getUint16(8, true), 10];
  const head = new TextDecoder("latin1").decode(bytes.subarray(start, start + size));
  const descr = /'descr':\s*'([^']+)'/.exec(head)?.[1] ?? "";
  const shape = /'shape':\s*\((\d+),\s*(\d+),?\s*\)/.exec(head);
  if (/'fortran_order':\s*True/.test(head))
    throw new Error("The array is stored by columns: save it with `np.ascontiguousarray`.");
  const type = /^[<=|](f2|f4|f8)$/.exec(descr)?.[1] as NpyHead["type"] | undefined;
  if (!type)
    throw new Error(`The numbers are of the type \`${descr}\`: save them as float32, float16 or float64.`);
  if (!shape) throw new Error("The array has not two dimensions: it has to be points by numbers.");
  return { rows: Number(shape[1]), columns: Number(shape[2]), type, offset: start + size };
}

/** Bytes of a number of this type. */
export function npyBytes(type: NpyHead["type"]): number {
  return Number(type.slice(1));
}

/** A row of numbers, little-endian. */
export function readNpyRow(
  bytes: Uint8Array,
  type: NpyHead["type"],
  line: number,
  dimension: number,
  id: number,
): Read {
  return guarded(line, () => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const width = npyBytes(type);
    const numbers = Array.from({ length: bytes.length / width }, (_, at) =>
      type === "f4"
        ? view.getFloat32(at * 4, true)
        : type === "f8"
          ? view.getFloat64(at * 8, true)
          : half(view.getUint16(at * 2, true)),
    );
    return { id, vector: checked(numbers, dimension), payload: null };
  });
}

/** A number of IEEE 754 binary16. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function checked(value: unknown, dimension: number): Float32Array {
  if (!Array.isArray(value)) throw new Wrong("the vector is no list of numbers");
  if (value.length !== dimension) {
    throw new Wrong(`the vector has ${value.length} numbers, and those of this collection have ${dimension}`);
  }
  const vector = new Float32Array(dimension);
  for (const [at, number] of value.entries()) {
    if (typeof number !== "number" || !Number.isFinite(Math.fround(number))) {
      throw new Wrong(`number ${at + 1} of the vector is no finite number`);
    }
    vector[at] = number;
  }
  return vector;
}

function checkedId(id: unknown, text: string, fallback: number): Row["id"] {
  if (id === undefined || id === null) return fallback;
  if (typeof id === "string" && id !== "") return id;
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0)
    throw new Wrong("the id is no unsigned integer and no text");
  if (Number.isSafeInteger(id)) return id;
  // JSON.parse has rounded it: its digits are in the line.
  const exact = BigInt(/"id"\s*:\s*(\d+)/.exec(text)?.[1] ?? "0");
  if (exact >= 2n ** 64n) throw new Wrong("the id does not fit into 64 bits");
  return exact;
}

function guarded(line: number, read: () => Row): Read {
  try {
    return { row: read() };
  } catch (error) {
    if (error instanceof Wrong) return { error: { line, why: error.message } };
    throw error;
  }
}
