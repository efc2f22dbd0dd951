/**
 * What the map shows, read page by page.
 *
 * @module
 */

import type { CellInfo, CellName, CellsOutput, RegionInfo, ScrollOutput } from "rose-forest-client";
import type { Found } from "../host/host";
import { toBase64Url } from "../lib/bytes";
import type { OpenCollection } from "../state/collection.svelte";

/** Points that are read at most, so that the tab stays small: with 384 numbers each 77 MB. */
export const MAX_POINTS = 50_000;
/** And numbers at most: 200 MB of them. */
const MAX_FLOATS = 50_000_000;
/** Of one answer: a quarter of what a conductor sends at once. */
const PAGE_FLOATS = 1_000_000;

export interface Loaded {
  points: Found[];
  vectors: Float32Array;
  dimension: number;
  cells: CellInfo[];
  regions: RegionInfo[];
  /** Whether there are more points than are shown. */
  isPart: boolean;
}

/** Where a cell is in a list, by its name. */
export function nameOf({ founding, index }: CellName): string {
  return `${toBase64Url(founding)} ${index}`;
}

/** Reads points and cells. Stops early when `signal` says so. */
export async function load(
  collection: OpenCollection,
  dimension: number,
  progress: (points: number) => void,
  signal: AbortSignal,
): Promise<Loaded> {
  const most = Math.min(MAX_POINTS, Math.floor(MAX_FLOATS / dimension));
  const limit = Math.max(1, Math.min(5000, Math.floor(PAGE_FLOATS / dimension)));
  const points: Found[] = [];
  const pages: Float32Array[] = [];
  let cursor: string | null = null;
  do {
    const from: string | null = cursor;
    const page: ScrollOutput = await collection.ask((zome) =>
      zome.scroll({
        limit: Math.min(limit, most - points.length),
        with_vector: true,
        ...(from === null ? {} : { cursor: from }),
      }),
    );
    signal.throwIfAborted();
    const vectors = new Float32Array(page.points.length * dimension);
    const lib = await import("../host/zome");
    page.points.forEach((point, index) => {
      if (point.vector) vectors.set(point.vector, index * dimension);
      points.push({ ...lib.foundOf(point), vector: undefined });
    });
    pages.push(vectors);
    progress(points.length);
    cursor = page.next_cursor;
  } while (cursor !== null && points.length < most);
  const vectors = new Float32Array(points.length * dimension);
  let at = 0;
  for (const page of pages) {
    vectors.set(page, at);
    at += page.length;
  }
  const { cells, regions } = await loadCells(collection, signal);
  return { points, vectors, dimension, cells, regions, isPart: cursor !== null };
}

async function loadCells(
  collection: OpenCollection,
  signal: AbortSignal,
): Promise<{ cells: CellInfo[]; regions: RegionInfo[] }> {
  const cells: CellInfo[] = [];
  const regions: RegionInfo[] = [];
  let after: CellName | null = null;
  try {
    do {
      const from: CellName | null = after;
      const page: CellsOutput = await collection.ask((zome) =>
        zome.cells(from === null ? {} : { after: from }),
      );
      signal.throwIfAborted();
      cells.push(...page.cells);
      regions.push(...page.regions);
      after = page.next;
    } while (after !== null);
  } catch (error) {
    signal.throwIfAborted();
    // A DNA from before there was such a function: the map goes without cells.
    console.info("no cells:", error);
  }
  return { cells, regions };
}
