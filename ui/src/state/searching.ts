/**
 * Which search is shown: what somebody asked for, and what the page asks for by itself when something was written.
 *
 * - What was asked for last is shown, whatever is written meanwhile; only another press takes its place.
 * - It ends: with an answer, with a failure, or with `TooLate`.
 * - The page's own searches wait for it, come one at a time, and make nobody wait: see {@link Repeated}.
 *
 * @module
 */

import { ANSWER_MS, inTime } from "../lib/patience";
import { Repeated } from "../lib/repeated";

/** Asks, and resolves to what shows the answer. That is called if the answer is still wanted when it comes. */
export type Question = () => Promise<() => void>;

/** What is told. */
export interface Listener {
  /** Somebody waits for an answer, or not any more. */
  busy(isBusy: boolean): void;
  /** What somebody asked for failed. */
  failed(error: unknown): void;
  /** What the page asked for by itself failed. */
  refreshFailed(error: unknown): void;
}

export class Searching {
  /** The number of the newest press. */
  #newest = 0;
  #isBusy = false;
  /** Whether something was written while somebody waited. */
  #hasMissed = false;
  readonly #refreshing = new Repeated(() => this.#refreshed());

  /** @param again - Asks once more for what is shown. */
  constructor(
    private readonly again: Question,
    private readonly listener: Listener,
    private readonly limitMs = ANSWER_MS,
  ) {}

  /** Asks what somebody wants to know. */
  async press(ask: Question): Promise<void> {
    const mine = (this.#newest += 1);
    this.#setBusy(true);
    try {
      const show = await inTime(ask(), this.limitMs);
      if (mine === this.#newest) show();
    } catch (error) {
      if (mine === this.#newest) this.listener.failed(error);
    } finally {
      if (mine === this.#newest) this.#setBusy(false);
    }
  }

  /** What is shown may have changed. */
  refresh(): void {
    this.#refreshing.ask();
  }

  #setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    this.listener.busy(isBusy);
    if (isBusy || !this.#hasMissed) return;
    this.#hasMissed = false;
    this.refresh();
  }

  async #refreshed(): Promise<void> {
    if (this.#isBusy) {
      this.#hasMissed = true;
      return;
    }
    const before = this.#newest;
    try {
      const show = await inTime(this.again(), this.limitMs);
      if (before === this.#newest) show();
    } catch (error) {
      if (before === this.#newest) this.listener.refreshFailed(error);
    }
  }
}
