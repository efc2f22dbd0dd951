/**
 * One collection: a cell, and the functions of its zome.
 *
 * @module
 */

import { type AppClient, type CellId, encodeHashToBase64, SignalType } from "@holochain/client";
import { RoseForestError } from "./errors.js";
import {
  COORDINATOR_ZOME,
  type FunctionName,
  type SettleInput,
  type SettleOutput,
  type Signal,
  type View,
  ZomeFunctions,
} from "./generated/zome.js";
import { fromWire, toWire } from "./wire.js";

/** Functions that write to the agent's chain. Two at once, and the slower one fails: they wait for each other. */
const WRITES: ReadonlySet<FunctionName> = new Set<FunctionName>([
  "insert",
  "bulk_insert",
  "delete",
  "settle",
  "upkeep",
  "announce",
]);

/** How often a write is tried that fails because somebody else (another page, the node) wrote to the cell meanwhile. */
const TRIES = 5;

/** How long to wait for a cell that was just created to join its network, in milliseconds, before a write is tried again. */
const JOINING_MS = 500;

/** What a collection may be told. */
export interface CollectionOptions {
  /** The name of the coordinator zome; that of the shipped DNA if nothing is said. */
  zome?: string;
  /** Milliseconds after which a call fails with `timeout`; that of the client (a minute) if nothing is said. */
  timeoutMs?: number;
}

/**
 * A collection, as one agent sees it and writes into it.
 *
 * Its writes come one after the other, in the order in which they are asked for; reads go side by side. Every failure is a
 * {@link RoseForestError}.
 */
export class Collection extends ZomeFunctions {
  readonly #zome: string;
  readonly #timeoutMs: number | undefined;
  /** The cell: the collection's DNA and the agent. */
  readonly cellId: CellId;
  /** Settled when the last write that was asked for is over. */
  #writes: Promise<unknown> = Promise.resolve();

  /**
   * @param client - A connection: an `AppWebsocket`, or whatever a program that shows hApps gives a page. Integers beyond
   * 2^53 - 1 need one that `connect` made.
   * @param cellId - The cell: the collection's DNA and the agent.
   */
  constructor(
    readonly client: AppClient,
    cellId: CellId,
    options: CollectionOptions = {},
  ) {
    super();
    // In Node the client gives a Buffer, which is no equal of what answers have.
    this.cellId = [new Uint8Array(cellId[0]), new Uint8Array(cellId[1])];
    this.#zome = options.zome ?? COORDINATOR_ZOME;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Calls `settle` until it is done, with the pauses that it asks for. */
  async settleUntilDone(input: SettleInput = {}): Promise<SettleOutput> {
    for (;;) {
      const output = await this.settle(input);
      if (output.done) return output;
      await new Promise((resolve) => setTimeout(resolve, output.wait_ms));
    }
  }

  /**
   * What a read needs to be told of the node so that its answer can say `complete`: how much of the collection this node
   * stores. Costs a question to the conductor.
   */
  async view(): Promise<View> {
    const [dnaHash, agent] = this.cellId;
    try {
      const metrics = await this.client.dumpNetworkMetrics({ dna_hash: dnaHash, include_dht_summary: false });
      const agents = metrics[encodeHashToBase64(dnaHash)]?.local_agents ?? [];
      const own = agents.find((local) => same(local.agent, agent));
      if (!own) return { arc: "unknown" };
      const [start, end] = own.storage_arc ?? [];
      // The conductors of 0.7 know a full arc and an empty one.
      return { arc: start === 0 && end === 2 ** 32 - 1 ? "full" : "empty" };
    } catch (error) {
      throw RoseForestError.from(error, "view");
    }
  }

  /**
   * Calls the listener with every signal of this collection, until what is returned is called. A signal can be lost, and
   * the client reads it: integers beyond 2^53 - 1 in one are rounded.
   */
  onSignal(listener: (signal: Signal) => void): () => void {
    return this.client.on("signal", (signal) => {
      if (signal.type !== SignalType.App) return;
      const { cell_id, zome_name, payload } = signal.value;
      if (zome_name !== this.#zome || !same(cell_id[0], this.cellId[0]) || !same(cell_id[1], this.cellId[1]))
        return;
      listener(fromWire(payload) as Signal);
    });
  }

  protected override async call<Output>(name: FunctionName, input: unknown): Promise<Output> {
    const payload = toWire(input);
    const attempt = () => this.#attempt<Output>(name, payload);
    if (!WRITES.has(name)) return attempt();
    const turn = this.#writes.then(() => again(attempt));
    this.#writes = turn.catch(() => undefined);
    return turn;
  }

  async #attempt<Output>(name: FunctionName, payload: unknown): Promise<Output> {
    const request = { cell_id: this.cellId, zome_name: this.#zome, fn_name: name, payload };
    try {
      return fromWire(await this.client.callZome(request, this.#timeoutMs)) as Output;
    } catch (error) {
      throw RoseForestError.from(error, name);
    }
  }
}

/** Tries again what failed because another write came first, or because the cell is not there yet: nothing was written. */
async function again<Output>(attempt: () => Promise<Output>): Promise<Output> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      const kind = error instanceof RoseForestError ? error.kind : undefined;
      if (left === 0 || (kind !== "conflict" && kind !== "joining")) throw error;
      if (kind === "joining") await new Promise((resolve) => setTimeout(resolve, JOINING_MS));
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
