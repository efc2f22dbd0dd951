/**
 * Nodes: `rose-forest serve` in processes of their own, and where they meet.
 *
 * @module
 */

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Processes } from "../../tryorama/src/processes.ts";

const PROGRAM = process.env.ROSE_FOREST ?? "rose-forest";
process.env.ROSE_FOREST_PASSPHRASE = "xxxxxxxx";

/** A node. */
export class Node {
  url = "";
  /** What it wrote to its log: where `MEASURE` is set, how long each call of the zome took, too. */
  readonly logged: string[] = [];
  #child: ChildProcessWithoutNullStreams | undefined;

  constructor(
    private readonly processes: Processes,
    private readonly name: string,
    private readonly bootstrap: string | undefined,
    private readonly more: string[] = [],
  ) {}

  /** Starts it, on the port that it had before. */
  async start(): Promise<void> {
    const http = this.url ? new URL(this.url).host : "127.0.0.1:0";
    const where = ["--json", "--http", http, "--data-dir", this.#dir];
    const peers = this.bootstrap ? ["--bootstrap", this.bootstrap] : [];
    const log = process.env.MEASURE ? ["--log", "warn,rose_forest::calls=debug"] : [];
    this.#child = this.processes.start(PROGRAM, "serve", ...where, ...peers, ...log, ...this.more);
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.logged.push(line));
    this.url = (await said(this.#child, "url", "listening")).replace(/\/$/, "");
  }

  /** Stops it, as a person would. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  }

  /** Runs a command against it, as a person would who has its data directory. */
  async command(...words: string[]): Promise<string> {
    return this.processes.run(PROGRAM, [...words, "--json", "--data-dir", this.#dir], "");
  }

  get #dir(): string {
    return join(this.processes.folder, this.name);
  }

  /** Asks its HTTP API. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.url}/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { result: T }).result;
  }
}

/** Two nodes that meet at a server of their own. */
export class Nodes {
  readonly #processes = new Processes();
  ann!: Node;
  ben!: Node;

  async start(): Promise<void> {
    const server = this.#processes.start(PROGRAM, "--json", "bootstrap", "--listen", "127.0.0.1:0");
    server.stderr.resume();
    const bootstrap = await said(server, "url");
    this.ann = new Node(this.#processes, "ann", bootstrap);
    this.ben = new Node(this.#processes, "ben", bootstrap);
    await Promise.all([this.ann.start(), this.ben.start()]);
  }

  async end(): Promise<void> {
    await this.#processes.end();
  }
}

/** What a program says under this name in a line of JSON; it goes on to be read afterwards. */
export async function said(
  child: ChildProcessWithoutNullStreams,
  field: string,
  event?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const words = JSON.parse(line) as Record<string, string>;
      if (words[field] && (event === undefined || words.event === event)) resolve(words[field]);
    });
  });
}
