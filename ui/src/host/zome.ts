/**
 * The zome of a collection over the conductor's websocket. With `@holochain/client` and what it brings, so it is loaded when
 * the first collection is opened and not before.
 *
 * @module
 */

import { type AppClient, type AppWebsocket, type CellId, setSigningCredentials } from "@holochain/client";
import { Collection, connect, RoseForestError } from "rose-forest-client";
import { fromBase64, hashText } from "../lib/bytes";
import { gapSentence } from "../lib/failures";
import { count, counted, payloadOf } from "../lib/format";
import { ANSWER_MS, inTime } from "../lib/patience";
import type { Answer, Credentials, Door, Found, Peer } from "./host";

/** A connection to a collection. */
export interface Cell {
  collection: Collection;
  /** This agent's key. */
  agent: string;
  /** Settled when the connection is gone. */
  closed: Promise<void>;
  close(): void;
}

/** How long connecting may take, in milliseconds: a browser waits for minutes for a conductor that does not answer. */
const CONNECT_MS = 60_000;

/** Connects to a conductor's app interface. */
export async function connectApp(url: string, token: Uint8Array): Promise<AppWebsocket> {
  const app = connect({ url: new URL(url), token: [...token] as never, defaultTimeout: ANSWER_MS });
  try {
    return await inTime(app, CONNECT_MS);
  } catch (error) {
    // One that comes after all is for nobody.
    app.then(closeApp, () => undefined);
    throw error;
  }
}

function closeApp(app: AppWebsocket): void {
  void (app.client as unknown as { close?: () => Promise<unknown> }).close?.().catch(() => undefined);
}

/** Settled when the connection of this client is gone. */
export function closedOf(app: AppWebsocket): Promise<void> {
  const { socket } = app.client as unknown as { socket?: WebSocket };
  return new Promise((resolve) => {
    if (!socket) return;
    if (socket.readyState >= WebSocket.CLOSING) resolve();
    else socket.addEventListener("close", () => resolve(), { once: true });
  });
}

/** Has calls to a cell signed with these. */
export function useCredentials(
  cellId: CellId,
  { capSecret, signingKey, publicKey, privateKey }: Credentials,
): void {
  setSigningCredentials(cellId, {
    capSecret,
    signingKey,
    keyPair: { publicKey, privateKey, keyType: "ed25519" } as never,
  });
}

/** Connects to a collection. */
export async function openCell(door: Door): Promise<Cell> {
  const app = await connectApp(door.url, door.token);
  const cellId: CellId = [door.dnaHash, door.agent];
  if (door.credentials) useCredentials(cellId, door.credentials);
  return {
    collection: new Collection(app as AppClient, cellId, door.zome ? { zome: door.zome } : {}),
    agent: hashText(door.agent),
    closed: closedOf(app),
    close: () => closeApp(app),
  };
}

/** A search by the zome. */
export async function searchZome(
  collection: Collection,
  vector: Float32Array,
  k: number,
  options: { nprobe?: number; view?: Awaited<ReturnType<Collection["view"]>> } = {},
): Promise<Answer> {
  const { hits, gaps, stats } = await collection.search({ vector, k, ...options });
  const rows = Number(stats.settled_rows) + Number(stats.fresh_rows);
  const cells =
    stats.cells_considered > 0
      ? ` in ${stats.cells_probed} of ${counted(stats.cells_considered, "cell")}`
      : "";
  return {
    hits: hits.map((hit) => ({ ...foundOf(hit), score: hit.score })),
    gaps: gaps.map(gapSentence),
    how: `read ${counted(rows, "row")}${cells}${stats.fresh_rows ? `, ${count(stats.fresh_rows)} of them fresh` : ""}`,
  };
}

/** A point of the zome's as the page shows it. */
export function foundOf(point: {
  id: number | bigint | string;
  author: Uint8Array;
  action_hash: Uint8Array;
  written_at_micros: number | bigint;
  payload: string | null;
  vector: Float32Array | null;
}): Found {
  return {
    id: point.id,
    author: hashText(point.author),
    action: hashText(point.action_hash),
    writtenAtMicros: Number(point.written_at_micros),
    payload: payloadOf(point.payload),
    // The zome reads what the node's DHT holds, and checks others' blocks by the rules when it reads them.
    checked: true,
    vector: point.vector ?? undefined,
  };
}

/** Other nodes, as the zome and the conductor know them. */
export async function peersOf(collection: Collection): Promise<Peer[]> {
  const peers = new Map<string, Peer>();
  const own = hashText(collection.cellId[1]);
  const app = collection.client as AppWebsocket;
  const infos = await app.agentInfo({ dna_hashes: [collection.cellId[0]] }).catch(() => []);
  for (const text of infos) {
    const { agentInfo } = JSON.parse(text) as { agentInfo: string };
    const info = JSON.parse(agentInfo) as {
      agent: string;
      isTombstone?: boolean;
      url?: string;
      expiresAt?: string;
    };
    const agent = agentText(info.agent);
    if (core(agent) === core(own) || info.isTombstone) continue;
    const reachable = Boolean(info.url) && Number(info.expiresAt ?? 0) / 1000 > Date.now();
    peers.set(core(agent), { agent, reachable });
  }
  for (const { agent: key, announced_at_micros, node } of await collection.listNodes()) {
    const agent = hashText(key);
    if (core(agent) === core(own)) continue;
    peers.set(core(agent), {
      reachable: peers.get(core(agent))?.reachable ?? false,
      agent,
      name: node.name,
      software: node.software,
      holds: node.holds,
      rows: Number(node.rows),
      status: node.status,
      announcedAtMicros: Number(announced_at_micros),
    });
  }
  return [...peers.values()];
}

/** The network writes agents as the 32 bytes of their keys; the page as Holochain does, here without the location at the end. */
function agentText(agent: string): string {
  const bytes = fromBase64(agent);
  return hashText(bytes.length === 32 ? new Uint8Array([132, 32, 36, ...bytes, 0, 0, 0, 0]) : bytes);
}

/** The part of a key's text that its location, which the network leaves out, has no part in. */
function core(agent: string): string {
  return agent.slice(0, 47);
}

export { RoseForestError };
