import { type AppClient, type CallZomeRequest, type CellId, HolochainError } from "@holochain/client";
import { expect, test } from "vitest";
import { properties } from "../src/forest.js";
import { Collection, RoseForest, type RoseForestError } from "../src/index.js";

const CELL: CellId = [new Uint8Array(39).fill(1), new Uint8Array(39).fill(2)];

/** A client that answers calls by this function, and what it was asked. */
function client(answer: (request: CallZomeRequest) => unknown) {
  const asked: CallZomeRequest[] = [];
  const fake = {
    callZome: async (request: CallZomeRequest) => {
      asked.push(request);
      return answer(request);
    },
    appInfo: async () => ({ cell_info: {} }),
  };
  return { asked, client: fake as unknown as AppClient };
}

test("a call names its function, and what has no input sends nil", async () => {
  const { asked, client: app } = client(() => []);
  await new Collection(app, CELL).listNodes();
  await new Collection(app, CELL, { zome: "mine" }).bulkInsert({ ids: ["a"], vectors: new Float32Array(2) });
  expect(asked).toEqual([
    { cell_id: CELL, zome_name: "rose_forest_coordinator", fn_name: "list_nodes", payload: null },
    {
      cell_id: CELL,
      zome_name: "mine",
      fn_name: "bulk_insert",
      payload: { ids: ["a"], vectors: new Uint8Array(8) },
    },
  ]);
});

test("writes wait for each other and reads do not", async () => {
  let running = 0;
  let most = 0;
  const { asked, client: app } = client(async (request) => {
    if (request.fn_name === "count") return { points: 0 };
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    if (request.fn_name === "insert") throw new HolochainError("ribosome_error", 'error: Guest("no")');
    return {};
  });
  const words = new Collection(app, CELL);
  const first = words.insert({ ids: [1], vectors: new Float32Array(1) });
  const second = words.delete({ ids: [1] });
  await words.count();
  await expect(first).rejects.toMatchObject({ kind: "refused", message: "no" });
  await second;
  expect(most).toBe(1);
  expect(asked.map((request) => request.fn_name)).toEqual(
    expect.arrayContaining(["insert", "count", "delete"]),
  );
});

test("a write that somebody else's write came before is tried again, and not for ever", async () => {
  let left = 2;
  const moved = new HolochainError("internal_error", "HeadMoved");
  const some = client(() => (left-- > 0 ? Promise.reject(moved) : {}));
  await new Collection(some.client, CELL).settle();
  expect(some.asked.length).toBe(3);
  const always = client(() => Promise.reject(moved));
  await expect(new Collection(always.client, CELL).settle()).rejects.toMatchObject({ kind: "conflict" });
  expect(always.asked.length).toBe(5);
});

test("settling goes on until it is done", async () => {
  let left = 3;
  const { client: app } = client(() => ({ done: --left === 0, wait_ms: 1 }));
  expect((await new Collection(app, CELL).settleUntilDone()).done).toBe(true);
  expect(left).toBe(0);
});

test("the properties are in the order in which they are hashed", () => {
  const schema = properties({ distance: "cosine", dimension: 3, name: "words" });
  expect(JSON.stringify(schema)).toBe(
    '{"version":1,"name":"words","dimension":3,"distance":"cosine","encoding":"sq8","payload":"plain","writers":"anyone"}',
  );
});

test("a collection that is not there is named", async () => {
  const error = await new RoseForest(client(() => null).client)
    .collection("rose_forest.3")
    .catch((e: RoseForestError) => e);
  expect(error).toMatchObject({
    kind: "not_found",
    message: "There is no collection rose_forest.3; there are: none.",
  });
});
