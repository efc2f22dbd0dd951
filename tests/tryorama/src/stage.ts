/**
 * What all scenarios play on.
 *
 * @module
 */

import type { Scenario07 } from "./adapter.js";
import type { Agent } from "./agent.js";

/** The running conductors. */
export interface Stage {
  /** Starts more of them, and ends them all. */
  scenario: Scenario07;
  /** Those that run from the beginning. */
  agents: Agent[];
}

/** The first agents, by number. */
export function cast(stage: Stage, count: number): Agent[] {
  if (stage.agents.length < count) throw new Error(`${count} agents are needed, ${stage.agents.length} run`);
  return stage.agents.slice(0, count);
}
