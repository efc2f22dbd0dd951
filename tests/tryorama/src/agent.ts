/**
 * An agent: a conductor of its own, and its collections through the package.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { AppWebsocket } from "@holochain/client";
import { authorize, type Collection, type NewCollection, RoseForest } from "rose-forest-client";
import type { Conductor07, Scenario07 } from "./adapter.js";

const HAPP =
  process.env.ROSE_FOREST_HAPP ??
  fileURLToPath(new URL("../../../workdir/rose_forest.happ", import.meta.url));

/** The functions of the zome that any agent called. */
export const called = new Set<string>();

/** An agent with the hApp installed. */
export class Agent {
  private constructor(
    /** Its conductor. */
    readonly conductor: Conductor07,
    private readonly appId: string,
    public app: AppWebsocket,
  ) {
    this.#listen(app);
  }

  /** Starts an agent that meets the others at this address, or else at the scenario's own. */
  static async start(scenario: Scenario07, label: string, meetAt?: URL): Promise<Agent> {
    const conductor = await scenario.addConductor(undefined, label, meetAt);
    const player = await scenario.installPlayerApp(conductor, {
      appBundleSource: { type: "path", value: HAPP },
      // The cell that collections are clones of takes no writes: each agent is alone in its network.
      options: { networkSeed: label },
    });
    return new Agent(conductor, player.appId, player.appWs as AppWebsocket);
  }

  /** Creates or joins a collection. */
  async join(wanted: NewCollection): Promise<Collection> {
    const { collection } = await new RoseForest(this.app).create(wanted);
    await authorize(this.conductor.adminWs(), collection.cellId);
    return collection;
  }

  /** The collection of this name. */
  async found(name: string): Promise<Collection> {
    const clones = await new RoseForest(this.app).collections();
    const clone = clones.find((one) => one.name === name);
    if (!clone) throw new Error(`there is no ${name} among ${clones.map((one) => one.name)}`);
    return clone.collection;
  }

  /** Leaves all collections: a network that nobody looks at any more costs gossip. */
  async leave(): Promise<void> {
    const clones = await new RoseForest(this.app).collections();
    for (const { collection, enabled } of clones) {
      if (enabled)
        await this.app.disableCloneCell({ clone_cell_id: { type: "dna_hash", value: collection.cellId[0] } });
    }
  }

  /** Starts its conductor again after it was stopped or killed. Collections have to be found anew. */
  async restart(): Promise<void> {
    await this.conductor.startUp();
    const port = await this.conductor.attachAppInterface();
    const { token } = await this.conductor
      .adminWs()
      .issueAppAuthenticationToken({ installed_app_id: this.appId });
    this.app = await this.conductor.connectAppWs(token, port);
    this.#listen(this.app);
  }

  /** Notes which functions are called. */
  #listen(app: AppWebsocket): void {
    const call = app.callZome.bind(app);
    app.callZome = (request, timeout) => {
      called.add(request.fn_name);
      return call(request, timeout);
    };
  }
}

/**
 * Lets each of them join, one after the other: peers that call each other for the first time at the same moment lose what
 * they say on the connection that is given up.
 */
export async function joinAll(agents: Agent[], wanted: NewCollection): Promise<Collection[]> {
  const collections: Collection[] = [];
  for (const agent of agents) collections.push(await agent.join(wanted));
  return collections;
}
