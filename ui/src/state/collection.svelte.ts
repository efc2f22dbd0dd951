/**
 * The collection that is open: its connection, which is made again when it was lost, and what is known of it.
 *
 * @module
 */

import type { Collection, CollectionInfo, Signal, View } from "rose-forest-client";
import type { Cell } from "../host/zome";
import type { Answer, Host, Summary } from "../host/host";
import { hashText } from "../lib/bytes";
import { explain, type Explained, isAbsence } from "../lib/failures";
import { type Condition, passes } from "../lib/filters";
import { Repeated } from "../lib/repeated";

const FIRST_RETRY_MS = 400;
const MAX_RETRY_MS = 4000;
/** How long what the node stores is taken as known, so that not every search asks the conductor. */
const VIEW_MS = 5000;
/** How many hits a filter is tried on where the host cannot look at all points. */
const FILTER_AMONG = 1000;
/** After word of a write, when to look whether it can be read: its blocks come after the word. */
const LOOKS_MS = [50, 600, 2000, 5000, 12_000];
/** Between two looks that no word gave cause for, at least: words are lost, and what they speak of can come later than that. */
const LOOK_EVERY_MS = 15_000;
/** And so many times as long as a look takes, for a node with much to count. */
const LOOK_REST = 20;
const MAX_EVENTS = 60;

/** A write that was told of. */
export interface Event {
  key: number;
  at: number;
  author: string;
  own: boolean;
  rows: number;
  deleted: number;
  action: string;
}

type Zome = typeof import("../host/zome");

export class OpenCollection {
  readonly host: Host;
  readonly key: string;
  link = $state<"connecting" | "open" | "lost">("connecting");
  failure = $state<Explained | undefined>();
  info = $state.raw<CollectionInfo | undefined>();
  /** Points that count; unknown until they were counted. */
  points = $state<number | undefined>();
  /** Writes, the newest first. */
  events = $state.raw<Event[]>([]);
  /** Grows whenever what a read answers may have changed. */
  version = $state(0);
  agent = $state("");
  #cell: Cell | undefined;
  #zome: Zome | undefined;
  #waiting: (() => void)[] = [];
  #closed = false;
  #looks: ReturnType<typeof setTimeout>[] = [];
  #nextLook: ReturnType<typeof setTimeout> | undefined;
  /** What there was when somebody last looked. */
  #seen = "";
  /** `at` is beyond all times while it is being asked for. */
  #view: { at: number; view: Promise<View> } | undefined;
  readonly #looking = new Repeated(() => this.#look());
  #eventKey = 0;

  constructor(host: Host, key: string) {
    this.host = host;
    this.key = key;
    void this.#keep();
  }

  close(): void {
    this.#closed = true;
    this.#looks.forEach(clearTimeout);
    clearTimeout(this.#nextLook);
    this.#cell?.close();
    this.#resume();
  }

  /** Asks the zome, when there is a connection. Fails when the collection is closed before there is one. */
  async ask<T>(question: (collection: Collection, zome: Zome) => Promise<T>): Promise<T> {
    while (!this.#cell && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#closed || !this.#cell || !this.#zome) throw new Error("The collection was closed.");
    return question(this.#cell.collection, this.#zome);
  }

  /** The nearest points that fulfil the conditions. */
  async search(
    vector: Float32Array,
    k: number,
    conditions: readonly Condition[],
    nprobe?: number,
  ): Promise<Answer> {
    if (conditions.length > 0 && this.host.searchFiltered)
      return this.host.searchFiltered(this.key, vector, k, conditions);
    return this.ask(async (collection, zome) => {
      const among = conditions.length > 0 ? FILTER_AMONG : k;
      const view = await this.view();
      const answer = await zome.searchZome(collection, vector, among, { nprobe, view });
      if (conditions.length === 0) return answer;
      const hits = answer.hits.filter((hit) => passes(hit.payload, conditions)).slice(0, k);
      return { ...answer, hits, filteredAmong: answer.hits.length };
    });
  }

  /** What a read needs to be told, so that it can say whether it is complete. */
  view(): Promise<View> {
    if (this.#view && Date.now() - this.#view.at < VIEW_MS) return this.#view.view;
    const asked = { at: Number.POSITIVE_INFINITY, view: this.ask((collection) => collection.view()) };
    this.#view = asked;
    asked.view.then(
      () => (asked.at = Date.now()),
      () => {
        if (this.#view === asked) this.#view = undefined;
      },
    );
    return asked.view;
  }

  /** Reads what is known of the collection again. Asked for more often than the node answers, it is read once more at the end. */
  look(): void {
    this.#looking.ask();
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const start = performance.now();
    try {
      const [info, count] = await this.ask(async (collection) =>
        Promise.all([collection.collectionInfo(), collection.count({ view: await this.view() })]),
      );
      // A point that was overwritten is in one block more.
      const { fresh_blocks, fresh_rows, settled_blocks, settled_rows } = info;
      const seen = [count.points, fresh_blocks, fresh_rows, settled_blocks, settled_rows].join();
      this.info = info;
      this.points = Number(count.points);
      this.failure = undefined;
      if (seen !== this.#seen) this.version += 1;
      this.#seen = seen;
    } catch (error) {
      if (!isAbsence(error) && !this.#closed) this.failure = explain(error);
    }
    this.#lookLater(performance.now() - start);
  }

  /** Looks after a while, unless there is cause to do so earlier. A page that nobody sees waits longer. */
  #lookLater(took: number): void {
    clearTimeout(this.#nextLook);
    if (this.#closed) return;
    const rest = Math.max(LOOK_EVERY_MS, LOOK_REST * took);
    this.#nextLook = setTimeout(() => {
      if (globalThis.document?.hidden) this.#lookLater(took);
      else this.look();
    }, rest);
  }

  /** Keeps a connection until the collection is closed. */
  async #keep(): Promise<void> {
    let wait = FIRST_RETRY_MS;
    while (!this.#closed) {
      try {
        this.#zome ??= await import("../host/zome");
        const cell = await this.#zome.openCell(await this.host.door(this.key));
        if (this.#closed) return cell.close();
        this.#opened(cell);
        wait = FIRST_RETRY_MS;
        await cell.closed;
        this.#cell = undefined;
        if (this.#closed) return;
        this.link = "lost";
      } catch (error) {
        this.link = this.link === "connecting" && !isAbsence(error) ? "connecting" : "lost";
        this.failure = explain(error);
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(MAX_RETRY_MS, wait * 1.6);
    }
  }

  #opened(cell: Cell): void {
    this.#cell = cell;
    this.agent = cell.agent;
    this.link = "open";
    this.failure = undefined;
    this.#view = undefined;
    cell.collection.onSignal((signal) => this.#heard(signal));
    this.#resume();
    this.version += 1;
    this.look();
  }

  /** Has those go on who wait for a connection. */
  #resume(): void {
    this.#waiting.splice(0).forEach((resume) => resume());
  }

  #heard(signal: Signal): void {
    if (signal.type === "peer_said") return;
    // One write can be many blocks: one for each cell.
    const told = new Map<string, Event>();
    for (const block of signal.blocks) {
      const author = hashText(block.author);
      const event = told.get(author) ?? {
        key: (this.#eventKey += 1),
        at: Date.now(),
        author,
        own: signal.type === "written",
        rows: 0,
        deleted: 0,
        action: hashText(block.block),
      };
      event.rows += block.rows;
      event.deleted += block.tombstones;
      told.set(author, event);
    }
    this.events = [...told.values(), ...this.events].slice(0, MAX_EVENTS);
    this.lookSoon();
  }

  /** Looks a few times whether something that was told of can be read. */
  lookSoon(): void {
    this.#looks.forEach(clearTimeout);
    this.#looks = LOOKS_MS.map((ms) =>
      setTimeout(() => {
        this.version += 1;
        this.look();
      }, ms),
    );
  }
}

/** The collection that is open. */
export const open = $state<{ collection: OpenCollection | undefined; summary: Summary | undefined }>({
  collection: undefined,
  summary: undefined,
});

/** Opens the collection of this key, and closes the one that was open. */
export function openCollection(host: Host, key: string | undefined): void {
  if (open.collection?.key === key && open.collection?.host === host) return;
  open.collection?.close();
  open.collection = key === undefined ? undefined : new OpenCollection(host, key);
}
