/**
 * What crosses the websocket, and the functions of the coordinator zome.
 *
 * Written by `cargo xtask js-types` from `crates/api`, `crates/rules` and `zomes/coordinator`: change those.
 *
 * @module
 */

import type { ActionHash, AgentPubKey, DnaHash } from "@holochain/client";
import type { Integer64 } from "../integers.js";

/**
 * Regions and cells that one page may have. With vectors of the most components, 4,096, their centres are 8 MiB: half of what
 * the conductor sends in one answer. A collection of 100,000 rows has about 340 cells and 18 regions.
 */
export const MAX_CELLS = 512;

/** The name of the coordinator zome. */
export const COORDINATOR_ZOME = "rose_forest_coordinator";

/** The name of the integrity zome. */
export const INTEGRITY_ZOME = "rose_forest_integrity";

/** The name of the role, whose clones are the collections. */
export const ROLE = "rose_forest";

/** Points in one call of `get`, `delete`: what one look-up through all blocks may be asked for. */
export const MAX_IDS = 10000;

/** Points on one page of `scroll`. */
export const MAX_SCROLL = 10000;

/** Points on a page of `scroll` when nothing is said. */
export const DEFAULT_SCROLL = 100;

/** Rows in one call of `insert`: more belong into `bulk_insert`. */
export const MAX_INSERT_ROWS = 10000;

/**
 * Rows in one call of `bulk_insert`: 100,000 rows of 384 floats are 154 MB in the memory of the wasm, several
 * times, of the 1 GiB it may have.
 */
export const MAX_BULK_ROWS = 131072;

/** Hits that one search may ask for. */
export const MAX_K = 1000;

/** Cells that one search may ask to probe; more than there are means all. */
export const MAX_NPROBE = 65536;

/**
 * Fresh rows of an author from which it pays to settle them: scanning 2,000 rows of 388 bytes with every search
 * costs about as much as probing eight cells.
 */
export const DEFAULT_SETTLE_ROWS = 2000;

/**
 * Fresh rows for each cell that an author has rows in, likewise: a block and its link are two actions on the chain
 * for ever, for however few rows.
 */
export const DEFAULT_SETTLE_ROWS_PER_CELL = 32;

/** Fresh blocks of an author from which it pays to settle them: opening 64 small blocks costs about 8 ms. */
export const DEFAULT_SETTLE_BLOCKS = 64;

/**
 * How long to wait for peers to have validated a step before the next one, in milliseconds, when not enough of
 * them confirmed it: several times what a peer on the same machine takes.
 */
export const DEFAULT_GRACE_MS = 10000;

/** Bytes of blocks that one call of `upkeep` may write. */
export const DEFAULT_UPKEEP_BYTES = 8000000;

/** How long cells stay that hold nothing, in milliseconds: somebody may be about to write into them. */
export const DEFAULT_EMPTY_MS = 3600000;

/**
 * Bytes of a block up to which it travels inside the signal: enough for a hundred rows of 384 bytes. A larger
 * one is announced by its hash alone and arrives through the DHT.
 */
export const MAX_INLINE_BLOCK_BYTES = 65536;

/** What a node says of itself, for `announce`. Written only when it differs from what was said before. */
export interface AnnounceInput {
  /** A name for people; may be empty. */
  name?: string;
  /** The program and its version. */
  software: string;
  /** What others may ask of it. */
  capabilities?: string[];
  /** How much it keeps. */
  holds: Holds;
  /** Rows it can search. */
  rows: Integer64;
  /** How it is doing. */
  status: NodeStatus;
}

/** How much of the collection this node stores, which a zome cannot see: its caller tells it. */
export type Arc =
  /** Everything. */
  | "full"
  /** Nothing but its own: it has just joined, or never stores for others. */
  | "empty"
  /** Nobody told. */
  | "unknown";

/** What one author has in a collection. */
export interface AuthorInfo {
  /** The author. */
  author: AgentPubKey;
  /** Blocks, in cells and fresh. */
  blocks: number;
  /** Rows, in cells and fresh. */
  rows: Integer64;
}

/** A block that was just written. */
export interface BlockWritten {
  /** Who wrote it. */
  author: AgentPubKey;
  /** The action that carries it. */
  block: ActionHash;
  /** Live rows. */
  rows: number;
  /** Tombstones. */
  tombstones: number;
  /** Whether it belongs to a cell. */
  settled: boolean;
  /**
   * The signed record as the conductor serializes it, where it is small: what a peer needs to check and
   * show it before the DHT has delivered it.
   */
  record: Uint8Array | null;
}

/** Points for `bulk_insert`. An `InsertInput` is one, too: on the wire they differ in `used_before` alone. */
export interface BulkInsertInput {
  /** As of `InsertInput`. */
  ids: PointId[];
  /** As of `InsertInput`. */
  vectors: Float32Array;
  /** As of `InsertInput`. */
  payloads?: (string | null)[];
  /**
   * Which of the ids this agent has used before, by their place in `ids`, in any order, those of deleted points included: a
   * caller that knows all of the agent's points can say so. When nothing is said, all of the agent's blocks are read to find
   * out.
   */
  used_before?: number[] | null;
}

/** A cell. */
export interface CellInfo {
  /** What it is known by. */
  cell: CellName;
  /** The region it lies in. */
  region: CellName;
  /** Its centre as founded, little-endian f32. It never moves. */
  vector: Float32Array;
  /** Blocks in it. */
  blocks: number;
  /** Rows in it; a row that is being moved, or whose older version is not yet rewritten, counts twice. */
  rows: Integer64;
}

/** What a region or a cell is known by: the action that founds it, and its place there. One action can found thousands. */
export interface CellName {
  /** The action that founds it. */
  founding: ActionHash;
  /** Its place among those that the action founds, from 0. */
  index: number;
}

/** Which regions and cells to show. */
export interface CellsInput {
  /** Where the page before this one ended: its `next`. Nothing for the first page. */
  after?: CellName | null;
  /** How many at most: 1 to 512. By default as many as there may be. */
  limit?: number | null;
}

/** A page of regions and cells: first all regions, then all cells, each in the order of their names. */
export interface CellsOutput {
  /** Regions of this page. */
  regions: RegionInfo[];
  /** Cells of this page. */
  cells: CellInfo[];
  /** Where the next page begins, as its `after`; nothing on the last page. */
  next: CellName | null;
  /** Regions that this node knows of, on all pages. */
  all_regions: number;
  /** Cells that this node knows of, on all pages. */
  all_cells: number;
  /** Entries of regions or cells that are linked and that this node does not have. */
  missing: number;
}

/** A collection as this node sees it. */
export interface CollectionInfo {
  /** The schema, which is part of the collection's identity. */
  schema: Schema;
  /** The identity of the collection's network. */
  dna_hash: DnaHash;
  /** The agent that writes for this node. */
  agent: AgentPubKey;
  /** Actions on the agent's own chain: every zome call loads them. */
  chain_length: number;
  /** Regions that cells lie in. */
  regions: number;
  /** Cells. */
  cells: number;
  /** Blocks in cells. */
  settled_blocks: number;
  /** Rows in cells; a row that is being moved may count twice. */
  settled_rows: Integer64;
  /** Fresh blocks. */
  fresh_blocks: number;
  /** Fresh rows, as their authors count them. */
  fresh_rows: Integer64;
  /** Fresh tombstones, as their authors count them. */
  fresh_tombstones: Integer64;
  /** Authors with fresh rows or with blocks in cells. */
  authors: AuthorInfo[];
}

/** What to count. Cost: linear in the blocks of the collection. */
export interface CountInput {
  /** Only this author's points. */
  author?: AgentPubKey | null;
  /** How far to look. */
  scope?: Scope;
  /** What the caller knows of the node. */
  view?: View;
}

/** How many points there are: each counted once, deleted ones not. */
export interface CountOutput {
  /** Points. */
  points: Integer64;
  /** Whether everything that is known of was counted. */
  complete: boolean;
  /** What was not. */
  gaps: Gap[];
}

/** How two vectors are compared. */
export type Distance =
  /** Cosine of the angle; higher is nearer. Rows are stored with unit length. */
  | "cosine"
  /** Inner product; higher is nearer. */
  | "dot"
  /** Euclidean distance; lower is nearer. */
  | "euclid"
  /** Sum of the absolute differences; lower is nearer. */
  | "manhattan";

/** How a row's components are stored. The numbers are part of the block format. */
export type Encoding =
  /** 32-bit floats: exact. */
  | "f32"
  /** 16-bit floats (IEEE 754 binary16). */
  | "f16"
  /** Signed bytes and one scale a row. */
  | "sq8"
  /** Reserved: product codes. Refused by this version. */
  | "pq"
  /** Reserved: one bit a component. Refused by this version. */
  | "bit1";

/** Points for `delete`. A `DeleteInput` is one, too: on the wire they differ in `found` alone. */
export interface FoundDeleteInput {
  /** As of `DeleteInput`. */
  ids: PointId[];
  /** As of `DeleteInput`. */
  ignore_unknown?: boolean;
  /**
   * Which of the ids this agent has points of that are not deleted, by their place in `ids`, in any order: a caller that
   * knows all of the agent's points can say so. When nothing is said, all of the agent's blocks are read to find out.
   */
  found?: number[] | null;
}

/** Why an answer may lack something. */
export type Gap =
  /** The node does not store the whole collection, and was asked to look no further. */
  | "arc_not_full"
  /** The caller did not say how much the node stores, and asked to look no further. */
  | "arc_unknown"
  /**
   * The node does not store the whole collection, and there is nobody to ask for the rest: the conductor then
   * answers from what it holds, as if that were everything.
   */
  | "nobody_to_ask"
  /** The node does not store the whole collection, and the caller did not say whether there is anybody to ask. */
  | "peers_unknown"
  /** So many peers could not be reached; what only they have is missing. */
  | { peers_unreachable: number }
  /** So many look-ups over the network failed, and were answered from what this node holds. */
  | { network_failed: number }
  /** So many blocks are linked and could not be had. */
  | { blocks_missing: number }
  /** So many entries of cells are linked and could not be had. */
  | { cells_missing: number };

/** Points to read by id. Cost: linear in the blocks of the collection. */
export interface GetInput {
  /** Their ids. */
  ids: PointId[];
  /** Only this author's points. */
  author?: AgentPubKey | null;
  /** Whether to return vectors. */
  with_vector?: boolean;
  /** How far to look. */
  scope?: Scope;
  /** What the caller knows of the node, to tell whether the answer is complete. */
  view?: View;
}

/** Points found by id. */
export interface GetOutput {
  /** The points, several for an id that several authors use; in the order of the ids, then by author. */
  points: Point[];
  /** The ids that no point was found for. */
  unknown: PointId[];
  /** Whether everything that is known of was looked at. */
  complete: boolean;
  /** What was not. */
  gaps: Gap[];
}

/** One of the nearest points. */
export interface Hit {
  /** Its id, unique for the author. */
  id: PointId;
  /** Cosine or inner product (higher is nearer), or Euclidean or Manhattan distance (lower is nearer). */
  score: number;
  /** Who wrote it. */
  author: AgentPubKey;
  /** The action that carries it. */
  action_hash: ActionHash;
  /** When it was written, in microseconds since 1970. */
  written_at_micros: Integer64;
  /** Its payload as JSON text. */
  payload: string | null;
  /** Its vector, little-endian f32, where asked for. */
  vector: Float32Array | null;
}

/** How much of the collection a node keeps. */
export type Holds =
  /** Everything: its storage arc is full. */
  | "everything"
  /** Some of it. */
  | "part"
  /** Only its own. */
  | "own";

/** Points to insert or overwrite, for `insert` and `bulk_insert`. */
export interface InsertInput {
  /** The ids, each once. */
  ids: PointId[];
  /** The vectors: as many rows as ids, little-endian f32. */
  vectors: Float32Array;
  /** A JSON object as text for each id, or none; empty when no point has a payload. */
  payloads?: (string | null)[];
}

/** A node that announced itself. */
export interface NodeInfo {
  /** The agent that runs it and signed this. */
  agent: AgentPubKey;
  /** The action that says so. */
  action_hash: ActionHash;
  /** When it was said, in microseconds since 1970. */
  announced_at_micros: Integer64;
  /** What it says. */
  node: Required<AnnounceInput>;
}

/** How a node is doing. */
export type NodeStatus =
  /** Still fetching or indexing. */
  | "starting"
  /** All is well. */
  | "ready"
  /** It works, but not as it should. */
  | "degraded"
  /** About to stop. */
  | "leaving";

/** How payloads are stored. */
export type PayloadForm =
  /** JSON text that every member can read. */
  | "plain"
  /** Reserved: payloads that peers store and cannot read. Refused by this version. */
  | "encrypted";

/** A point, in its newest version. */
export interface Point {
  /** Its id, unique for the author. */
  id: PointId;
  /** Who wrote it. */
  author: AgentPubKey;
  /** The action that carries it. */
  action_hash: ActionHash;
  /** When it was written, in microseconds since 1970. */
  written_at_micros: Integer64;
  /** Its payload as JSON text. */
  payload: string | null;
  /** Its vector as stored and decoded again, little-endian f32, where asked for. */
  vector: Float32Array | null;
}

/**
 * The id of a point, unique for its author.
 *
 * Serialised it is an unsigned integer or a string, in JSON and MessagePack alike.
 */
export type PointId =
  /** An unsigned integer. */
  | Integer64
  /** A UUID or any other string. See `PointId.text` for how one becomes the other. */
  | TextId;

/** A region or a cell that a search looked into. */
export interface ProbedCell {
  /** What it is known by. */
  cell: CellName;
  /** Blocks opened in it. */
  blocks: number;
  /** Rows scanned in it. */
  rows: Integer64;
}

/** A region: cells lie in it. */
export interface RegionInfo {
  /** What it is known by. */
  region: CellName;
  /** Its centre as founded, little-endian f32. It never moves. */
  vector: Float32Array;
  /** Blocks that lie in the region itself, in none of its cells. */
  blocks: number;
  /** Rows of those. */
  rows: Integer64;
}

/** What a collection is. The order of the fields is the canonical order. */
export interface Schema {
  /** `SCHEMA_VERSION`. */
  version: number;
  /** What people call it: 1 to 128 characters, none of them a control character. */
  name: string;
  /** Components of every vector: 1 to 4096. */
  dimension: number;
  /** How vectors are compared. */
  distance: Distance;
  /** How vectors are stored. */
  encoding: Encoding;
  /** How payloads are stored. */
  payload: PayloadForm;
  /** Who may write. */
  writers: Writers;
}

/** How far a read looks. */
export type Scope =
  /** What this node holds. Never waits for anybody. */
  | "local"
  /** Asks peers for what this node does not hold, and falls back to what it holds. */
  | "network";

/**
 * A page of points in a stable order: by the hash of the id, then by author.
 * Cost: linear in the blocks of the collection, for each page.
 */
export interface ScrollInput {
  /** Where the last page ended; nothing for the first page. */
  cursor?: string | null;
  /** Points on the page: 1 to 10,000, 100 when nothing is said. */
  limit?: number | null;
  /** Only this author's points. */
  author?: AgentPubKey | null;
  /** Whether to return vectors. */
  with_vector?: boolean;
  /** How far to look. */
  scope?: Scope;
  /** What the caller knows of the node. */
  view?: View;
}

/** A page of points. */
export interface ScrollOutput {
  /** The points. */
  points: Point[];
  /** Where the next page begins; nothing after the last. */
  next_cursor: string | null;
  /** Whether everything that is known of was looked at. */
  complete: boolean;
  /** What was not. */
  gaps: Gap[];
}

/** A search for the nearest points. */
export interface SearchInput {
  /** The vector to be near to: little-endian f32. */
  vector: Float32Array;
  /** How many: 1 to 1,000. */
  k: number;
  /**
   * Cells to look into, nearest first, at least 1: more cost more and find more. By default about 36 and 0.45
   * times the root of the number of cells: fewer where one cell is much nearer than the others, more where
   * many are alike.
   */
  nprobe?: number | null;
  /** Leaves out hits that are worse: below it for cosine and dot, above it for Euclid and Manhattan. */
  score_threshold?: number | null;
  /** Whether to leave out payloads. */
  without_payload?: boolean;
  /** Whether to return vectors. */
  with_vector?: boolean;
  /** How far to look. */
  scope?: Scope;
  /** What the caller knows of the node, to tell whether the answer is complete. */
  view?: View;
  /** Whether to tell which way the search went. Only a zome knows: a node that answers from its index in memory has no cells. */
  trace?: boolean;
}

/** The nearest points, best first. */
export interface SearchOutput {
  /** The hits, best first; ties by author and id hash. */
  hits: Hit[];
  /**
   * Whether everything that is known of could be looked at. (That cells were passed over is not a gap:
   * `nprobe` decides that.)
   */
  complete: boolean;
  /** What could not. */
  gaps: Gap[];
  /** What the search did. */
  stats: SearchStats;
  /** Which way it went, where asked for. */
  trace?: SearchTrace | null;
}

/** What a search did. */
export interface SearchStats {
  /** Regions that exist. */
  regions: number;
  /** Regions whose cells were considered. */
  regions_considered: number;
  /** Cells that were considered. */
  cells_considered: number;
  /** Cells that were probed. */
  cells_probed: number;
  /** Blocks opened in cells. */
  settled_blocks: number;
  /** Rows scanned in cells. */
  settled_rows: Integer64;
  /** Fresh blocks opened. */
  fresh_blocks: number;
  /** Fresh rows scanned. */
  fresh_rows: Integer64;
  /** Bytes of the blocks that were opened. */
  bytes: Integer64;
}

/** Which way a search went: from regions to cells to rows. Fresh blocks are always read, and are in no cell. */
export interface SearchTrace {
  /** The regions whose cells were considered, the nearest first, with what was read of their own blocks. */
  regions: ProbedCell[];
  /** The cells that were considered, in the order of their names. */
  considered: CellName[];
  /** The cells that were probed, the nearest first. */
  probed: ProbedCell[];
  /** For each hit, in their order, the cell or region that its row lies in; nothing for a fresh one. */
  hits: (CellName | null)[];
}

/**
 * What a caller knows of an author's blocks, so that `settle` reads only those that matter.
 *
 * Which fresh blocks are to be sorted, `settle` says itself (`SettleOutput.sorts_next`), and waits to be called again with
 * an answer that speaks of them. An empty one, the default, puts the sorting off.
 *
 * It is believed if the caller's index had the first `blocks` blocks of the author's chain and no others, which the digest
 * shows; blocks that the chain has beyond those are read besides. Otherwise all are read. So a caller that is behind costs
 * time, and hides no row wrongly.
 */
export interface Seen {
  /** How many blocks of the author the index has, fresh ones and those of cells, all that there ever were. */
  blocks: Integer64;
  /** Which: see `blocks_digest`. */
  digest: number[];
  /** The fresh blocks whose points were looked up. */
  fresh: ActionHash[];
  /** The blocks of cells that hold any row of those points. Blocks too many cost the reading of them. */
  older: ActionHash[];
}

/** What the node's program has to say to the programs of other nodes. */
export interface SendInput {
  /** The agents of those nodes. */
  to: AgentPubKey[];
  /** What, in the programs' own terms. */
  message: Uint8Array;
}

/** How far to go. Every call takes the steps that are possible now; call again until `done`. */
export interface SettleInput {
  /**
   * Settle from so many fresh rows of this author; 0 settles whatever there is. By default 32 for each cell that
   * the author has rows in, at least 2,000.
   */
  min_rows?: number | null;
  /** Or from so many fresh blocks of this author. By default 64. */
  min_blocks?: number | null;
  /** Milliseconds after which a step counts as known to all even if too few confirmed it. By default 10,000. */
  grace_ms?: number | null;
  /** Peers whose confirmation is enough to go on before the grace time; 0 (a node on its own) needs none. */
  peers?: number | null;
  /**
   * What the caller knows of this author's blocks, from an index of its own. When nothing is said, all of this author's
   * blocks in cells are read before fresh rows are sorted into cells.
   */
  seen?: Seen | null;
}

/** What a call of `settle` did. */
export interface SettleOutput {
  /** Whether nothing is left to do for now. */
  done: boolean;
  /** Milliseconds after which it is worth to call again, when not done. Zero: at once. */
  wait_ms: number;
  /** Rows written into cells. */
  rows_settled: number;
  /** Older rows in cells that were hidden by tombstones beside them. */
  rows_hidden: number;
  /** Blocks written. */
  blocks_written: number;
  /** Bytes of those blocks. */
  bytes_written: Integer64;
  /** Cells founded. */
  cells_founded: number;
  /** Blocks linked from their cells. */
  blocks_linked: number;
  /** Links to replaced blocks deleted. */
  blocks_unlinked: number;
  /** Epochs of fresh blocks closed. */
  epochs_closed: number;
  /** Blocks in cells that were read to find older rows. */
  blocks_read: number;
  /**
   * The fresh blocks that the next call sorts into cells: `SettleInput.seen` has to speak of all of them, or be left
   * out. Nothing if there are none, or if they have been sorted.
   */
  sorts_next: ActionHash[];
}

/** What the coordinator tells its own clients. */
export type Signal =
  /** This node wrote blocks. */
  | {
      type: "written";
      /** The blocks, in the order of the chain. */
      blocks: BlockWritten[];
    }
  /** A peer says that it wrote blocks. Not yet confirmed by the DHT. */
  | {
      type: "peer_wrote";
      /** Who sent the signal, as the conductor saw it. */
      from: AgentPubKey;
      /** The blocks. */
      blocks: BlockWritten[];
    }
  /** A peer's program says something to the program that serves this node. */
  | {
      type: "peer_said";
      /** Who sent it, as the conductor saw it. */
      from: AgentPubKey;
      /** What, in the programs' own terms. */
      message: Uint8Array;
    };

/** A string id. UUIDs are kept in their hyphenated lower-case form, and as 16 bytes in a block. */
export type TextId = string;

/** How much upkeep to do in one call. */
export interface UpkeepInput {
  /** Bytes of blocks that may be written anew. By default 8 MB: what was rewritten stays on every peer. */
  budget_bytes?: Integer64 | null;
  /**
   * Milliseconds after which cells that hold nothing are dropped by who linked them. By default an hour:
   * somebody may be about to write into them.
   */
  empty_ms?: number | null;
}

/** What a call of `upkeep` did. Blocks that it wrote are linked by `settle`. */
export interface UpkeepOutput {
  /** Cells founded beside crowded ones. */
  cells_founded: number;
  /** Cells that give way to others: too small, or too near. */
  cells_retiring: number;
  /** Own blocks whose rows moved or were gathered into fewer blocks. */
  blocks_replaced: number;
  /** Rows written again. */
  rows_rewritten: number;
  /** Bytes of the blocks written. */
  bytes_written: Integer64;
  /** Links to empty cells deleted. */
  cells_dropped: number;
  /** Whether something is left to do: the budget ran out, or `settle` has to be called first. */
  more: boolean;
}

/** What the caller knows of the node and of its peers. */
export interface View {
  /** How much of the collection this node stores. */
  arc?: Arc;
  /**
   * Peers that are known and seem to be there; nothing when nobody told. It matters to a node that does not
   * store everything.
   */
  reachable_peers?: number | null;
  /** Peers that are known and cannot be reached now. */
  unreachable_peers?: number;
}

/** What an insert or a delete wrote. */
export interface WriteOutput {
  /** Rows written, tombstones included. */
  rows: number;
  /** The blocks they are in. */
  blocks: ActionHash[];
  /** Their time, in microseconds since 1970. */
  written_at_micros: Integer64;
  /**
   * Whether `settle` has to be called until it is done before all rows can be found: blocks that go to
   * cells are linked by a later call, so that no validator has to wait for them.
   */
  needs_settle: boolean;
}

/** Who may write. */
export type Writers =
  /** Every member. */
  | "anyone"
  /** Reserved: those whom the creator names. Refused by this version. */
  | "named";

/** The fields of a Schema in their order, in which they are hashed. */
export const SCHEMA_FIELDS = ["version", "name", "dimension", "distance", "encoding", "payload", "writers"] as const satisfies readonly (keyof Schema)[];

/** Fields that are a `Float32Array` here and little-endian bytes on the wire. */
export const FLOATS: readonly string[] = ["vector", "vectors"];

/** Fields that are floating-point numbers: all other numbers are integers. */
export const REALS: readonly string[] = ["score", "score_threshold"];

/** The functions of the zome, by their names there. */
export const FUNCTIONS = [
  "send_to_nodes",
  "insert",
  "bulk_insert",
  "delete",
  "get",
  "scroll",
  "count",
  "search",
  "settle",
  "upkeep",
  "announce",
  "list_nodes",
  "collection_info",
  "cells",
] as const;

/** The name of a function of the zome. */
export type FunctionName = (typeof FUNCTIONS)[number];

/** The functions of the zome. */
export abstract class ZomeFunctions {
  /** Calls a function with what it takes; `null` for nothing. */
  protected abstract call<Output>(name: FunctionName, input: unknown): Promise<Output>;

  /** Sends something to the programs of other nodes. It is not known whether it arrives. */
  sendToNodes(input: SendInput): Promise<null> {
    return this.call("send_to_nodes", input);
  }

  /**
   * Inserts or overwrites up to 10,000 points. They can be found when the call returns.
   * Cost: one block and one link.
   */
  insert(input: InsertInput): Promise<WriteOutput> {
    return this.call("insert", input);
  }

  /**
   * Inserts many points, sorted into cells before they are written. They can be found once `settle` is done.
   * Cost: a block for every cell that gets rows; if the caller does not say which ids were used before, reads all blocks of
   * this author.
   */
  bulkInsert(input: BulkInsertInput): Promise<WriteOutput> {
    return this.call("bulk_insert", input);
  }

  /**
   * Deletes points of this author by id.
   * Cost: one block and one link; if the caller does not say which of the points are there, reads all blocks of this author.
   */
  delete(input: FoundDeleteInput): Promise<WriteOutput> {
    return this.call("delete", input);
  }

  /** Reads points by id. */
  get(input: GetInput): Promise<GetOutput> {
    return this.call("get", input);
  }

  /** Reads a page of points. */
  scroll(input: ScrollInput = {}): Promise<ScrollOutput> {
    return this.call("scroll", input);
  }

  /** Counts points. */
  count(input: CountInput = {}): Promise<CountOutput> {
    return this.call("count", input);
  }

  /** Searches the nearest points. */
  search(input: SearchInput): Promise<SearchOutput> {
    return this.call("search", input);
  }

  /**
   * Moves this author's fresh rows into cells, step by step: call again until `done`.
   * Cost: linear in the rows that it moves and links, and in the blocks that hold older versions of them; if the caller does
   * not say which those are, reads all blocks of this author.
   */
  settle(input: SettleInput = {}): Promise<SettleOutput> {
    return this.call("settle", input);
  }

  /** Keeps cells in shape: splits crowded ones, lets small ones give way, gathers scattered blocks. */
  upkeep(input: UpkeepInput = {}): Promise<UpkeepOutput> {
    return this.call("upkeep", input);
  }

  /** Says something of this node, if it is new. Returns the action that says it. */
  announce(input: AnnounceInput): Promise<ActionHash> {
    return this.call("announce", input);
  }

  /** The nodes that announced themselves, as this node knows. */
  listNodes(): Promise<NodeInfo[]> {
    return this.call("list_nodes", null);
  }

  /** The collection as this node sees it. */
  collectionInfo(): Promise<CollectionInfo> {
    return this.call("collection_info", null);
  }

  /**
   * A page of the regions and cells that exist, as this node knows them: their centres, and what lies in them.
   * Cost: reads the entries of all regions and cells, and the links of those on the page; opens no block.
   */
  cells(input: CellsInput = {}): Promise<CellsOutput> {
    return this.call("cells", input);
  }
}
