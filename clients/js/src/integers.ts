/**
 * Integers of 64 bits, which a JavaScript number holds exactly only up to 2^53 - 1.
 *
 * @module
 */

/**
 * An integer of up to 64 bits: a number where a number is exact (|n| <= 2^53 - 1), a bigint beyond. Both are taken as an
 * input. `Number(n)` makes a number of either; `===` between two of them is safe, because each value has one form.
 */
export type Integer64 = number | bigint;

const MIN = -(2n ** 63n);
const MAX = 2n ** 64n - 1n;

/** The one form of this integer: see {@link Integer64}. */
export function integer64(value: bigint): Integer64 {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Whether an integer fits into 64 bits, with a sign or without one. */
export function fits64(value: bigint): boolean {
  return value >= MIN && value <= MAX;
}
