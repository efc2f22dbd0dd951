/** Overwrites and deletes. */
import { encodeHashToBase64 } from "@holochain/client";
import type { Collection } from "rose-forest-client";
import { describe, expect, test } from "vitest";
import { joinAll } from "../src/agent.js";
import { agree, cosine, fresh, ids, row, rows, until } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function changes(stage: Stage): void {
  describe("changes", () => {
    test("overwrites and deletes converge, before settling and after it", async () => {
      const wanted = fresh("changes");
      const [ann, ben] = await joinAll(cast(stage, 2), wanted);
      if (!ann || !ben) throw new Error("two agents were asked for");
      await ann.insert({
        ids: ids(0, 10),
        vectors: rows(10, 1),
        payloads: ids(0, 10).map(() => '{"version":1}'),
      });
      await ben.insert({ ids: [0], vectors: rows(1, 2), payloads: ['{"by":"ben"}'] });
      await agree([ann, ben], 11);

      const newer = rows(3, 3);
      await ann.insert({ ids: [0, 1, 2], vectors: newer, payloads: Array(3).fill('{"version":2}') });
      await ann.delete({ ids: [8, 9] });
      const refused = ann.delete({ ids: [8] });
      await expect(refused).rejects.toMatchObject({ kind: "refused" });
      await ann.delete({ ids: [8], ignore_unknown: true });
      await agree([ann, ben], 9);
      await same([ann, ben], newer);

      await ann.settleUntilDone({ min_rows: 0, peers: 1, grace_ms: 20_000 });
      await until(
        "ben sees ann's rows in cells",
        () => ben.collectionInfo(),
        (info) => Number(info.settled_rows) >= 8,
      );
      await agree([ann, ben], 9);
      await same([ann, ben], newer);
      // A row in a cell is overwritten and deleted as well.
      await ann.insert({ ids: [3], vectors: newer.slice(0, 16), payloads: ['{"version":3}'] });
      await ann.delete({ ids: [4] });
      await agree([ann, ben], 8);
      for (const collection of [ann, ben]) {
        const { points } = await until(
          "point 3 is the newest",
          () => collection.get({ ids: [3] }),
          ({ points }) => points[0]?.payload === '{"version":3}',
        );
        expect(points.length).toBe(1);
      }
    });
  });

  /** Every one of them sees point 0 of both authors, and the newer version of ann's. */
  async function same(collections: Collection[], newer: Float32Array): Promise<void> {
    const [ann, ben] = collections.map((collection) => encodeHashToBase64(collection.cellId[1]));
    for (const collection of collections) {
      const { points } = await until(
        "the newer version is seen",
        () => collection.get({ ids: [0, 9], with_vector: true }),
        ({ points, unknown }) =>
          points.length === 2 && unknown.length === 1 && points.some((p) => p.payload?.includes("2")),
      );
      const payloads = Object.fromEntries(
        points.map((point) => [encodeHashToBase64(point.author), point.payload]),
      );
      expect(payloads).toEqual({ [ann!]: '{"version":2}', [ben!]: '{"by":"ben"}' });
      const own = points.find((point) => encodeHashToBase64(point.author) === ann);
      expect(cosine(own!.vector!, row(newer, 0))).toBeCloseTo(1, 5);
    }
  }
}
