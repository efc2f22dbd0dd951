/**
 * The last search, for the map to show it.
 *
 * @module
 */

import type { Found } from "../host/host";

class LastSearch {
  vector = $state.raw<Float32Array | undefined>();
  hits = $state.raw<Found[]>([]);
}

export const lastSearch = new LastSearch();
