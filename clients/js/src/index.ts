/**
 * Collections of vectors on Holochain: the functions of Rose Forest's coordinator zome over `@holochain/client`.
 *
 * @packageDocumentation
 */

export { Collection, type CollectionOptions } from "./collection.js";
export { authorize, connect } from "./connect.js";
export { type ErrorKind, RoseForestError } from "./errors.js";
export { exactZomeCalls } from "./exact.js";
export { type Clone, type ForestOptions, type NewCollection, properties, RoseForest } from "./forest.js";
export * from "./generated/zome.js";
export type { Integer64 } from "./integers.js";
