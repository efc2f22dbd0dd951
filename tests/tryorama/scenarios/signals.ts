/** Word of what was written. */
import { encodeHashToBase64 } from "@holochain/client";
import type { Signal } from "rose-forest-client";
import { describe, expect, test } from "vitest";
import { joinAll } from "../src/agent.js";
import { fresh, rows, until } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function signals(stage: Stage): void {
  describe("signals", () => {
    test("every agent is told of a write, by whom it was", async () => {
      const wanted = fresh("signals");
      const collections = await joinAll(cast(stage, 5), wanted);
      const [writer, ...others] = collections;
      // Signals go to those who announced themselves.
      for (const collection of collections) {
        await collection.announce({ software: "tryorama", holds: "everything", rows: 0, status: "ready" });
      }
      await until(
        "the writer knows all nodes",
        () => writer!.listNodes(),
        (nodes) => nodes.length === 5,
      );

      const heard: Signal[][] = collections.map(() => []);
      const stops = collections.map((collection, index) =>
        collection.onSignal((signal) => heard[index]!.push(signal)),
      );
      let inserted = 0;
      // A signal may be lost, and so the next one counts as well.
      await until(
        "every agent has heard of a write",
        async () => {
          await writer!.insert({ ids: [inserted], vectors: rows(1, inserted + 1) });
          inserted += 1;
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          return heard.map((signals) => signals.length);
        },
        (counts) => counts.every((count) => count > 0),
      );
      for (const stop of stops) stop();

      const author = encodeHashToBase64(writer!.cellId[1]);
      const [own, ...words] = heard.map((signals) => signals[0]!);
      expect(own!.type).toBe("written");
      for (const word of [own!, ...words]) {
        if (word.type !== "written" && word.type !== "peer_wrote")
          throw new Error("word of a write was expected");
        expect(word.blocks.length).toBe(1);
        const [block] = word.blocks;
        expect(encodeHashToBase64(block!.author)).toBe(author);
        expect([block!.rows, block!.tombstones, block!.settled]).toEqual([1, 0, false]);
        expect(block!.record).toBeInstanceOf(Uint8Array);
      }
      for (const word of words) {
        if (word.type !== "peer_wrote") throw new Error("a peer's word was expected");
        expect(encodeHashToBase64(word.from)).toBe(author);
      }
      expect(others.length).toBe(words.length);
    });

    test("what a program says to the programs of other nodes comes as it was said", async () => {
      const wanted = fresh("said");
      const [ann, ben] = await joinAll(cast(stage, 2), wanted);
      const message = new Uint8Array([0, 127, 128, 255]);
      const heard: Signal[] = [];
      const stop = ben!.onSignal((signal) => heard.push(signal));
      const said = await until(
        "ben hears what ann says",
        async () => {
          await ann!.sendToNodes({ to: [ben!.cellId[1]], message });
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          return heard.find((signal) => signal.type === "peer_said");
        },
        (signal) => signal !== undefined,
      );
      stop();
      expect(said).toEqual({ type: "peer_said", from: ann!.cellId[1], message });
    });
  });
}
