import {
  type CellId,
  generateSigningKeyPair,
  randomCapSecret,
  setSigningCredentials,
  signZomeCall,
} from "@holochain/client";
import { decode } from "@msgpack/msgpack";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exactZomeCalls } from "../src/exact.js";

const CELL: CellId = [new Uint8Array(39).fill(3), new Uint8Array(39).fill(4)];
const LARGEST = 2n ** 64n - 1n;
const request = (payload: unknown) => ({ cell_id: CELL, zome_name: "z", fn_name: "get", payload });
let publicKey: Uint8Array;

beforeEach(async () => {
  const [keyPair, signingKey] = await generateSigningKeyPair();
  setSigningCredentials(CELL, { capSecret: await randomCapSecret(), keyPair, signingKey });
  publicKey = keyPair.publicKey;
});

afterEach(() => vi.unstubAllGlobals());

test("a call with a large integer is signed so that its key verifies it", async () => {
  const { bytes, signature } = await exactZomeCalls.input(request({ ids: [LARGEST] }));
  const params = decode(bytes) as { payload: Uint8Array };
  expect(decode(params.payload, { useBigInt64: true })).toEqual({ ids: [LARGEST] });
  const key = await crypto.subtle.importKey("raw", publicKey.slice(), { name: "Ed25519" }, false, ["verify"]);
  const hash = await crypto.subtle.digest("SHA-512", bytes.slice());
  expect(await crypto.subtle.verify("Ed25519", key, signature.slice(), hash)).toBe(true);
});

test("what is signed is what the client signs", async () => {
  const payload = { ids: [1, "a", 2 ** 40], vector: new Uint8Array([1]), nprobe: null };
  const [ours, theirs] = [await exactZomeCalls.input(request(payload)), await signZomeCall(request(payload))];
  const [our, their] = [ours, theirs].map((signed) => decode(signed.bytes) as Record<string, unknown>);
  expect(Object.keys(our!)).toEqual(Object.keys(their!));
  for (const name of Object.keys(their!)) {
    if (name !== "nonce" && name !== "expires_at") expect(our![name]).toEqual(their![name]);
  }
  expect(ours.bytes.length).toBe(theirs.bytes.length);
});

test("without WebCrypto calls are signed as the client does it, and large integers refused", async () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const signed = await exactZomeCalls.input(request({ ids: [1] }));
  expect(signed.signature.length).toBe(64);
  const refused = exactZomeCalls.input(request({ ids: [LARGEST] }));
  await expect(refused).rejects.toMatchObject({ kind: "unsupported" });
});

test("a program around the page signs in its own way", async () => {
  const signed = { bytes: new Uint8Array(1), signature: new Uint8Array(64) };
  const signZomeCall = vi.fn(async () => signed);
  vi.stubGlobal("window", { __HC_ZOME_CALL_SIGNER__: { signZomeCall } });
  expect(await exactZomeCalls.input(request({ ids: [1] }))).toBe(signed);
  await expect(exactZomeCalls.input(request({ ids: [LARGEST] }))).rejects.toMatchObject({
    kind: "unsupported",
  });
  expect(signZomeCall).toHaveBeenCalledTimes(1);
});

test("a call that no conductor takes is not sent", async () => {
  const call = exactZomeCalls.input(request({ vectors: new Uint8Array(17 * 1024 * 1024) }));
  await expect(call).rejects.toMatchObject({ kind: "too_large" });
});
