/**
 * Vectors that people paste, and what is made of several.
 *
 * @module
 */

/** Reads a pasted vector: numbers between brackets or not, separated by commas, spaces or lines. */
export function readVector(text: string, dimension: number): Float32Array {
  const parts = text
    .trim()
    .replace(/^\[|\]$/g, "")
    .split(/[\s,;]+/)
    .filter(Boolean);
  if (parts.length === 0) throw new WrongVector("There is no number in it.");
  const numbers = parts.map(Number);
  const wrong = numbers.findIndex((number) => !Number.isFinite(Math.fround(number)));
  if (wrong >= 0)
    throw new WrongVector(`Number ${wrong + 1} is \`${parts[wrong]}\`, which is no finite number.`);
  if (numbers.length !== dimension) {
    throw new WrongVector(
      `This collection's vectors have ${dimension} numbers, and this one has ${numbers.length}.`,
    );
  }
  return Float32Array.from(numbers);
}

/** A vector that cannot be one of this collection: `message` is a sentence. */
export class WrongVector extends Error {
  override readonly name = "WrongVector";
}

/** The mean of what it should be like, pushed away from the mean of what it should not be like, as Qdrant recommends. */
export function between(like: Float32Array[], unlike: Float32Array[]): Float32Array {
  const wanted = mean(like);
  if (unlike.length === 0) return wanted;
  const unwanted = mean(unlike);
  return wanted.map((value, index) => value + value - (unwanted[index] ?? 0));
}

function mean(vectors: Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) vector.forEach((value, index) => (sum[index] = (sum[index] ?? 0) + value));
  return sum.map((value) => value / Math.max(1, vectors.length));
}
