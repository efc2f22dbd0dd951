/**
 * Something that is done again whenever there is cause, and never twice at once.
 *
 * @module
 */

/** The longest rest, in milliseconds. */
const MAX_REST_MS = 10_000;

/**
 * Asked for while it is being done, it is done once more afterwards, however often it was asked for. In between it rests for as
 * long as it took, so that it takes at most half of the time of whoever answers, and never has two questions open.
 */
export class Repeated {
  #isWanted = false;
  #isRunning = false;

  /** @param task - Tells of its failures itself. */
  constructor(private readonly task: () => Promise<void>) {}

  /** Has it done: at once, or when it has been done and rested. */
  ask(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      const start = performance.now();
      try {
        await this.task();
      } catch (error) {
        console.error(error);
      }
      const took = performance.now() - start;
      await new Promise((resolve) => setTimeout(resolve, Math.min(took, MAX_REST_MS)));
    }
    this.#isRunning = false;
  }
}
