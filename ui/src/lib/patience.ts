/**
 * How long an answer is waited for.
 *
 * @module
 */

/** How long the page waits for an answer of its host, in milliseconds: a busy node may take long, and one that hangs never ends. */
export const ANSWER_MS = 120_000;

/** No answer came in time. It has the name of what `AbortSignal.timeout` throws, so that both are explained alike. */
export class TooLate extends Error {
  override readonly name = "TimeoutError";
  constructor(ms: number) {
    super(`There was no answer in ${ms} ms.`);
  }
}

/** What was asked for, or `TooLate`. The question itself goes on; what it still brings is for nobody. */
export async function inTime<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(ms)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
