/**
 * Real vectors in files of every kind.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../data/wordnet-5000/", import.meta.url));
export const DIMENSION = 384;
const ALL = 5000;
/** Has no divisor in common with how many there are. */
const STRIDE = 1237;

interface Sense {
  id: number;
  words: string[] | string;
  pos: string;
  category: number;
  definition: string;
}

/** Some of the senses of WordNet, with their vectors. */
export function senses(
  from: number,
  count: number,
): { id: number; vector: number[]; payload: Omit<Sense, "id"> }[] {
  const bytes = readFileSync(`${FOLDER}docs.f16.npy`);
  const start = 10 + bytes.readUInt16LE(8);
  const lines = readFileSync(`${FOLDER}docs.jsonl`, "utf8").split("\n");
  return Array.from({ length: count }, (_, index) => {
    // They are sorted by kind: neighbours in number are to be of several.
    const id = from + index;
    const place = (id * STRIDE) % ALL;
    const { id: _id, ...payload } = JSON.parse(lines[place] ?? "{}") as Sense;
    const row = start + place * DIMENSION * 2;
    const vector = Array.from({ length: DIMENSION }, (_, at) => half(bytes.readUInt16LE(row + at * 2)));
    return { id, vector, payload };
  });
}

/** As a file of JSON lines. */
export function jsonLines(from: number, count: number, wrong: string[] = []): Buffer {
  return Buffer.from([...senses(from, count).map((sense) => JSON.stringify(sense)), ...wrong].join("\n"));
}

/** As a .csv file. */
export function csv(from: number, count: number): Buffer {
  const rows = senses(from, count).map(
    ({ id, vector, payload }) =>
      `${id},"${vector.join(" ")}",${payload.pos},"${payload.definition.replaceAll('"', '""')}"`,
  );
  return Buffer.from(["id,vector,pos,definition", ...rows].join("\n"));
}

/** As a .npy file of f4. */
export function npy(from: number, count: number): Buffer {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${DIMENSION}), }`;
  const padded = head.padEnd(117) + "\n";
  const bytes = Buffer.alloc(10 + padded.length + count * DIMENSION * 4);
  bytes.write("\x93NUMPY\x01\x00", "latin1");
  bytes.writeUInt16LE(padded.length, 8);
  bytes.write(padded, 10, "latin1");
  const floats = senses(from, count).flatMap(({ vector }) => vector);
  floats.forEach((float, at) => bytes.writeFloatLE(float, 10 + padded.length + at * 4));
  return bytes;
}

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
