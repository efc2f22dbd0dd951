/**
 * Which colour a point has, and what the colours mean.
 *
 * @module
 */

import { plain } from "../lib/format";

/** A colour of the legend, and what has it. */
export interface Legend {
  label: string;
  colour: string;
  count: number;
}

/** Colours for each point as bytes, and what they mean. */
export interface Coloured {
  bytes: Uint8Array<ArrayBuffer>;
  legend: Legend[];
}

/** Apart for most eyes, on light and dark ground (after Okabe and Ito, 2008, and Tol, 2021). */
const PALETTE = [
  "#2f9e63",
  "#d9507c",
  "#3f8fd2",
  "#e39a1f",
  "#8b63c9",
  "#1aa6a6",
  "#c2622d",
  "#a3a12a",
  "#5b6fd6",
  "#c259b4",
  "#6d8f3a",
  "#b04a4a",
];
const OTHER = "#8c968f";
const ALPHA = 205;

/** A colour for each kind of value; the rare ones share one. */
export function byKind(
  values: readonly string[],
  labelOf: (value: string) => string = (value) => value,
): Coloured {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, PALETTE.length);
  const colours = new Map(frequent.map(([value], index) => [value, PALETTE[index]!]));
  const legend = frequent.map(([value, count], index) => ({
    label: labelOf(value),
    colour: PALETTE[index]!,
    count,
  }));
  const others = values.length - legend.reduce((sum, { count }) => sum + count, 0);
  if (others > 0) legend.push({ label: "others", colour: OTHER, count: others });
  return { bytes: bytesOf(values.map((value) => colours.get(value) ?? OTHER)), legend };
}

/** As many hues as there are cells: neighbours in number are far apart in hue. */
export function byCell(cellOf: Int32Array): Coloured {
  return { bytes: bytesOf([...cellOf].map((cell) => cellColour(cell))), legend: [] };
}

/** The colour of a cell. */
export function cellColour(cell: number): string {
  if (cell < 0) return OTHER;
  return fromHsl((cell * 137.508) % 360, 0.52, 0.4 + 0.18 * ((cell % 3) / 2));
}

/** From low to high. */
export function byNumber(values: readonly (number | undefined)[]): Coloured {
  const known = values.filter((value): value is number => value !== undefined).sort((a, b) => a - b);
  const [least, most] = [known[0] ?? 0, known[known.length - 1] ?? 1];
  const shade = (value: number) => fromHsl(250 - 200 * ((value - least) / (most - least || 1)), 0.6, 0.5);
  const legend = [least, (least + most) / 2, most].map((value) => ({
    label: plain(Number(value.toPrecision(4))),
    colour: shade(value),
    count: 0,
  }));
  return { bytes: bytesOf(values.map((value) => (value === undefined ? OTHER : shade(value)))), legend };
}

/** A payload field: by number where its values are many numbers, otherwise by kind. */
export function byField(payloads: readonly (Record<string, unknown> | undefined)[], field: string): Coloured {
  const values = payloads.map((payload) => payload?.[field]);
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length > values.length / 2 && new Set(numbers).size > PALETTE.length) {
    return byNumber(values.map((value) => (typeof value === "number" ? value : undefined)));
  }
  return byKind(values.map((value) => (value === undefined ? "nothing" : plain(value).slice(0, 60))));
}

function bytesOf(colours: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(colours.length * 4);
  colours.forEach((colour, index) => {
    const value = Number.parseInt(colour.slice(1), 16);
    bytes.set([value >> 16, (value >> 8) & 255, value & 255, ALPHA], index * 4);
  });
  return bytes;
}

function fromHsl(hue: number, saturation: number, lightness: number): string {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const part = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    const value = lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}
