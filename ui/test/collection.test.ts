import { describe, expect, it, vi } from "vitest";
import type { Host } from "../src/host/host";
import { OpenCollection } from "../src/state/collection.svelte";

/** A zome whose answers come when the test says so. */
const zome = vi.hoisted(() => {
  const waiting: (() => void)[] = [];
  const answer = <T>(value: T) =>
    vi.fn(() => new Promise<T>((resolve) => waiting.push(() => resolve(value))));
  return {
    /** Answers what has been asked. */
    answerAll: () => waiting.splice(0).forEach((resolve) => resolve()),
    collection: {
      collectionInfo: answer({}),
      count: answer({ points: 7 }),
      view: answer({ arc: "full" }),
      onSignal: () => () => undefined,
    },
    searchZome: vi.fn(async () => ({ hits: [], gaps: [], how: "" })),
  };
});

vi.mock("../src/host/zome", () => ({
  openCell: async () => ({
    collection: zome.collection,
    agent: "uhCAk",
    closed: new Promise(() => undefined),
    close: () => undefined,
  }),
  searchZome: zome.searchZome,
}));

const host = { door: async () => ({}) } as unknown as Host;
const nobody = { door: () => new Promise(() => undefined) } as unknown as Host;

describe("the open collection", () => {
  it("lets nobody wait for a connection after it was closed", async () => {
    const collection = new OpenCollection(nobody, "roses");
    const asked = collection.search(new Float32Array(3), 10, []);
    collection.close();
    await expect(asked).rejects.toThrow("was closed");
    await expect(collection.ask(async () => 7)).rejects.toThrow("was closed");
  });

  it("is counted once at a time, and what the node stores is asked once for all who want to know", async () => {
    const collection = new OpenCollection(host, "roses");
    await vi.waitFor(() => expect(collection.link).toBe("open"));
    for (let time = 0; time < 100; time += 1) collection.look();
    const searches = Array.from({ length: 10 }, () => collection.search(new Float32Array(3), 10, []));
    await vi.waitFor(() => expect(zome.collection.view).toHaveBeenCalled());
    expect(zome.collection.collectionInfo).toHaveBeenCalledOnce();
    expect(zome.collection.view).toHaveBeenCalledOnce();
    zome.answerAll();
    await Promise.all(searches);
    await vi.waitFor(() => expect(zome.collection.count).toHaveBeenCalledOnce());
    zome.answerAll();
    // Once more, for all who asked meanwhile.
    await vi.waitFor(() => expect(zome.collection.count).toHaveBeenCalledTimes(2));
    zome.answerAll();
    await vi.waitFor(() => expect(collection.points).toBe(7));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(zome.collection.count).toHaveBeenCalledTimes(2);
    expect(zome.collection.view).toHaveBeenCalledOnce();
    collection.close();
  });

  it("is looked at now and then, because word of a write can be lost", async () => {
    vi.useFakeTimers();
    const collection = new OpenCollection(host, "roses");
    const answered = async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        zome.answerAll();
        await vi.advanceTimersByTimeAsync(0);
      }
    };
    try {
      await vi.waitFor(() => expect(collection.link).toBe("open"));
      await answered();
      expect(collection.points).toBe(7);
      const [version, looks] = [collection.version, zome.collection.count.mock.calls.length];
      await vi.advanceTimersByTimeAsync(15_000);
      await answered();
      expect(zome.collection.count).toHaveBeenCalledTimes(looks + 1);
      expect(collection.version).toBe(version);
      // One was overwritten: there are as many points, and another block.
      zome.collection.collectionInfo.mockResolvedValueOnce({ fresh_blocks: 1 });
      await vi.advanceTimersByTimeAsync(15_000);
      await answered();
      expect(collection.version).toBe(version + 1);
      collection.close();
      await vi.advanceTimersByTimeAsync(600_000);
      expect(zome.collection.count).toHaveBeenCalledTimes(looks + 2);
    } finally {
      collection.close();
      vi.useRealTimers();
    }
  });
});
