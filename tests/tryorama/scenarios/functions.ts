/** Every function, and the values that are easy to get wrong between two languages. */
import { encodeHashToBase64 } from "@holochain/client";
import { type CellName, FUNCTIONS, type PointId } from "rose-forest-client";
import { describe, expect, test } from "vitest";
import { called } from "../src/agent.js";
import { fresh, ids, row, rows } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function functions(stage: Stage): void {
  describe("functions", () => {
    test("ids of every kind and size come back as they were given", async () => {
      const [ann] = cast(stage, 1);
      const words = await ann!.join(fresh("ids"));
      const uuid = "550e8400-e29b-41d4-a716-446655440000";
      const given: PointId[] = [
        0,
        2 ** 32,
        Number.MAX_SAFE_INTEGER,
        2n ** 53n,
        2n ** 64n - 1n,
        "7",
        "ü 🌹",
        uuid,
      ];
      const payloads = given.map((_, index) => (index % 2 === 0 ? null : `{"index":${index}}`));
      const written = await words.insert({ ids: given, vectors: rows(given.length, 1), payloads });
      expect(written.rows).toBe(given.length);
      expect(new Date(Number(written.written_at_micros) / 1000).getFullYear()).toBeGreaterThan(2024);

      const { points, unknown, complete } = await words.get({
        ids: [...given, 2n ** 63n],
        view: { arc: "full" },
      });
      expect(points.map((point) => point.id)).toEqual(given);
      expect(points.map((point) => point.payload)).toEqual(payloads);
      expect(points.every((point) => point.vector === null)).toBe(true);
      expect([unknown, complete]).toEqual([[2n ** 63n], true]);
      // A UUID has one form, and a bigint that a number holds is that number.
      const again = await words.get({ ids: [uuid.toUpperCase(), 0n] });
      expect(again.points.map((point) => point.id)).toEqual([uuid, 0]);
      await words.delete({ ids: [2n ** 64n - 1n] });
      expect((await words.count()).points).toBe(given.length - 1);
    });

    test("fields that are left out have their defaults, and what is missing is told", async () => {
      const [ann] = cast(stage, 1);
      const words = await ann!.join(fresh("defaults"));
      await words.insert({ ids: ids(0, 12), vectors: rows(12, 1), payloads: undefined });
      const vector = row(rows(12, 1), 4);
      const answer = await words.search({ vector, k: 3, nprobe: undefined, score_threshold: null });
      expect(answer.hits.length).toBe(3);
      expect([answer.complete, answer.gaps]).toEqual([false, ["arc_unknown"]]);
      // A threshold that JavaScript writes as an integer is a float to the zome.
      expect((await words.search({ vector, k: 3, score_threshold: 1 })).hits.length).toBeLessThan(2);
      const peers = { arc: "empty", reachable_peers: 1, unreachable_peers: 2 } as const;
      const partial = await words.count({ scope: "network", view: peers });
      expect(partial.gaps).toContainEqual({ peers_unreachable: 2 });

      const seen: PointId[] = [];
      let cursor: string | null = null;
      do {
        const page = await words.scroll({ cursor, limit: 5, author: words.cellId[1] });
        seen.push(...page.points.map((point) => point.id));
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(new Set(seen)).toEqual(new Set(ids(0, 12)));
      expect(seen.length).toBe(12);
      expect((await words.scroll()).points.length).toBe(12);
    });

    test("a node says what it is, and a collection what it has", async () => {
      const [ann] = cast(stage, 1);
      const words = await ann!.join(fresh("info"));
      const said = { software: "tryorama 0.19", holds: "part", rows: 2 ** 40, status: "degraded" } as const;
      const action = await words.announce(said);
      expect(encodeHashToBase64(action)).toMatch(/^uhCkk/);
      const [node] = await words.listNodes();
      expect(node?.node).toEqual({ ...said, name: "", capabilities: [] });
      expect(node?.action_hash).toEqual(action);

      await words.bulkInsert({ ids: ids(0, 50), vectors: rows(50, 1), used_before: [] });
      await words.settleUntilDone({ min_rows: 0, peers: 0 });
      const upkeep = await words.upkeep({ budget_bytes: 1_000_000, empty_ms: 0 });
      expect(typeof upkeep.more).toBe("boolean");
      const info = await words.collectionInfo();
      expect(info.schema).toMatchObject({ name: "info", dimension: 16, distance: "cosine", encoding: "f32" });
      expect(info.dna_hash).toEqual(words.cellId[0]);
      expect(info.authors.map((author) => author.author)).toEqual([words.cellId[1]]);
      expect(Number(info.settled_rows) + Number(info.fresh_rows)).toBe(50);
    });

    test("a search tells which way it went, through the cells that are shown", async () => {
      const [ann] = cast(stage, 1);
      const words = await ann!.join(fresh("cells"));
      await words.bulkInsert({ ids: ids(0, 50), vectors: rows(50, 1), used_before: [] });
      await words.settleUntilDone({ min_rows: 0, peers: 0 });
      const name = (cell: CellName) => `${encodeHashToBase64(cell.founding)} ${cell.index}`;

      const { regions, cells, next, missing } = await words.cells();
      expect([next, missing]).toEqual([null, 0]);
      const held = [...regions, ...cells].reduce((sum, one) => sum + Number(one.rows), 0);
      expect(held).toBe(50);
      expect(regions.every((region) => region.vector instanceof Float32Array)).toBe(true);
      expect(cells.every((cell) => cell.vector.length === 16)).toBe(true);
      const first = await words.cells({ limit: regions.length });
      expect([first.regions, first.cells.length, first.all_cells]).toEqual([regions, 0, cells.length]);
      expect((await words.cells({ after: first.next })).cells).toEqual(cells);
      await expect(words.cells({ limit: 0 })).rejects.toMatchObject({ kind: "refused" });

      const query = { vector: row(rows(50, 1), 7), k: 3 };
      expect((await words.search(query)).trace).toBeUndefined();
      const { hits, stats, trace } = await words.search({ ...query, trace: true });
      expect(trace?.probed.length).toBe(stats.cells_probed);
      const shown = new Set(cells.map((cell) => name(cell.cell)));
      expect(trace?.probed.every((probed) => shown.has(name(probed.cell)))).toBe(true);
      expect(trace?.hits.length).toBe(hits.length);
      expect(trace?.hits.every((cell) => cell !== null)).toBe(true);
    });

    test("what the zome refuses is an error with its own words", async () => {
      const [ann] = cast(stage, 1);
      const words = await ann!.join(fresh("refused"));
      const wrong = words.insert({ ids: [1], vectors: new Float32Array(3) });
      await expect(wrong).rejects.toMatchObject({ name: "RoseForestError", kind: "refused" });
      await expect(wrong).rejects.not.toThrow(/WasmError|Guest/);
      const twice = words.insert({ ids: [1, 1], vectors: rows(2, 1) });
      await expect(twice).rejects.toMatchObject({ kind: "refused" });
      // After an error the next write goes on.
      await Promise.all(ids(0, 4).map((id) => words.insert({ ids: [id], vectors: rows(1, id + 1) })));
      expect((await words.count()).points).toBe(4);
    });

    test("every function of the zome was called", () => {
      expect([...called].sort()).toEqual([...FUNCTIONS].sort());
    });
  });
}
