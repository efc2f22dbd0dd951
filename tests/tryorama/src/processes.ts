/**
 * The processes and the folder of one test run. All of it is gone when the run is: see `reaper.mjs`.
 *
 * @module
 */

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const REAPER = fileURLToPath(new URL("reaper.mjs", import.meta.url));

/** What a test run started. */
export class Processes {
  /** A folder of the run's own: sandboxes, and whatever `hc` writes where it is called. */
  readonly folder = mkdtempSync(join(tmpdir(), "rose-forest-tryorama-"));
  // In a group of its own, so that an interrupt from the keyboard does not end it, too.
  readonly #reaper = spawn(process.execPath, [REAPER], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });

  constructor() {
    this.#tell(this.folder);
    // A worker of Vitest goes on when Vitest itself was killed. (Vitest does not let a worker call `exit`.)
    process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  }

  /** Starts a program that runs for a while. */
  start(program: string, ...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(program, args, { cwd: this.folder });
    this.watch(child);
    return child;
  }

  /** Sees to it that a process which somebody else started ends with the run. */
  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.#tell(`+${pid}`);
    child.once("exit", () => this.#tell(`-${pid}`));
  }

  /** Runs a program to its end and returns what it printed. */
  async run(program: string, args: string[], input: string): Promise<string> {
    const child = this.start(program, ...args);
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
    child.stdin.end(input);
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${printed}`);
    return printed;
  }

  /** Ends what still runs and removes the folder. */
  async end(): Promise<void> {
    this.#reaper.stdin.end();
    if (this.#reaper.exitCode === null) await once(this.#reaper, "exit");
  }

  #tell(line: string): void {
    if (this.#reaper.stdin.writable) this.#reaper.stdin.write(`${line}\n`);
  }
}
