/**
 * Tryorama 0.19, which was published for Holochain 0.6, on Holochain 0.7.1: what changed, and nothing else.
 *
 * - `hc sandbox create` has no `webrtc` any more: a transport is `quic` with the address of a relay.
 * - The network's settings have other names, and a relay without TLS has to be allowed.
 * - The grant by which a client may sign has another shape: `authorize` of the package makes it (`agent.ts`), and
 *   connections are the package's, so that what is tested is what people use.
 * - The bootstrap server is the relay, too, and `rose-forest bootstrap` is one.
 *
 * Beyond that, everything runs in a folder of the run's own and ends with it, and a conductor can be killed.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AdminWebsocket, AppWebsocket } from "@holochain/client";
import {
  type AppWithOptions,
  CONDUCTOR_CONFIG,
  Conductor,
  type PlayerApp,
  Scenario,
} from "@holochain/tryorama";
import yaml from "js-yaml";
import { connect } from "rose-forest-client";
import { Processes } from "./processes.js";

const ORIGIN = "tryorama-interface";
const PASSPHRASE = "lair-password\n";

/** What is needed of Tryorama's classes, most of which they keep to themselves. */
interface OpenConductor {
  conductorProcess: ChildProcess | undefined;
  conductorDir: string | undefined;
  adminApiUrl: URL;
  _adminWs: AdminWebsocket | undefined;
  timeout: number;
  startUp(): Promise<void>;
  shutDown(): Promise<number | null>;
  attachAppInterface(request: { port: number; allowed_origins: string }): Promise<number>;
  connectAppWs(token: number[], port: number): Promise<AppWebsocket>;
  adminWs(): AdminWebsocket;
  getTmpDirectory(): string;
}
interface OpenScenario {
  timeout: number | undefined;
  bootstrapServerUrl: URL | undefined;
  conductors: OpenConductor[];
  ensureLocalServices(): Promise<void>;
  addConductor(network: undefined, label: string, meetAt?: URL): Promise<OpenConductor>;
  installPlayerApp(conductor: OpenConductor, app: AppWithOptions): Promise<PlayerApp>;
  shutDown(): Promise<void>;
  cleanUp(): Promise<void>;
}
const TryoramaConductor = Conductor as unknown as new (label: string, timeout?: number) => OpenConductor;
const TryoramaScenario = Scenario as unknown as new (options?: { timeout?: number }) => OpenScenario;

/** A conductor of 0.7.1. */
export class Conductor07 extends TryoramaConductor {
  readonly #processes: Processes;
  #app: AppWebsocket | undefined;

  private constructor(processes: Processes, label: string, timeout?: number) {
    super(label, timeout);
    this.#processes = processes;
  }

  /** Creates a sandbox whose conductor meets its peers at this address. It does not run yet. */
  static async make(
    processes: Processes,
    meetAt: URL,
    label: string,
    timeout?: number,
  ): Promise<Conductor07> {
    const conductor = new Conductor07(processes, label, timeout);
    const where = ["--root", processes.folder, "--directories", label, "--in-process-lair"];
    const network = ["network", "--bootstrap", meetAt.href, "quic", meetAt.href];
    await processes.run("hc", ["sandbox", "--piped", "create", ...where, ...network], PASSPHRASE);
    conductor.conductorDir = join(processes.folder, label);
    conductor.meetAt(meetAt);
    return conductor;
  }

  /** Where it meets its peers, from the next start on; and gossip every other second, where the default is two minutes. */
  meetAt(url: URL): void {
    const path = join(this.getTmpDirectory(), CONDUCTOR_CONFIG);
    const config = yaml.load(readFileSync(path, "utf8")) as { network: Record<string, unknown> };
    config.network.bootstrap_url = url.href;
    config.network.relay_url = url.href;
    config.network.advanced = {
      k2Gossip: {
        initiateIntervalMs: 1_500,
        minInitiateIntervalMs: 1_500,
        initiateJitterMs: 1_000,
        // Two peers that begin a round with each other at the same moment may both wait for an answer that was lost.
        roundTimeoutMs: 8_000,
      },
      coreBootstrap: { backoffMinMs: 1_000, backoffMaxMs: 5_000 },
      irohTransport: { relayAllowPlainText: true },
    };
    writeFileSync(path, yaml.dump(config));
  }

  /** Starts the conductor, and fails if it ends before it can be asked. */
  override async startUp(): Promise<void> {
    const started = super.startUp();
    const child = this.conductorProcess;
    if (!child) return started;
    this.#processes.watch(child);
    const failed = new AbortController();
    const ended = once(child, "exit", { signal: failed.signal }).then(([code]) => {
      throw new Error(`the conductor in ${this.conductorDir} ended with ${code} before it was ready`);
    });
    try {
      await Promise.race([started, ended]);
    } finally {
      ended.catch(() => undefined);
      failed.abort();
    }
  }

  /** A port that the system chooses. */
  override attachAppInterface(): Promise<number> {
    return super.attachAppInterface({ port: 0, allowed_origins: ORIGIN });
  }

  /** A connection as people make it. Cells have to be authorized. */
  override async connectAppWs(token: number[], port: number): Promise<AppWebsocket> {
    const url = new URL(this.adminApiUrl);
    url.port = String(port);
    this.#app = await connect({
      url,
      token,
      wsClientOptions: { origin: ORIGIN },
      defaultTimeout: this.timeout,
    });
    return this.#app;
  }

  override async shutDown(): Promise<number | null> {
    await closed(this.#app);
    this.#app = undefined;
    return super.shutDown();
  }

  /** Ends it as a crash of the machine would: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    const child = this.conductorProcess;
    if (!child) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    this.conductorProcess = undefined;
    this._adminWs = undefined;
    this.#app = undefined;
  }
}

async function closed(app: AppWebsocket | undefined): Promise<void> {
  const client = app?.client as { close?: () => Promise<unknown> } | undefined;
  await client?.close?.();
}

/** A scenario with conductors of 0.7.1, which has a bootstrap server of its own. */
export class Scenario07 extends TryoramaScenario {
  readonly #processes = new Processes();

  /** Starts a server where peers meet; what it prints first says where it is. */
  async startBootstrap(): Promise<URL> {
    const server = this.#processes.start("rose-forest", "--json", "bootstrap", "--listen", "127.0.0.1:0");
    server.stderr.pipe(process.stderr);
    for await (const line of createInterface({ input: server.stdout })) {
      return new URL((JSON.parse(line) as { url: string }).url);
    }
    throw new Error("the bootstrap server ended before it listened");
  }

  override async ensureLocalServices(): Promise<void> {
    this.bootstrapServerUrl ??= await this.startBootstrap();
  }

  /** Adds a running conductor that meets its peers at this address, or else at the scenario's own. */
  override async addConductor(_network: undefined, label: string, meetAt?: URL): Promise<Conductor07> {
    await this.ensureLocalServices();
    const url = meetAt ?? this.bootstrapServerUrl;
    if (!url) throw new Error("there is no bootstrap server");
    const conductor = await Conductor07.make(this.#processes, url, label, this.timeout);
    this.conductors.push(conductor);
    await conductor.startUp();
    return conductor;
  }

  override async shutDown(): Promise<void> {
    await Promise.all(this.conductors.map((conductor) => conductor.shutDown()));
  }

  override async cleanUp(): Promise<void> {
    try {
      await this.shutDown();
    } finally {
      await this.#processes.end();
    }
  }
}
