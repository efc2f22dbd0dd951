/**
 * Who serves this page's collections: a node, or a plain conductor.
 *
 * What the zome can do is asked of the zome (`zome.ts`); a host does the rest.
 *
 * @module
 */

import type { Condition } from "../lib/filters";

export type Distance = "cosine" | "dot" | "euclid" | "manhattan";
export type Encoding = "f32" | "f16" | "sq8";
export type PointId = number | bigint | string;

/** A collection in a list. */
export interface Summary {
  /** What the address of the page calls it. */
  key: string;
  name: string;
  dimension: number;
  distance: Distance;
  encoding: Encoding;
  /** The identity of its network. */
  hash?: string;
  /** Whether the host takes part; false once it has left. */
  takesPart: boolean;
  peers?: { reachable: number; unreachable: number };
  /** Whether the index has taken in all that was received. */
  caughtUp?: boolean;
  /** Where peers meet; `null` where it lives on this node alone. */
  meetsAt?: string | null;
}

/** What a new collection is to be. */
export interface Wanted {
  name: string;
  dimension: number;
  distance: Distance;
  encoding: Encoding;
}

/** How to reach the cell of a collection. */
export interface Door {
  url: string;
  token: Uint8Array;
  dnaHash: Uint8Array;
  agent: Uint8Array;
  zome?: string;
  /** What calls are signed with; nothing where the program around the page signs. */
  credentials?: Credentials;
}

export interface Credentials {
  capSecret: Uint8Array;
  signingKey: Uint8Array;
  publicKey: Uint8Array;
  privateKey: Uint8Array;
}

/** A point that a search found, or that was read. */
export interface Found {
  id: PointId;
  author: string;
  score?: number;
  payload?: Record<string, unknown>;
  action: string;
  writtenAtMicros: number;
  /** Whether this node has received it and found it valid; otherwise there is its author's signed word alone. */
  checked: boolean;
  vector?: Float32Array;
}

/** What a search found, and how. */
export interface Answer {
  hits: Found[];
  /** What it could not see, in words; empty where it saw everything. */
  gaps: string[];
  /** How it was done, in a sentence. */
  how: string;
  /** How many candidates a filter was tried on, where the host cannot look at all of them. */
  filteredAmong?: number;
}

/** Another node. */
export interface Peer {
  agent: string;
  /** Unknown where nothing has been said or measured. */
  reachable?: boolean;
  name?: string;
  software?: string;
  holds?: string;
  rows?: number;
  status?: string;
  announcedAtMicros?: number;
  /** When something was last exchanged, in milliseconds since 1970. */
  lastContactMs?: number;
}

/** How far this node is with a collection. */
export interface Progress {
  /** How much of the collection it stores: `full`, `empty` or `unknown`. */
  stores: string;
  caughtUp?: boolean;
  lagSeconds?: number | null;
  rows?: number;
  inMemory?: number;
  onDisk?: number;
  missing?: number;
  unconfirmedBlocks?: number;
  waitingWrites?: number;
  trouble?: string | null;
  chainLength?: number | null;
}

/** What proves a point. */
export interface Proof {
  signature: string;
  signedAction: string;
  block: string;
  row: number;
  confirmed: boolean;
}

export interface Host {
  readonly kind: "node" | "plain";
  /** Whether filters look at every point. */
  readonly filtersAll: boolean;
  collections(): Promise<Summary[]>;
  create(wanted: Wanted): Promise<string>;
  invite(key: string): Promise<string>;
  join(invite: string): Promise<string>;
  leave(key: string): Promise<void>;
  /** How to reach the cell; asked anew for every connection. */
  door(key: string): Promise<Door>;
  /** A search that looks at every point with a filter; only where `filtersAll`. */
  searchFiltered?(
    key: string,
    vector: Float32Array,
    k: number,
    conditions: readonly Condition[],
  ): Promise<Answer>;
  peers?(key: string): Promise<Peer[]>;
  progress?(key: string): Promise<Progress>;
  proof?(key: string, id: PointId, author: string): Promise<Proof>;
}
