/**
 * The way that a search went: asked of the zome, and where on the map it begins and ends.
 *
 * @module
 */

import type { SearchTrace } from "rose-forest-client";
import { hashText } from "../lib/bytes";
import { NotHere } from "../lib/failures";
import type { Plane } from "../lib/pca";
import type { OpenCollection } from "../state/collection.svelte";
import type { Loaded } from "./load";

/** A route as it is shown. */
export interface Route {
  /** Where the query lies on the plane. */
  query: [number, number];
  trace: SearchTrace;
  /** The hits that are on the map, by their numbers there, best first. */
  hits: number[];
  /** What was searched from, in words. */
  from: string;
}

/** Hits that are asked for. */
const HITS = 10;
/** Hits in the midst of which a query lies that has no place of its own. */
const NEAR = 3;

/** Searches by the zome, with its way told. Throws `NotHere` where the zome is too old to tell. */
export async function askRoute(
  collection: OpenCollection,
  loaded: Loaded,
  vector: Float32Array,
): Promise<Pick<Route, "trace" | "hits">> {
  const { hits, trace } = await collection.ask((zome) =>
    zome.search({ vector, k: HITS, without_payload: true, trace: true }),
  );
  if (!trace)
    throw new NotHere(
      "This zome does not say which way a search went.",
      "Update the hApp of this conductor.",
    );
  const numbers = new Map(
    loaded.points.map(({ id, author }, index) => [`${typeof id} ${String(id)} ${author}`, index]),
  );
  const found = hits.flatMap(
    ({ id, author }) => numbers.get(`${typeof id} ${String(id)} ${hashText(author)}`) ?? [],
  );
  return { trace, hits: found };
}

/** Where a vector lies on the plane of the principal components. By angle, its length does not count. */
export function onPlane(vector: Float32Array, { mean, axes }: Plane, byAngle: boolean): [number, number] {
  const norm = byAngle ? Math.hypot(...vector) || 1 : 1;
  const along = (axis: Float32Array | undefined) =>
    axis?.reduce((sum, value, at) => sum + value * ((vector[at] ?? 0) / norm - (mean[at] ?? 0)), 0) ?? 0;
  return [along(axes[0]), along(axes[1])];
}

/** In the midst of the first of these points. */
export function amid(points: readonly number[], xy: Float32Array): [number, number] {
  const near = points.slice(0, NEAR);
  const mean = (axis: number) =>
    near.reduce((sum, point) => sum + xy[point * 2 + axis]!, 0) / (near.length || 1);
  return [mean(0), mean(1)];
}
