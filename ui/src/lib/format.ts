/**
 * Numbers, times and keys as people read them.
 *
 * @module
 */

const NUMBER = new Intl.NumberFormat("en");

/** A count: `20,000`. */
export function count(value: number | bigint): string {
  return NUMBER.format(value);
}

/** A count with its noun: `1 point`, `2 points`. */
export function counted(value: number | bigint, one: string, many = `${one}s`): string {
  return `${count(value)} ${Number(value) === 1 ? one : many}`;
}

/** A score with as many digits as say something. */
export function score(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 100_000 || size < 0.0001)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

/** Bytes: `1.5 MB`. */
export function bytes(value: number): string {
  for (const [size, unit] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value / size < 10 ? 1 : 0)} ${unit}`;
  }
  return `${value} B`;
}

/** A span of time: `0.8 ms`, `12 ms`, `3.4 s`, `5 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** When something was written, of microseconds since 1970. */
export function time(micros: number | bigint): string {
  const date = new Date(Number(micros) / 1000);
  return Number.isNaN(date.getTime())
    ? "at an unknown time"
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** How long ago: `just now`, `5 minutes ago`. */
export function ago(micros: number | bigint, now = Date.now()): string {
  const seconds = Math.max(0, (now - Number(micros) / 1000) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} seconds ago`;
  if (seconds < 3600) return `${counted(Math.floor(seconds / 60), "minute")} ago`;
  if (seconds < 86_400) return `${counted(Math.floor(seconds / 3600), "hour")} ago`;
  return `${counted(Math.floor(seconds / 86_400), "day")} ago`;
}

/** A key or hash, short enough for a line: its kind says nothing, so the letters after it. */
export function short(key: string): string {
  return key.length <= 12 ? key : `${key.slice(5, 13)}`;
}

/** An id as text. */
export function idText(id: number | bigint | string): string {
  return String(id);
}

/** The id that somebody typed: an integer where it is one, otherwise text. Quotes make a number a text. */
export function idOf(typed: string): number | bigint | string {
  const text = typed.trim();
  const quoted = /^"(.*)"$/s.exec(text)?.[1];
  if (quoted !== undefined) return quoted;
  if (!/^(0|[1-9][0-9]*)$/.test(text)) return text;
  const number = BigInt(text);
  if (number >= 2n ** 64n) return text;
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number;
}

/** A payload as an object, where it is one. */
export function payloadOf(text: string | null | undefined): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Names under which payloads usually say what a point is, best first. */
const TITLES = ["title", "name", "words", "word", "text", "label", "synset", "definition"];

/** What a point is, in a line: the field of its payload that says it best. */
export function titleOf(payload: Record<string, unknown> | undefined): string | undefined {
  if (!payload) return undefined;
  const key =
    TITLES.find((name) => name in payload) ??
    Object.keys(payload).find((name) => typeof payload[name] === "string");
  return key === undefined ? undefined : plain(payload[key]);
}

/** A value of a payload on one line. */
export function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return JSON.stringify(value) ?? "";
}
