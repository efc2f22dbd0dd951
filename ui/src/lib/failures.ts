/**
 * What is wrong, as a sentence, and what to do about it.
 *
 * @module
 */

/** What a person is told. */
export interface Explained {
  /** What is wrong. */
  what: string;
  /** What to do. */
  advice: string;
}

/** An answer of the node's HTTP API that is no success. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Something this host has no way to do. */
export class NotHere extends Error {
  override readonly name = "NotHere";
  constructor(
    message: string,
    readonly advice: string,
  ) {
    super(message);
  }
}

/** What to do for each kind of error of the package; what is wrong, where its own words would not be understood. */
const KINDS: Record<string, { what?: string; advice: string }> = {
  input: { advice: "Change what you entered; nothing was sent." },
  refused: { advice: "Change what you entered and try again; nothing was written." },
  conflict: {
    what: "Other writes to this collection came first each time.",
    advice: "Nothing was written: try again in a moment.",
  },
  joining: {
    what: "This collection has not joined its network yet.",
    advice: "Nothing was written: try again in a few seconds.",
  },
  unauthorized: {
    what: "The conductor no longer accepts what this page shows it.",
    advice:
      "Reload the page. If that does not help, open it from the program again: it makes new credentials.",
  },
  not_found: {
    what: "This collection is not here any more.",
    advice: "Go back to the list of collections; join it again with an invite.",
  },
  too_large: { advice: "Send fewer points at once." },
  unreachable: {
    what: "The node does not answer.",
    advice:
      "Start it again; the page connects by itself. A write that was under way may or may not have happened.",
  },
  timeout: {
    what: "No answer came in time.",
    advice: "The node may be busy: try again. A write that was under way may or may not have happened.",
  },
  unsupported: {
    what: "This browser cannot send integers this large exactly.",
    advice: "Use a newer browser (Chrome 137, Firefox 129, Safari 17), or an id that is a text.",
  },
  conductor: { advice: "Try again. If it stays, the node's log says more." },
};

const STATUSES: Record<number, { what?: string; advice: string }> = {
  401: { what: "This node wants a key.", advice: "Enter its API key." },
  403: { what: "This key may not do that.", advice: "Use a key that may do everything." },
  404: { advice: "Go back to the list of collections; it may have been left." },
  409: { advice: "Choose another name, or another seed." },
  413: { advice: "Send fewer points at once." },
  429: { what: "The node has too much to do.", advice: "Try again in a few seconds." },
  503: { advice: "The node is not ready yet: try again in a few seconds." },
  504: { what: "No answer came in time.", advice: "The node may be busy: try again." },
};

/** Any error as a person reads it. */
export function explain(error: unknown): Explained {
  if (error instanceof NotHere) return { what: error.message, advice: error.advice };
  if (error instanceof NodeError) {
    const known = STATUSES[error.status];
    return {
      what: known?.what ?? period(error.message),
      advice:
        known?.advice ??
        (error.status >= 500
          ? "Try again. If it stays, the node's log says more."
          : "Change what you entered and try again."),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  const kind = kindOf(error);
  const dimension =
    /expected (?:a vector of )?(\d+) (?:components|dimensions|numbers).*?(?:received|got) (\d+)/is.exec(
      message,
    );
  if (dimension) {
    return {
      what: `The vectors of this collection have ${dimension[1]} numbers, and this one has ${dimension[2]}.`,
      advice: "Use the model that the collection was made with.",
    };
  }
  const known = kind === undefined ? undefined : KINDS[kind];
  if (known) return { what: known.what ?? period(message), advice: known.advice };
  if (error instanceof TypeError && /fetch|network/i.test(message)) {
    return { what: KINDS.unreachable!.what!, advice: KINDS.unreachable!.advice };
  }
  return { what: period(message), advice: "Try again." };
}

/**
 * The kind of an error of the package; by its field, so that this module does not load the package. What the page itself gave up
 * waiting for counts as one.
 */
export function kindOf(error: unknown): string | undefined {
  if (error instanceof Error && error.name === "TimeoutError") return "timeout";
  return error instanceof Error && error.name === "RoseForestError"
    ? (error as { kind?: string } & Error).kind
    : undefined;
}

/** Whether it means that nobody is there. */
export function isAbsence(error: unknown): boolean {
  return (
    kindOf(error) === "unreachable" || (error instanceof TypeError && /fetch|network/i.test(error.message))
  );
}

/** What an answer lacks, in words. */
export function gapSentence(gap: string | Record<string, number>): string {
  if (gap === "arc_not_full") return "this node stores only a part of the collection";
  if (gap === "arc_unknown") return "it is not known how much of the collection this node stores";
  if (gap === "nobody_to_ask")
    return "this node has not received everything yet, and there is no peer to ask";
  if (gap === "peers_unknown")
    return "this node has not received everything yet, and it is not known who could be asked";
  if (typeof gap === "string") return gap.replaceAll("_", " ");
  const [[name, number] = ["", 0]] = Object.entries(gap);
  switch (name) {
    case "peers_unreachable":
      return `${number} of the peers cannot be reached`;
    case "network_failed":
      return `${number} look-ups over the network failed`;
    case "blocks_missing":
      return `${number} blocks have not arrived`;
    case "cells_missing":
      return `${number} entries of cells have not arrived`;
    default:
      return `${name.replaceAll("_", " ")}: ${number}`;
  }
}

function period(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
