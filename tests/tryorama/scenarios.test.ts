// Five agents for all scenarios, each a `holochain` process: a scenario has collections of its own, which are networks of
// their own, and starting a conductor costs more than most of them.
import { afterAll, afterEach, beforeAll } from "vitest";
import { absence } from "./scenarios/absence.js";
import { agreement } from "./scenarios/agreement.js";
import { changes } from "./scenarios/changes.js";
import { functions } from "./scenarios/functions.js";
import { signals } from "./scenarios/signals.js";
import { split } from "./scenarios/split.js";
import { Scenario07 } from "./src/adapter.js";
import { Agent } from "./src/agent.js";
import type { Stage } from "./src/stage.js";

const stage: Stage = { scenario: new Scenario07({ timeout: 240_000 }), agents: [] };

beforeAll(async () => {
  for (const label of ["ann", "ben", "cleo", "dan", "eve"]) {
    stage.agents.push(await Agent.start(stage.scenario, label));
  }
});

afterEach(() => Promise.all(stage.agents.map((agent) => agent.leave())));

afterAll(() => stage.scenario.cleanUp());

agreement(stage);
changes(stage);
signals(stage);
absence(stage);
split(stage);
// The last one: it asks whether all the others together called every function.
functions(stage);
