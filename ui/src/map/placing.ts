/**
 * Has a worker place the points: what it is told, and that there is one at a time.
 *
 * @module
 */

import type { Task, Told } from "../workers/projecting";
import type { Loaded } from "./load";

export class Placing {
  #worker: Worker | undefined;

  /** Starts, and calls `told` until the points are placed or that failed. What was under way ends. */
  start(kind: Task["kind"], loaded: Loaded, byAngle: boolean, told: (told: Told) => void): void {
    this.stop();
    const { vectors, dimension, cells } = loaded;
    const centres = new Float32Array(cells.length * dimension);
    cells.forEach(({ vector }, index) => centres.set(vector, index * dimension));
    this.#worker = new Worker(new URL("../workers/projecting.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Told>) => told(data);
    this.#worker.postMessage({ kind, vectors, dimension, centres, byAngle } satisfies Task);
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
