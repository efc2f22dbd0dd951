/**
 * What can go wrong.
 *
 * @module
 */

/**
 * Why a call failed:
 *
 * - `input`: what was given cannot be sent; nothing was.
 * - `refused`: the zome said no; `message` has its words.
 * - `conflict`: another write to the same cell came first, again and again; nothing was written.
 * - `joining`: the cell has not joined its network yet, again and again; nothing was written.
 * - `unauthorized`: the conductor does not let this page call the cell.
 * - `not_found`: there is no such collection.
 * - `too_large`: it is larger than what the conductor takes at once; nothing was sent.
 * - `unreachable`: there is no connection. A write may or may not have happened.
 * - `timeout`: no answer came in time. A write may or may not have happened.
 * - `unsupported`: the connection or the platform cannot do it exactly.
 * - `conductor`: anything else that the conductor says.
 */
export type ErrorKind =
  | "input"
  | "refused"
  | "conflict"
  | "joining"
  | "unauthorized"
  | "not_found"
  | "too_large"
  | "unreachable"
  | "timeout"
  | "unsupported"
  | "conductor";

/** An error with a sentence for people (`message`) and a word for programs (`kind`). */
export class RoseForestError extends Error {
  override readonly name = "RoseForestError";
  /** What kind of error it is. */
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  /** What `@holochain/client` throws, as one of these. `doing` says what was tried, such as "search". */
  static from(error: unknown, doing: string): RoseForestError {
    if (error instanceof RoseForestError) return error;
    const name = error instanceof Error ? error.name : "";
    const text = error instanceof Error ? error.message : String(error);
    const kind = kindOf(name, text);
    return new RoseForestError(kind, sentence(kind, text, doing), { cause: error });
  }
}

/** Words by which what the conductor and its client say is known; the first that fits counts. */
const SIGNS: readonly [RegExp, ErrorKind][] = [
  [/HeadMoved|source chain head has moved/, "conflict"],
  [/K2SpaceNotFound|The K2 Space/, "joining"],
  [/Guest\(\\*"/, "refused"],
  [/Unrecognized object: \[object BigInt\]/, "unsupported"],
  [/NoSigningCredentialsForCell|Unauthorized|InvalidTokenError|BadCapGrant|BadSignature/i, "unauthorized"],
  [/NoCellFor|CellMissing|CellDisabled|AppNotFound/, "not_found"],
  [/timed out/, "timeout"],
  [/ConnectionError|WebsocketClosedError|ClientClosedWithPendingRequests|not open/, "unreachable"],
];

function kindOf(name: string, text: string): ErrorKind {
  return SIGNS.find(([sign]) => sign.test(`${name}: ${text}`))?.[1] ?? "conductor";
}

function sentence(kind: ErrorKind, text: string, doing: string): string {
  switch (kind) {
    case "refused":
      return guest(text);
    case "conflict":
      return `${doing}: other writes to this cell came first each time. Nothing was written; try again.`;
    case "joining":
      return `${doing}: this cell has not joined its network yet. Nothing was written; try again.`;
    case "unsupported":
      return `${doing}: this connection cannot send integers beyond 2^53 - 1. Connect with \`connect\` of this package.`;
    case "unauthorized":
      return `${doing}: the conductor does not let us call this cell. Authorize it first (see \`authorize\`). It says: ${text}`;
    default:
      return `${doing}: ${text}`;
  }
}

/** The zome's own words, which Rust prints for debugging as `Guest("…")`, or inside other printed text `Guest(\"…\")`. */
function guest(text: string): string {
  const inner = text.slice(text.lastIndexOf("Guest("));
  const layers = /^Guest\((\\*)"/.exec(inner)?.[1]?.length ?? 0;
  // Each layer of printing doubles the backslashes before a quote, and adds one.
  const unwrapped = layers === 0 ? inner : unescaped(inner);
  const words = /^Guest\("((?:[^"\\]|\\.)*)"\)/s.exec(unwrapped)?.[1];
  return words === undefined ? text : unescaped(words);
}

/** Takes away one layer of escapes, as Rust prints them. */
function unescaped(text: string): string {
  return text.replace(
    /\\u\{([0-9a-f]+)\}|\\(.)/gs,
    (_, code: string | undefined, letter: string | undefined) =>
      code === undefined
        ? (ESCAPES[letter ?? ""] ?? letter ?? "")
        : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", "0": "\0" };
