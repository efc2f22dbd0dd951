/** A network in two parts. */
import { describe, expect, test } from "vitest";
import { Agent } from "../src/agent.js";
import { agree, found, fresh, ids, row, rows } from "../src/help.js";
import { cast, type Stage } from "../src/stage.js";

export function split(stage: Stage): void {
  describe("split", () => {
    test("two parts of a network that did not know of each other become one", async () => {
      const [ann, ben] = cast(stage, 2);
      // Somebody who meets peers at another address meets nobody from here: server and relay are others.
      const elsewhere = await stage.scenario.startBootstrap();
      const zoe = await Agent.start(stage.scenario, "zoe", elsewhere);
      const wanted = fresh("split");
      const [one, two] = [await ann!.join(wanted), await ben!.join(wanted)];
      const other = await zoe.join(wanted);
      expect(other.cellId[0]).toEqual(one.cellId[0]);

      await one.insert({ ids: ids(0, 5), vectors: rows(5, 1) });
      await two.insert({ ids: ids(5, 5), vectors: rows(5, 2) });
      await other.insert({ ids: ids(10, 7), vectors: rows(7, 3) });
      await agree([one, two], 10);
      expect((await other.count()).points).toBe(7);
      expect(
        JSON.parse(JSON.stringify(await zoe.app.agentInfo({ dna_hashes: null }))).length,
      ).toBeGreaterThan(0);

      const home = stage.scenario.bootstrapServerUrl;
      if (!home) throw new Error("there is a server by now");
      await zoe.conductor.shutDown();
      zoe.conductor.meetAt(home);
      await zoe.restart();
      const joined = await zoe.found("split");
      await agree([one, two, joined], 17);
      const search = { vector: row(rows(1, 9), 0), k: 17 };
      const [first, ...others] = (await Promise.all([one, two, joined].map((c) => c.search(search)))).map(
        found,
      );
      for (const answer of others) expect(answer).toEqual(first);
      await zoe.conductor.shutDown();
    });
  });
}
