/**
 * The collections of an app: clones of one role.
 *
 * @module
 */

import { type AppClient, CellType } from "@holochain/client";
import { Collection, type CollectionOptions } from "./collection.js";
import { RoseForestError } from "./errors.js";
import { type Distance, type Encoding, ROLE, SCHEMA_FIELDS, type Schema } from "./generated/zome.js";

/** What decides which collection it is: peers with the same of everything are in one. */
export interface NewCollection {
  /** Its name. */
  name: string;
  /** Components of every vector: 1 to 4096. */
  dimension: number;
  /** How vectors are compared. */
  distance: Distance;
  /** How vectors are stored; `sq8`, a byte a component, if nothing is said. */
  encoding?: Encoding;
  /** What keeps it apart from others with the same schema, and strangers out: a secret among its members. */
  seed: string;
}

/** A clone of the role. */
export interface Clone {
  /** Its clone id, such as `rose_forest.0`. */
  id: string;
  /** What this node calls it. */
  name: string;
  /** Whether it takes part. */
  enabled: boolean;
  /** The collection. */
  collection: Collection;
}

/** What a forest may be told. */
export interface ForestOptions extends CollectionOptions {
  /** The role; that of the shipped hApp if nothing is said. */
  role?: string;
}

/** The collections of an app. */
export class RoseForest {
  constructor(
    readonly client: AppClient,
    readonly options: ForestOptions = {},
  ) {}

  /**
   * Creates a collection or joins it: whoever gives the same schema and seed is in the same one.
   *
   * @throws {@link RoseForestError}, also when this app has it already.
   */
  async create(collection: NewCollection): Promise<Clone> {
    const { seed, ...wanted } = collection;
    try {
      const clone = await this.client.createCloneCell({
        role_name: this.#role,
        modifiers: { network_seed: seed, properties: properties(wanted) },
        name: wanted.name,
      });
      return this.#clone(clone);
    } catch (error) {
      throw RoseForestError.from(error, "create");
    }
  }

  /** The collections of this app, in the order of their ids. */
  async collections(): Promise<Clone[]> {
    try {
      const cells = (await this.client.appInfo())?.cell_info[this.#role] ?? [];
      const clones = cells.flatMap((cell) =>
        cell.type === CellType.Cloned ? [this.#clone(cell.value)] : [],
      );
      return clones.sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
    } catch (error) {
      throw RoseForestError.from(error, "collections");
    }
  }

  /**
   * A collection by its clone id.
   *
   * @throws {@link RoseForestError} of kind `not_found`.
   */
  async collection(id: string): Promise<Collection> {
    const clones = await this.collections();
    const found = clones.find((clone) => clone.id === id);
    if (found) return found.collection;
    const others = clones.map((clone) => clone.id).join(", ") || "none";
    throw new RoseForestError("not_found", `There is no collection ${id}; there are: ${others}.`);
  }

  get #role(): string {
    return this.options.role ?? ROLE;
  }

  #clone(cell: { clone_id: string; cell_id: Collection["cellId"]; name: string; enabled: boolean }): Clone {
    const { clone_id: id, cell_id, name, enabled } = cell;
    return { id, name, enabled, collection: new Collection(this.client, cell_id, this.options) };
  }
}

/** The properties of its DNA, in the order in which they are hashed. */
export function properties({ name, dimension, distance, encoding }: Omit<NewCollection, "seed">): Schema {
  const schema: Schema = {
    version: 1,
    name,
    dimension,
    distance,
    encoding: encoding ?? "sq8",
    payload: "plain",
    writers: "anyone",
  };
  return Object.fromEntries(SCHEMA_FIELDS.map((field) => [field, schema[field]])) as unknown as Schema;
}
