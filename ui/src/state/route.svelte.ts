/**
 * Where the page is: the part of its address after `#`.
 *
 * @module
 */

import type { Found } from "../host/host";

export type View = "search" | "map" | "add" | "network" | "share" | "point";

export interface Route {
  /** The collection, or the list where there is none. */
  collection?: string;
  view: View;
  /** The point that is looked at: its id as `idOf` reads it, and its author. */
  point?: { id: string; author: string };
}

/** Reads an address. */
export function readRoute(hash: string): Route {
  const [kind, collection, view, id, author] = hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => safeDecode(part));
  if (kind !== "c" || !collection) return { view: "search" };
  if (view === "point" && id !== undefined) return { collection, view, point: { id, author: author ?? "" } };
  return { collection, view: isView(view) ? view : "search" };
}

/** An address. */
export function address(collection?: string, view: View = "search", ...rest: string[]): string {
  if (collection === undefined) return "#/";
  return `#/${["c", collection, view, ...rest].map(encodeURIComponent).join("/")}`;
}

/** The address of a point. Quotes say of a text that looks like a number that it is a text. */
export function pointAddress(collection: string, { id, author }: Pick<Found, "id" | "author">): string {
  return address(collection, "point", typeof id === "string" ? JSON.stringify(id) : String(id), author);
}

function isView(view: string | undefined): view is View {
  return ["search", "map", "add", "network", "share"].includes(view ?? "");
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Where the page is now. */
export const here = $state<{ route: Route }>({ route: { view: "search" } });

/** Follows the address. */
export function followAddress(): void {
  const read = () => {
    here.route = readRoute(location.hash);
  };
  read();
  addEventListener("hashchange", read);
}
