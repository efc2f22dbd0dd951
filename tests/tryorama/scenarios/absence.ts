/** Agents that leave, come back, come late, or crash. */
import { describe, expect, test } from "vitest";
import { agree, found, fresh, ids, row, rows, until } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function absence(stage: Stage): void {
  describe("absence", () => {
    test("an agent that leaves and returns has what it missed, and is heard again", async () => {
      const [ann, ben] = cast(stage, 2);
      const wanted = fresh("return");
      const [here, away] = [await ann!.join(wanted), await ben!.join(wanted)];
      await away.insert({ ids: ids(0, 5), vectors: rows(5, 1) });
      await agree([here, away], 5);

      await ben!.conductor.shutDown();
      await here.insert({ ids: ids(5, 5), vectors: rows(5, 2) });
      await expect(away.count()).rejects.toMatchObject({ kind: "unreachable" });

      await ben!.restart();
      const back = await ben!.found("return");
      await agree([here, back], 10);
      await back.insert({ ids: ids(10, 5), vectors: rows(5, 3) });
      await agree([here, back], 15);
    });

    test("an agent that joins late finds what was settled and what was not", async () => {
      const [ann, ben, cleo] = cast(stage, 3);
      const wanted = fresh("late");
      const [first, second] = [await ann!.join(wanted), await ben!.join(wanted)];
      await first.bulkInsert({ ids: ids(0, 200), vectors: rows(200, 1) });
      await first.settleUntilDone({ min_rows: 0, peers: 1, grace_ms: 20_000 });
      await second.insert({ ids: ids(200, 20), vectors: rows(20, 2) });
      await agree([first, second], 220);

      const late = await cleo!.join(wanted);
      await agree([late], 220);
      const search = { vector: row(rows(1, 5), 0), k: 20, nprobe: 1_000 };
      await until(
        "the late agent finds what the first one does",
        async () => [found(await late.search(search)), found(await first.search(search))],
        ([by_late, by_first]) => JSON.stringify(by_late) === JSON.stringify(by_first),
      );
    });

    test("a conductor that is killed during a bulk insert comes back whole", async () => {
      const [ann, , , dan] = cast(stage, 4);
      const wanted = fresh("killed", 64);
      const [peer, mortal] = [await ann!.join(wanted), await dan!.join(wanted)];
      const acknowledged = await mortal.bulkInsert({ ids: ids(0, 100), vectors: rows(100, 1, 64) });
      expect(acknowledged.rows).toBe(100);

      // A fast machine may have committed a batch before the conductor is killed: then again, with another.
      let before = 100;
      const next = () => ({ ids: ids(before, 4_000), vectors: rows(4_000, before, 64) });
      let [back, batch] = [mortal, next()];
      for (let tries = 1; ; tries += 1) {
        const cut = back.bulkInsert(batch).then(
          () => "committed",
          (error) => error.kind,
        );
        await new Promise((resolve) => setTimeout(resolve, 200));
        await dan!.conductor.kill();
        const ended = await cut;
        await dan!.restart();
        back = await dan!.found("killed");
        if (ended !== "committed" || tries === 5) {
          expect(ended).toBe("unreachable");
          break;
        }
        before += 4_000;
        batch = next();
      }
      await back.settleUntilDone({ min_rows: 0, peers: 0 });
      const { points } = await back.count();
      // What was acknowledged is there, and of the rest all or nothing.
      expect([before, before + 4_000]).toContain(points);
      await back.bulkInsert(batch);
      await back.settleUntilDone({ min_rows: 0, peers: 0 });
      await agree([back, peer], before + 4_000);
      const vector = row(batch.vectors, 17, 64);
      for (const collection of [back, peer]) {
        const { hits } = await collection.search({ vector, k: 1, nprobe: 1_000 });
        expect(hits[0]?.id).toBe(before + 17);
      }
    });
  });
}
