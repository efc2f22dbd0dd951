/**
 * Which host this page has, and its collections.
 *
 * @module
 */

import type { Host, Summary } from "../host/host";
import { apiKey, NodeHost } from "../host/node";
import type { Place } from "../host/plain";
import { explain, type Explained, isAbsence, NodeError } from "../lib/failures";
import { followAddress } from "./route.svelte";

const PLACE = "rose-forest-conductor";
const RETRY_MS = 2000;

/** The host and its collections. */
export const session = $state<{
  host: Host | undefined;
  /** `key`: the node wants its API key. `absent`: nobody answers; it is asked again. */
  phase: "starting" | "ready" | "key" | "absent";
  failure: Explained | undefined;
  collections: Summary[];
}>({ host: undefined, phase: "starting", failure: undefined, collections: [] });

/** Finds the host and asks it for its collections, again and again until it answers. */
export async function begin(): Promise<void> {
  const place = findPlace();
  followAddress();
  session.host = place
    ? new (await import("../host/plain")).PlainHost(place)
    : new NodeHost(new URL("../", location.href.replace(/#.*/, "")));
  await refresh();
}

let asking: ReturnType<typeof setTimeout> | undefined;

/** Asks for the collections. Where nobody answers, asks again. */
export async function refresh(): Promise<void> {
  clearTimeout(asking);
  try {
    session.collections = (await session.host?.collections()) ?? [];
    session.phase = "ready";
    session.failure = undefined;
  } catch (error) {
    session.failure = explain(error);
    session.phase = error instanceof NodeError && error.status === 401 ? "key" : "absent";
    if (session.phase === "absent" || isAbsence(error)) asking = setTimeout(() => void refresh(), RETRY_MS);
  }
}

/** Takes the node's API key. */
export async function useKey(key: string): Promise<void> {
  apiKey.set(key.trim());
  await refresh();
}

/** The conductor that the address names, or that the program around the page is. What is secret leaves the address at once. */
function findPlace(): Place | undefined {
  const given = new URLSearchParams(location.hash.slice(1));
  const url = given.get("conductor");
  if (url) {
    const place: Place = {
      url,
      token: given.get("token") ?? "",
      authorize: given.get("authorize") ?? undefined,
    };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
    history.replaceState(null, "", `${location.pathname}${location.search}#/`);
    return place;
  }
  const around = (window as { __HC_LAUNCHER_ENV__?: { APP_INTERFACE_PORT?: number } }).__HC_LAUNCHER_ENV__;
  // The client takes address and token from there itself.
  if (around) return { url: `ws://localhost:${around.APP_INTERFACE_PORT ?? 0}`, token: "" };
  const kept = sessionStorage.getItem(PLACE);
  return kept ? (JSON.parse(kept) as Place) : undefined;
}
