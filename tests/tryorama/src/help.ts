/**
 * What scenarios share.
 *
 * @module
 */

import { encodeHashToBase64 } from "@holochain/client";
import type { Collection, NewCollection, SearchOutput } from "rose-forest-client";

/** Components of the vectors, where nothing else matters. */
export const DIMENSION = 16;

/** A collection of exact vectors that no other test has. */
export function fresh(name: string, dimension = DIMENSION): NewCollection {
  return { name, dimension, distance: "cosine", encoding: "f32", seed: crypto.randomUUID() };
}

/** Asks until the answer is as wanted. Fails with the last answer, or with the last error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const end = Date.now() + 120_000;
  let last: unknown = "nothing";
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (wanted(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`waited two minutes until ${what}; last was ${show(last)}`, { cause: last });
}

/** Waits until each of them has so many points, and stores the whole collection. */
export async function agree(collections: Collection[], points: number): Promise<void> {
  for (const collection of collections) {
    await until(
      `${encodeHashToBase64(collection.cellId[1])} has ${points} points and all of the collection`,
      async () => collection.count({ view: await collection.view() }),
      (count) => count.points === points && count.complete,
    );
  }
}

/** What a search found, in a form that can be compared. */
export function found({ hits }: SearchOutput): { id: unknown; author: string; score: number }[] {
  return hits.map(({ id, author, score }) => ({ id, author: encodeHashToBase64(author), score }));
}

/** Rows of numbers between -1 and 1, the same for the same seed (xorshift32, Marsaglia 2003). */
export function rows(count: number, seed: number, dimension = DIMENSION): Float32Array {
  let state = seed * 2_654_435_761 || 1;
  return Float32Array.from({ length: count * dimension }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

/** One of those rows. */
export function row(rows: Float32Array, index: number, dimension = DIMENSION): Float32Array {
  return rows.slice(index * dimension, (index + 1) * dimension);
}

/** Integers from here on. */
export function ids(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** The cosine of the angle between two rows. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
}
