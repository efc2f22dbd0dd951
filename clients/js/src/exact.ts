/**
 * Zome calls in which integers of 64 bits stay what they are.
 *
 * `@holochain/client` by itself reads every integer as a number, which rounds those beyond 2^53 - 1, and cannot write a
 * bigint. An id of a point may be such an integer. This transform is for all calls of a connection and changes nothing else.
 *
 * @module
 */

import {
  type CallZomeRequest,
  type CallZomeRequestSigned,
  type CallZomeTransform,
  getNonceExpiration,
  getSigningCredentials,
  randomNonce,
  type SigningCredentials,
  signZomeCall,
} from "@holochain/client";
import { RoseForestError } from "./errors.js";
import { decodeExact, encodeExact, hasBigint, type Plain } from "./wire.js";

/** What the conductor takes in one message, without what a call has around its payload. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024 - 1024;

/** For `AppWebsocket.connect({ callZomeTransform: exactZomeCalls, … })`; `connect` of this package sets it. */
export const exactZomeCalls: CallZomeTransform = {
  input: async (request) => ("signature" in request ? request : sign(request)),
  output: decodeExact,
};

/** Signs by whoever hosts the page, or else by the platform, or else as the client does: slower, and without bigints. */
async function sign(request: CallZomeRequest): Promise<CallZomeRequestSigned> {
  const payload = encodeExact(request.payload as Plain);
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new RoseForestError(
      "too_large",
      `The call is ${payload.length} bytes, and a conductor takes ${MAX_PAYLOAD_BYTES} at once: send fewer rows.`,
    );
  }
  const host = hostSigner();
  const credentials = host ? undefined : getSigningCredentials(request.cell_id);
  const key = credentials && (await platformKey(credentials.keyPair));
  if (credentials && key) return signByPlatform(request, payload, credentials, key);
  if (hasBigint(request.payload as Plain)) {
    throw new RoseForestError(
      "unsupported",
      host
        ? "The program around this page cannot sign integers beyond 2^53 - 1."
        : "Integers beyond 2^53 - 1 need credentials for the cell, and Ed25519 of WebCrypto: a newer browser, a secure page.",
    );
  }
  return host ? host.signZomeCall(request) : signZomeCall(request);
}

/** What `signZomeCall` of the client does, with a payload that is written already. */
async function signByPlatform(
  request: CallZomeRequest,
  payload: Uint8Array,
  credentials: SigningCredentials,
  key: CryptoKey,
): Promise<CallZomeRequestSigned> {
  const bytes = encodeExact({
    cap_secret: credentials.capSecret,
    cell_id: request.cell_id,
    zome_name: request.zome_name,
    fn_name: request.fn_name,
    provenance: credentials.signingKey,
    payload,
    nonce: await randomNonce(),
    expires_at: getNonceExpiration(),
  });
  const hash = await crypto.subtle.digest("SHA-512", new Uint8Array(bytes));
  return { bytes, signature: new Uint8Array(await crypto.subtle.sign("Ed25519", key, hash)) };
}

/** The key for WebCrypto, where it knows Ed25519: Node 20, Chrome 137, Firefox 129, Safari 17, on a secure page. */
async function platformKey({
  publicKey,
  privateKey,
}: {
  publicKey: Uint8Array;
  privateKey: Uint8Array;
}): Promise<CryptoKey | undefined> {
  // libsodium's private key is the seed and then the public key.
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    d: base64url(privateKey.subarray(0, 32)),
    x: base64url(publicKey),
  };
  try {
    return await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

type Signer = { signZomeCall(request: CallZomeRequest): Promise<CallZomeRequestSigned> };

/** Programs that show hApps (a launcher, Tauri) put their signer here; the client looks at the same place. */
function hostSigner(): Signer | undefined {
  return (globalThis as { window?: { __HC_ZOME_CALL_SIGNER__?: Signer } }).window?.__HC_ZOME_CALL_SIGNER__;
}
