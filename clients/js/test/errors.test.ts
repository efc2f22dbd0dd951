import { HolochainError } from "@holochain/client";
import { expect, test } from "vitest";
import { RoseForestError } from "../src/index.js";

const from = (text: string, name = "ribosome_error") =>
  RoseForestError.from(new HolochainError(name, text), "search");

test("the zome's own words are the message", () => {
  const error = from(String.raw`Wasm runtime error: rose_forest:7: Guest("no id \"a\": it\u{2019}s\ngone")`);
  expect(error.kind).toBe("refused");
  expect(error.message).toBe('no id "a": it\u2019s\ngone');
  expect(error.cause).toBeInstanceOf(HolochainError);
  expect(error).toBeInstanceOf(Error);
});

test("they are found inside other printed text, too", () => {
  const error = from(String.raw`Other("WasmError { error: Guest(\"row \\\"a\\\" is wrong\") }")`);
  expect([error.kind, error.message]).toEqual(["refused", 'row "a" is wrong']);
});

test.each([
  ["HeadMoved(None, None)", "internal_error", "conflict"],
  [
    "Source chain error: the source chain head has moved since the bundle began",
    "internal_error",
    "conflict",
  ],
  ["The K2 Space for this DNA was not found", "internal_error", "joining"],
  ["no signing credentials have been authorized for cell", "NoSigningCredentialsForCell", "unauthorized"],
  ["no clone cell found with clone id rose_forest.9", "NoCellForCloneId", "not_found"],
  ["Websocket is not open", "WebsocketClosedError", "unreachable"],
  ["Request timed out in 60000 ms: call_zome", "Error", "timeout"],
  ["Unrecognized object: [object BigInt]", "Error", "unsupported"],
  ["the disk is full", "internal_error", "conductor"],
])("%s is known", (text, name, kind) => {
  const error = from(text, name);
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(/^search: /);
});

test("an error of ours stays as it is", () => {
  const error = new RoseForestError("input", "k: 0.5 is not an integer.");
  expect(RoseForestError.from(error, "search")).toBe(error);
});
