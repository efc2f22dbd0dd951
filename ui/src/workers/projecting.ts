/**
 * Places vectors on a plane, in a worker: by principal components at once, by UMAP when asked.
 *
 * @module
 */

import { UMAP } from "umap-js";
import { nearestCentre, principal, project } from "../lib/pca";

export interface Task {
  kind: "pca" | "umap";
  vectors: Float32Array;
  dimension: number;
  centres: Float32Array;
  byAngle: boolean;
}

export type Told =
  | { kind: "progress"; done: number; what: string }
  | {
      kind: "placed";
      xy: Float32Array;
      centres: Float32Array;
      cellOf: Int32Array;
      plane?: { mean: Float32Array; axes: Float32Array[] };
    }
  | { kind: "failed"; why: string };

/** Rows that UMAP itself places; the others go where their nearest neighbours among those are. It takes minutes for more. */
export const UMAP_ROWS = 4000;
/** Components that UMAP sees: it needs distances between neighbours, and those are in the first ones. */
const UMAP_COMPONENTS = 24;
const NEIGHBOURS = 3;

addEventListener("message", ({ data }: MessageEvent<Task>) => {
  try {
    if (data.kind === "pca") pca(data);
    else umap(data);
  } catch (error) {
    tell({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  }
});

function pca({ vectors, dimension, centres, byAngle }: Task): void {
  const plane = principal(vectors, dimension);
  tell({ kind: "progress", done: 0.5, what: "placing points" });
  const xy = flat(project(vectors, dimension, plane), plane.axes.length);
  const placed = flat(project(centres, dimension, plane), plane.axes.length);
  const cellOf = nearestCentre(vectors, centres, dimension, byAngle);
  tell({ kind: "placed", xy, centres: placed, cellOf, plane });
}

function umap({ vectors, dimension, centres, byAngle }: Task): void {
  tell({ kind: "progress", done: 0, what: "principal components first" });
  const plane = principal(vectors, dimension, Math.min(UMAP_COMPONENTS, dimension));
  const width = plane.axes.length;
  const reduced = project(vectors, dimension, plane);
  const rows = reduced.length / width;
  const stride = Math.max(1, rows / UMAP_ROWS);
  const sample = Array.from({ length: Math.min(rows, UMAP_ROWS) }, (_, at) => Math.floor(at * stride));
  const data = sample.map((row) => [...reduced.subarray(row * width, (row + 1) * width)]);
  tell({ kind: "progress", done: 0.02, what: "finding neighbours" });
  const map = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(15, data.length - 1),
    minDist: 0.1,
    random: seeded(),
  });
  const epochs = map.initializeFit(data);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    map.step();
    if (epoch % 10 === 0) tell({ kind: "progress", done: 0.1 + (0.85 * epoch) / epochs, what: "arranging" });
  }
  const embedding = map.getEmbedding();
  const xy = new Float32Array(rows * 2);
  const isPlaced = new Uint8Array(rows);
  sample.forEach((row, at) => {
    isPlaced[row] = 1;
    xy.set(embedding[at] ?? [0, 0], row * 2);
  });
  tell({ kind: "progress", done: 0.96, what: "placing the others" });
  for (let row = 0; row < rows; row += 1) {
    if (!isPlaced[row]) xy.set(besideNeighbours(reduced, row, width, sample, embedding), row * 2);
  }
  const cellOf = nearestCentre(vectors, centres, dimension, byAngle);
  tell({ kind: "placed", xy, centres: middles(xy, cellOf, centres.length / dimension), cellOf });
}

/** The mean of where a row's nearest neighbours of the sample lie. */
function besideNeighbours(
  rows: Float32Array,
  row: number,
  width: number,
  sample: number[],
  placed: number[][],
): [number, number] {
  const best: { at: number; distance: number }[] = [];
  for (let at = 0; at < sample.length; at += 1) {
    let distance = 0;
    const other = sample[at]! * width;
    for (let axis = 0; axis < width; axis += 1)
      distance += (rows[row * width + axis]! - rows[other + axis]!) ** 2;
    if (best.length < NEIGHBOURS || distance < best[best.length - 1]!.distance) {
      best.push({ at, distance });
      best.sort((a, b) => a.distance - b.distance);
      if (best.length > NEIGHBOURS) best.pop();
    }
  }
  const sum = (axis: number) =>
    best.reduce((total, { at }) => total + (placed[at]?.[axis] ?? 0), 0) / best.length;
  return [sum(0), sum(1)];
}

/** UMAP has no place for a centre: the middle of its points. */
function middles(xy: Float32Array, cellOf: Int32Array, cells: number): Float32Array {
  const sums = new Float64Array(cells * 3);
  cellOf.forEach((cell, row) => {
    if (cell < 0) return;
    sums[cell * 3]! += xy[row * 2]!;
    sums[cell * 3 + 1]! += xy[row * 2 + 1]!;
    sums[cell * 3 + 2]! += 1;
  });
  return Float32Array.from({ length: cells * 2 }, (_, at) => {
    const cell = at >> 1;
    return sums[cell * 3 + (at & 1)]! / (sums[cell * 3 + 2] || Number.NaN);
  });
}

/** Two coordinates for each row, also of vectors that have but one number. */
function flat(projected: Float32Array, axes: number): Float32Array {
  if (axes === 2) return projected;
  return Float32Array.from({ length: projected.length * 2 }, (_, at) =>
    at % 2 === 0 ? projected[at / 2]! : 0,
  );
}

function seeded(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function tell(told: Told): void {
  postMessage(told);
}
