/** Agents insert, search and agree; collections stay apart. */
import { encodeHashToBase64 } from "@holochain/client";
import { describe, expect, test } from "vitest";
import { joinAll } from "../src/agent.js";
import { agree, cosine, found, fresh, ids, row, rows } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function agreement(stage: Stage): void {
  describe("agreement", () => {
    test("two agents insert, search, and find the same: what is nearest", async () => {
      const wanted = fresh("two");
      const [ann, ben] = await joinAll(cast(stage, 2), wanted);
      if (!ann || !ben) throw new Error("two agents were asked for");
      const [of_ann, of_ben] = [rows(20, 1), rows(20, 2)];
      // Ids 10 to 19 are used by both: they are different points.
      await ann.insert({
        ids: ids(0, 20),
        vectors: of_ann,
        payloads: ids(0, 20).map((id) => `{"by":"ann","n":${id}}`),
      });
      await ben.insert({ ids: ids(10, 20), vectors: of_ben });
      await agree([ann, ben], 40);

      const query = row(rows(1, 3), 0);
      const input = { vector: query, k: 40, with_vector: true };
      const [by_ann, by_ben] = await Promise.all(
        [ann, ben].map(async (c) => c.search({ ...input, view: await c.view() })),
      );
      expect(by_ann?.complete && by_ben?.complete).toBe(true);
      expect(found(by_ben!)).toEqual(found(by_ann!));

      const exact = [...ids(0, 20).map((i) => row(of_ann, i)), ...ids(0, 20).map((i) => row(of_ben, i))]
        .map((vector) => cosine(query, vector))
        .sort((a, b) => b - a);
      expect(by_ann!.hits.length).toBe(40);
      for (const [index, hit] of by_ann!.hits.entries()) expect(hit.score).toBeCloseTo(exact[index]!, 5);
      for (const hit of by_ben!.hits) {
        const own = encodeHashToBase64(hit.author) === encodeHashToBase64(ben.cellId[1]);
        expect(hit.payload).toBe(own ? null : `{"by":"ann","n":${hit.id}}`);
        expect(
          cosine(hit.vector!, own ? row(of_ben, Number(hit.id) - 10) : row(of_ann, Number(hit.id))),
        ).toBeCloseTo(1, 5);
      }
    });

    test("five agents insert at the same time, and all find the same", async () => {
      const wanted = fresh("five");
      const collections = await joinAll(cast(stage, 5), wanted);
      await Promise.all(
        collections.map((c, index) => c.insert({ ids: ids(index * 10, 10), vectors: rows(10, index + 10) })),
      );
      await agree(collections, 50);
      const searches = collections.map((c) => c.search({ vector: row(rows(1, 99), 0), k: 50 }));
      const [first, ...others] = (await Promise.all(searches)).map(found);
      expect(new Set(first!.map((hit) => hit.author)).size).toBe(5);
      expect(new Set(first!.map((hit) => hit.id))).toEqual(new Set(ids(0, 50)));
      for (const other of others) expect(other).toEqual(first);
    });

    test("clones with the same schema and other seeds stay apart", async () => {
      const [ann, ben] = cast(stage, 2);
      const [here, there] = [fresh("apart"), fresh("apart")];
      const [ann_here, ann_there] = [await ann!.join(here), await ann!.join(there)];
      const [ben_here, ben_there] = [await ben!.join(here), await ben!.join(there)];
      expect(ann_here.cellId[0]).toEqual(ben_here.cellId[0]);
      expect(ann_here.cellId[0]).not.toEqual(ann_there.cellId[0]);

      await ann_here.insert({ ids: ["one"], vectors: rows(1, 1) });
      await ben_there.insert({ ids: ["two", "three"], vectors: rows(2, 2) });
      await agree([ann_here, ben_here], 1);
      await agree([ann_there, ben_there], 2);
      const { points, unknown } = await ben_here.get({ ids: ["one", "two"] });
      expect([points.map((point) => point.id), unknown]).toEqual([["one"], ["two"]]);
    });
  });
}
