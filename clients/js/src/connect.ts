/**
 * Connecting to a conductor, and being allowed to call.
 *
 * @module
 */

import {
  type AdminWebsocket,
  AppWebsocket,
  type AppWebsocketConnectionOptions,
  type CellId,
  generateSigningKeyPair,
  randomCapSecret,
  setSigningCredentials,
} from "@holochain/client";
import { RoseForestError } from "./errors.js";
import { exactZomeCalls } from "./exact.js";
import { COORDINATOR_ZOME, FUNCTIONS } from "./generated/zome.js";

/**
 * Connects to an app interface, with `url` and `token`, so that integers of 64 bits arrive as they are. In a program that
 * shows hApps (a launcher, Tauri) it finds both by itself.
 *
 * @throws {@link RoseForestError} of kind `unreachable` or `unauthorized`.
 */
export async function connect(
  options: Omit<AppWebsocketConnectionOptions, "callZomeTransform"> = {},
): Promise<AppWebsocket> {
  try {
    return await AppWebsocket.connect({ ...options, callZomeTransform: exactZomeCalls });
  } catch (error) {
    throw RoseForestError.from(error, "connect");
  }
}

/**
 * Makes credentials for a cell and has the conductor accept them for the functions of the zome: once for each cell of a
 * process. For whoever has the admin interface: tests, scripts, a program that hands the credentials to a page
 * (`setSigningCredentials` of the client takes them there). A page should not have it.
 *
 * It takes the place of `authorizeSigningCredentials`: the grant of `@holochain/client` 0.21.0 has a shape that conductors of
 * 0.7.1 refuse.
 *
 * @param zome - The name of the coordinator zome.
 */
export async function authorize(
  admin: AdminWebsocket,
  cellId: CellId,
  zome: string = COORDINATOR_ZOME,
): Promise<void> {
  const [keyPair, signingKey] = await generateSigningKeyPair();
  const capSecret = await randomCapSecret();
  const grant = {
    tag: "rose-forest-client",
    constraint: { type: "assigned", value: { secret: capSecret, assignees: [signingKey] } },
    grant: { functions: { type: "listed", value: FUNCTIONS.map((name) => [zome, name]) } },
  };
  try {
    // The client's type is of the shape before 0.7.1.
    await admin.grantZomeCallCapability({ cell_id: cellId, cap_grant: grant as never });
  } catch (error) {
    throw RoseForestError.from(error, "authorize");
  }
  setSigningCredentials(cellId, { capSecret, keyPair, signingKey });
}
