/**
 * Invites: one line of text from which another node joins a collection. The layout is the node's (`crates/node/src/invite.rs`).
 *
 * `rose-forest:` and then, in unpadded URL-safe base64, a version byte, a MessagePack tuple and the first four bytes of the
 * SHA-256 of both.
 *
 * @module
 */

import { decode, encode } from "@msgpack/msgpack";
import { fromBase64, toBase64Url } from "../lib/bytes";
import type { Wanted } from "./host";

export const PREFIX = "rose-forest:";
const VERSION = 1;
const CHECKSUM_BYTES = 4;

/** What an invite says. */
export interface Invite {
  /** What the collection is. */
  schema: Wanted;
  /** The bytes of its properties. */
  properties: Uint8Array;
  /** What keeps it apart: known only to those who were invited. */
  seed: string;
  dnaHash: Uint8Array;
  bootstrap?: string;
  relay?: string;
}

/** A text that is no invite: `message` is a sentence. */
export class WrongInvite extends Error {
  override readonly name = "WrongInvite";
}

/** An invite as text. */
export async function writeInvite(invite: Omit<Invite, "schema">): Promise<string> {
  const wire = encode([
    invite.properties,
    invite.seed,
    invite.dnaHash,
    invite.bootstrap ?? null,
    invite.relay ?? null,
  ]);
  const body = new Uint8Array([VERSION, ...wire]);
  return PREFIX + toBase64Url(new Uint8Array([...body, ...(await checksum(body))]));
}

/** Reads an invite. Throws {@link WrongInvite}. */
export async function readInvite(text: string): Promise<Invite> {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) throw new WrongInvite(`An invite begins with \`${PREFIX}\`.`);
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(trimmed.slice(PREFIX.length));
  } catch {
    throw new WrongInvite("The invite has characters that do not belong there: copy it again, as one line.");
  }
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const check = bytes.subarray(-CHECKSUM_BYTES);
  const expected = await checksum(body);
  if (bytes.length <= CHECKSUM_BYTES || !expected.every((byte, index) => byte === check[index])) {
    throw new WrongInvite("The invite is damaged: copy it again, as one line.");
  }
  if (body[0] !== VERSION)
    throw new WrongInvite(`The invite has version ${body[0]}, and this page knows version ${VERSION}.`);
  const [properties, seed, dnaHash, bootstrap, relay] = decode(body.subarray(1)) as [
    Uint8Array,
    string,
    Uint8Array,
    string | null,
    string | null,
  ];
  const schema = decode(properties) as Wanted;
  return { schema, properties, seed, dnaHash, bootstrap: bootstrap ?? undefined, relay: relay ?? undefined };
}

async function checksum(body: Uint8Array): Promise<Uint8Array> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(body));
  return new Uint8Array(hash).subarray(0, CHECKSUM_BYTES);
}
