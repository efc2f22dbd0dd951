/**
 * Filters built by clicking: what they say, as Qdrant's JSON, and what they let pass.
 *
 * @module
 */

/** How a field is compared. */
export type Comparison = "is" | "is_not" | "contains" | "at_least" | "at_most" | "exists" | "missing";

/** One condition. All of a list have to hold. */
export interface Condition {
  field: string;
  comparison: Comparison;
  value: string;
}

/** Comparisons in the order in which they are offered. */
export const COMPARISONS: readonly { value: Comparison; label: string; takesValue: boolean }[] = [
  { value: "is", label: "is", takesValue: true },
  { value: "is_not", label: "is not", takesValue: true },
  { value: "contains", label: "has the words", takesValue: true },
  { value: "at_least", label: "is at least", takesValue: true },
  { value: "at_most", label: "is at most", takesValue: true },
  { value: "exists", label: "is there", takesValue: false },
  { value: "missing", label: "is missing", takesValue: false },
];

/** A condition in words. */
export function sentence({ field, comparison, value }: Condition): string {
  const { label, takesValue } = COMPARISONS.find((one) => one.value === comparison) ?? COMPARISONS[0]!;
  return takesValue ? `${field} ${label} ${value}` : `${field} ${label}`;
}

/** What is wrong with it, if something is. */
export function flaw({ field, comparison, value }: Condition): string | undefined {
  if (!field.trim()) return "Choose a field.";
  if ((comparison === "at_least" || comparison === "at_most") && !isNumber(value))
    return `\`${value}\` is not a number.`;
  if (comparison === "contains" && !value.trim()) return "Write a word.";
  return undefined;
}

/** The filter that Qdrant's API takes; nothing where there are no conditions. */
export function toQdrant(conditions: readonly Condition[]): object | undefined {
  const must: object[] = [];
  const mustNot: object[] = [];
  for (const { field: key, comparison, value } of conditions) {
    if (comparison === "is") must.push(equals(key, value));
    else if (comparison === "is_not") mustNot.push(equals(key, value));
    else if (comparison === "contains") must.push({ key, match: { text: value } });
    else if (comparison === "at_least") must.push({ key, range: { gte: Number(value) } });
    else if (comparison === "at_most") must.push({ key, range: { lte: Number(value) } });
    else (comparison === "missing" ? must : mustNot).push({ is_empty: { key } });
  }
  if (must.length + mustNot.length === 0) return undefined;
  return { ...(must.length > 0 && { must }), ...(mustNot.length > 0 && { must_not: mustNot }) };
}

/** A number or a truth value is looked for as that or as text: a payload may have either. */
function equals(key: string, value: string): object {
  const scalar = scalarOf(value);
  if (typeof scalar === "string") return { key, match: { value } };
  if (typeof scalar === "number" && !Number.isInteger(scalar)) {
    return {
      should: [
        { key, range: { gte: scalar, lte: scalar } },
        { key, match: { value } },
      ],
    };
  }
  return {
    should: [
      { key, match: { value: scalar } },
      { key, match: { value } },
    ],
  };
}

/** Whether a payload fulfils all conditions; the same as `toQdrant` says, for a host that cannot filter. */
export function passes(
  payload: Record<string, unknown> | undefined,
  conditions: readonly Condition[],
): boolean {
  return conditions.every((condition) => holds(valuesAt(payload, condition.field), condition));
}

function holds(values: unknown[], { comparison, value }: Condition): boolean {
  const there = values.some((one) => one !== null && one !== undefined);
  switch (comparison) {
    case "is":
      return values.some((one) => same(one, value));
    case "is_not":
      return !values.some((one) => same(one, value));
    case "contains":
      return values.some((one) => typeof one === "string" && hasWords(one, value));
    case "at_least":
      return values.some((one) => typeof one === "number" && one >= Number(value));
    case "at_most":
      return values.some((one) => typeof one === "number" && one <= Number(value));
    case "exists":
      return there;
    case "missing":
      return !there;
  }
}

function same(one: unknown, value: string): boolean {
  return one === value || ((typeof one === "number" || typeof one === "boolean") && one === scalarOf(value));
}

function hasWords(text: string, wanted: string): boolean {
  const words = new Set(wordsOf(text));
  return wordsOf(wanted).every((word) => words.has(word));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The values at a path such as `author.name`; an array's values are its elements. */
export function valuesAt(payload: unknown, path: string): unknown[] {
  let values: unknown[] = [payload];
  for (const part of path.split(".")) {
    values = values
      .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]))
      .flatMap((value) =>
        typeof value === "object" && value !== null && part in value
          ? [(value as Record<string, unknown>)[part]]
          : [],
      );
  }
  return values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
}

function scalarOf(value: string): string | number | boolean {
  if (value === "true") return true;
  if (value === "false") return false;
  return isNumber(value) ? Number(value) : value;
}

function isNumber(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}

/** The fields that payloads have, the most frequent first, with a few of their values each. */
export function fieldsOf(
  payloads: readonly (Record<string, unknown> | undefined)[],
): { field: string; values: string[] }[] {
  const fields = new Map<string, { times: number; values: Map<string, number> }>();
  for (const payload of payloads) {
    for (const [field, value] of Object.entries(payload ?? {})) {
      const entry = fields.get(field) ?? { times: 0, values: new Map<string, number>() };
      entry.times += 1;
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof one === "object") continue;
        const text = String(one);
        if (text.length <= 60 && entry.values.size < 500)
          entry.values.set(text, (entry.values.get(text) ?? 0) + 1);
      }
      fields.set(field, entry);
    }
  }
  return [...fields]
    .sort(([, a], [, b]) => b.times - a.times)
    .map(([field, { values }]) => ({
      field,
      values: [...values]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 40)
        .map(([value]) => value),
    }));
}
