/**
 * Bytes as text, and text as bytes.
 *
 * @module
 */

/** Bytes as base64 for addresses: `-` and `_`, no padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** The bytes of base64 of either alphabet. Throws a `DOMException` where it is none. */
export function fromBase64(text: string): Uint8Array {
  const plain = atob(text.trim().replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** A hash or key as Holochain writes it: `uhCAk…`. */
export function hashText(hash: Uint8Array): string {
  return `u${toBase64Url(hash)}`;
}

/** The hash or key in such a text. */
export function hashBytes(text: string): Uint8Array {
  return fromBase64(text.startsWith("u") ? text.slice(1) : text);
}

/** Whether two runs of bytes are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
