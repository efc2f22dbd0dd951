/**
 * A plain conductor: one that `hc sandbox` runs, or a program that shows hApps.
 *
 * @module
 */

import { type AppWebsocket, CellType } from "@holochain/client";
import { decode, encode } from "@msgpack/msgpack";
import { properties, RoseForest, ROLE } from "rose-forest-client";
import { fromBase64, hashText, sameBytes } from "../lib/bytes";
import { NotHere } from "../lib/failures";
import { ANSWER_MS } from "../lib/patience";
import type { Credentials, Door, Host, Summary, Wanted } from "./host";
import { readInvite, writeInvite } from "./invite";
import { connectApp } from "./zome";

/** Where a plain conductor is. */
export interface Place {
  /** The app interface. */
  url: string;
  /** A token for it, in base64, that can be used again. */
  token: string;
  /** Where credentials for a cell are had; nothing where the program around the page signs. */
  authorize?: string;
}

type Clone = { clone_id: string; cell_id: [Uint8Array, Uint8Array]; name: string; enabled: boolean } & {
  dna_modifiers: { network_seed: string; properties: Uint8Array };
};

export class PlainHost implements Host {
  readonly kind = "plain";
  readonly filtersAll = false;
  #app: Promise<AppWebsocket> | undefined;
  readonly #credentials = new Map<string, Credentials>();

  constructor(readonly place: Place) {}

  async collections(): Promise<Summary[]> {
    return (await this.#clones()).map((clone) => {
      const schema = decode(clone.dna_modifiers.properties) as Wanted;
      return { ...schema, key: clone.clone_id, hash: hashText(clone.cell_id[0]), takesPart: clone.enabled };
    });
  }

  async create(wanted: Wanted): Promise<string> {
    return this.#make(wanted, crypto.randomUUID());
  }

  async invite(key: string): Promise<string> {
    const { dna_modifiers, cell_id } = await this.#clone(key);
    return writeInvite({
      properties: dna_modifiers.properties,
      seed: dna_modifiers.network_seed,
      dnaHash: cell_id[0],
    });
  }

  async join(text: string): Promise<string> {
    const { schema, seed, dnaHash, properties: bytes } = await readInvite(text);
    const here = (await this.#clones()).find((clone) => sameBytes(clone.cell_id[0], dnaHash));
    if (here?.enabled) return here.clone_id;
    if (here) {
      const app = await this.#connected();
      await app.enableCloneCell({ clone_cell_id: { type: "clone_id", value: here.clone_id } });
      return here.clone_id;
    }
    if (!sameBytes(bytes, encode(properties(schema)))) {
      throw new NotHere(
        "This invite is to a collection of another kind than this app makes.",
        "Join it with a newer program.",
      );
    }
    return this.#make(schema, seed);
  }

  async leave(key: string): Promise<void> {
    const app = await this.#connected();
    await app.disableCloneCell({ clone_cell_id: { type: "clone_id", value: key } });
  }

  async door(key: string): Promise<Door> {
    const { cell_id } = await this.#clone(key);
    const [dnaHash, agent] = cell_id;
    const { url, token } = this.place;
    return { url, token: fromBase64(token), dnaHash, agent, credentials: await this.#authorize(dnaHash) };
  }

  async #make(wanted: Wanted, seed: string): Promise<string> {
    const { id } = await new RoseForest(await this.#connected()).create({ ...wanted, seed });
    return id;
  }

  async #authorize(dnaHash: Uint8Array): Promise<Credentials | undefined> {
    const { authorize } = this.place;
    if (!authorize) return undefined;
    const known = this.#credentials.get(hashText(dnaHash));
    if (known) return known;
    const answer = await fetch(authorize, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dna_hash: hashText(dnaHash) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!answer.ok) {
      throw new NotHere(
        `The script that started the conductor gives no credentials: ${await answer.text()}`,
        "Open the address that it printed again.",
      );
    }
    const { cap_secret, signing_key, public_key, private_key } = (await answer.json()) as Record<
      string,
      string
    >;
    const credentials = {
      capSecret: fromBase64(cap_secret ?? ""),
      signingKey: fromBase64(signing_key ?? ""),
      publicKey: fromBase64(public_key ?? ""),
      privateKey: fromBase64(private_key ?? ""),
    };
    this.#credentials.set(hashText(dnaHash), credentials);
    return credentials;
  }

  async #clones(): Promise<Clone[]> {
    const app = await this.#connected();
    const cells = (await app.appInfo()).cell_info[ROLE] ?? [];
    const clones = cells.flatMap((cell) =>
      cell.type === CellType.Cloned ? [cell.value as unknown as Clone] : [],
    );
    return clones.sort((a, b) => a.clone_id.localeCompare(b.clone_id, "en", { numeric: true }));
  }

  async #clone(key: string): Promise<Clone> {
    const found = (await this.#clones()).find((clone) => clone.clone_id === key);
    if (found) return found;
    throw new NotHere("This collection is not here.", "Go back to the list of collections.");
  }

  /** One connection for lists and clones, made again when it was lost. */
  #connected(): Promise<AppWebsocket> {
    if (!this.#app) {
      const app = connectApp(this.place.url, fromBase64(this.place.token || ""));
      this.#app = app;
      const forget = () => {
        if (this.#app === app) this.#app = undefined;
      };
      app.then(
        ({ client }) =>
          (client as unknown as { socket?: WebSocket }).socket?.addEventListener("close", forget),
        forget,
      );
    }
    return this.#app;
  }
}
