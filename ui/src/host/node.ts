/**
 * A node that serves this page: its HTTP API, at the same origin.
 *
 * @module
 */

import { fromBase64, hashBytes } from "../lib/bytes";
import { NodeError } from "../lib/failures";
import { type Condition, toQdrant } from "../lib/filters";
import { ANSWER_MS } from "../lib/patience";
import type {
  Answer,
  Distance,
  Door,
  Found,
  Host,
  Peer,
  PointId,
  Progress,
  Proof,
  Summary,
  Wanted,
} from "./host";

const DISTANCES: Record<Distance, string> = {
  cosine: "Cosine",
  dot: "Dot",
  euclid: "Euclid",
  manhattan: "Manhattan",
};
/** How an encoding is asked for in Qdrant's terms. */
const ENCODINGS = {
  f32: { vectors: { datatype: "float32" } },
  f16: { vectors: { datatype: "float16" } },
  sq8: { vectors: {}, quantization_config: { scalar: { type: "int8" } } },
} as const;
const KEY = "rose-forest-api-key";

interface NodeCollection {
  name: string;
  hash: string | null;
  dimension: number;
  distance: Distance;
  encoding: Wanted["encoding"];
  takes_part: boolean;
  caught_up: boolean;
  bootstrap: string | null;
  reachable_peers: number;
  unreachable_peers: number;
}

interface Provenance {
  author: string;
  action: string;
  written_at_micros: number;
  confirmed: boolean;
}

/** The key for this node's API, kept until the tab is closed. */
export const apiKey = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (key: string) => (key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY)),
};

export class NodeHost implements Host {
  readonly kind = "node";
  readonly filtersAll = true;
  readonly #base: URL;

  /** @param base - The node's root, such as `http://127.0.0.1:6333/`. */
  constructor(base: URL) {
    this.#base = base;
  }

  async collections(): Promise<Summary[]> {
    const { collections } = await this.#get<{ collections: NodeCollection[] }>("rose-forest/node");
    return collections.map(({ name, hash, dimension, distance, encoding, ...of }) => ({
      key: name,
      name,
      hash: hash ?? undefined,
      dimension,
      distance,
      encoding,
      takesPart: of.takes_part,
      caughtUp: of.caught_up,
      meetsAt: of.bootstrap,
      peers: { reachable: of.reachable_peers, unreachable: of.unreachable_peers },
    }));
  }

  async create({ name, dimension, distance, encoding }: Wanted): Promise<string> {
    const { vectors, ...others } = ENCODINGS[encoding];
    await this.#call("PUT", `collections/${encodeURIComponent(name)}`, {
      vectors: { size: dimension, distance: DISTANCES[distance], ...vectors },
      ...others,
    });
    return name;
  }

  async invite(key: string): Promise<string> {
    return (await this.#get<{ invite: string }>(`${of(key)}/invite`)).invite;
  }

  async join(invite: string): Promise<string> {
    return (await this.#call<{ name: string }>("POST", "rose-forest/join", { invite: invite.trim() })).name;
  }

  async leave(key: string): Promise<void> {
    await this.#call("POST", `${of(key)}/leave`);
  }

  async door(key: string): Promise<Door> {
    const page = await this.#call<{
      url: string;
      token: string;
      dna_hash: string;
      agent: string;
      zome?: string;
      credentials: { cap_secret: string; signing_key: string; public_key: string; private_key: string };
    }>("POST", `${of(key)}/page`);
    const { credentials } = page;
    return {
      url: page.url,
      token: fromBase64(page.token),
      dnaHash: hashBytes(page.dna_hash),
      agent: hashBytes(page.agent),
      zome: page.zome,
      credentials: {
        capSecret: fromBase64(credentials.cap_secret),
        signingKey: keyBytes(credentials.signing_key),
        publicKey: fromBase64(credentials.public_key),
        privateKey: fromBase64(credentials.private_key),
      },
    };
  }

  async searchFiltered(
    key: string,
    vector: Float32Array,
    k: number,
    conditions: readonly Condition[],
  ): Promise<Answer> {
    const { points } = await this.#call<{
      points: { id: PointId; score: number; payload?: object; provenance: Provenance }[];
    }>("POST", `collections/${encodeURIComponent(key)}/points/query?provenance=true`, {
      query: [...vector],
      limit: k,
      with_payload: true,
      filter: toQdrant(conditions),
    });
    return {
      hits: points.map((point) => ({ ...foundOf(point), score: point.score })),
      gaps: [],
      how: "by the node's index, every point that fulfils the filter considered",
    };
  }

  async peers(key: string): Promise<Peer[]> {
    interface PeerJson {
      agent: string;
      reachable: boolean;
      announced: (Omit<Peer, "agent"> & { announced_at_micros: number }) | null;
    }
    const { peers } = await this.#get<{ peers: PeerJson[] }>(`${of(key)}/peers`);
    return peers.map(({ agent, reachable, announced }) => ({
      agent,
      reachable,
      name: announced?.name,
      software: announced?.software,
      holds: announced?.holds,
      rows: announced?.rows,
      status: announced?.status,
      announcedAtMicros: announced?.announced_at_micros,
    }));
  }

  async progress(key: string): Promise<Progress> {
    const sync = await this.#get<{
      caught_up: boolean;
      lag_seconds: number | null;
      rows: number;
      rows_in_memory: number;
      rows_on_disk: number;
      rows_missing: number;
      unconfirmed_blocks: number;
      queue: { writes: number; trouble: string | null };
      chain_length: number | null;
      stores: string;
    }>(`${of(key)}/sync`);
    return {
      stores: sync.stores,
      caughtUp: sync.caught_up,
      lagSeconds: sync.lag_seconds,
      rows: sync.rows,
      inMemory: sync.rows_in_memory,
      onDisk: sync.rows_on_disk,
      missing: sync.rows_missing,
      unconfirmedBlocks: sync.unconfirmed_blocks,
      waitingWrites: sync.queue.writes,
      trouble: sync.queue.trouble,
      chainLength: sync.chain_length,
    };
  }

  async proof(key: string, id: PointId, author: string): Promise<Proof> {
    const path = `collections/${encodeURIComponent(key)}/points/${encodeURIComponent(String(id))}/proof`;
    const proof = await this.#get<{
      signature: string;
      signed_action: string;
      block: string;
      row: number;
      confirmed: boolean;
    }>(`${path}?author=${encodeURIComponent(author)}`);
    return { ...proof, signedAction: proof.signed_action };
  }

  #get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = {};
    if (apiKey.get()) headers["api-key"] = apiKey.get();
    if (body) headers["content-type"] = "application/json";
    const answer = await fetch(new URL(path, this.#base), {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new NodeError(answer.status, reason(text) ?? `the node answered with ${answer.status}`);
    try {
      return (JSON.parse(text) as { result: T }).result;
    } catch {
      throw new NodeError(404, "There is no node at this address.");
    }
  }
}

/** The path of what is beyond Qdrant about a collection. */
function of(key: string): string {
  return `rose-forest/collections/${encodeURIComponent(key)}`;
}

/** What the node says is wrong, in Qdrant's envelope. */
function reason(text: string): string | undefined {
  try {
    const { status } = JSON.parse(text) as { status?: { error?: string } };
    return status?.error;
  } catch {
    return text.trim().slice(0, 300) || undefined;
  }
}

/** A key, as Holochain writes it or in base64. */
function keyBytes(text: string): Uint8Array {
  return text.startsWith("uhC") ? hashBytes(text) : fromBase64(text);
}

function foundOf(point: { id: PointId; payload?: object; provenance: Provenance }): Found {
  const { author, action, written_at_micros, confirmed } = point.provenance;
  return {
    id: point.id,
    author,
    action,
    writtenAtMicros: written_at_micros,
    payload: point.payload as Record<string, unknown> | undefined,
    checked: confirmed,
  };
}
