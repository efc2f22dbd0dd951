/**
 * Reads a file in a worker, batch by batch: the next one when it is asked for, so that a large file waits for the node.
 *
 * @module
 */

import Papa from "papaparse";
import {
  columnsOf,
  type Columns,
  type LineError,
  npyBytes,
  type Read,
  readCsvRow,
  readJsonLine,
  readNpyHead,
  readNpyRow,
} from "../lib/readers";

export interface Start {
  file: File;
  dimension: number;
  firstId: number;
  batchRows: number;
}

/** Rows of a batch, in columns; nothing left when `done`. */
export interface Batch {
  ids: (number | bigint | string)[];
  vectors: Float32Array;
  payloads: (string | null)[];
  errors: LineError[];
  /** How much of the file was read, from 0 to 1. */
  read: number;
  done: boolean;
  /** Why the file cannot be read at all. */
  failure?: string;
}

const PIECE_BYTES = 1 << 20;

let reads: AsyncGenerator<Read & { read: number }> | undefined;
let start: Start | undefined;
/** Errors that are passed on of each batch: of a file in a wrong form there would be one for each line. */
const MAX_ERRORS = 1000;

addEventListener("message", (event: MessageEvent<Start | "next">) => {
  if (event.data !== "next") {
    start = event.data;
    reads = readerOf(start);
  }
  void next();
});

async function next(): Promise<void> {
  if (!reads || !start) return;
  const ids: Batch["ids"] = [];
  const rows: Float32Array[] = [];
  const payloads: Batch["payloads"] = [];
  const errors: LineError[] = [];
  let read = 0;
  let done = true;
  let failure: string | undefined;
  try {
    for (;;) {
      const { value, done: over } = await reads.next();
      if (over) {
        read = 1;
        break;
      }
      read = value.read;
      if ("error" in value) errors.push(value.error);
      else {
        ids.push(value.row.id);
        rows.push(value.row.vector);
        payloads.push(value.row.payload);
      }
      if (ids.length >= start.batchRows || errors.length >= MAX_ERRORS) {
        done = false;
        break;
      }
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const vectors = new Float32Array(ids.length * start.dimension);
  rows.forEach((row, index) => vectors.set(row, index * (start?.dimension ?? 0)));
  const batch: Batch = { ids, vectors, payloads, errors, read, done, failure };
  postMessage(batch, { transfer: [vectors.buffer] });
}

function readerOf(start: Start): AsyncGenerator<Read & { read: number }> {
  const name = start.file.name.toLowerCase();
  if (name.endsWith(".npy")) return npy(start);
  if (name.endsWith(".csv") || name.endsWith(".tsv")) return csv(start);
  return jsonLines(start);
}

async function* jsonLines({ file, dimension, firstId }: Start): AsyncGenerator<Read & { read: number }> {
  let line = 0;
  for await (const { text, read } of lines(file)) {
    line += 1;
    if (text.trim()) yield { ...readJsonLine(text, line, dimension, firstId + line - 1), read };
  }
}

async function* csv({ file, dimension, firstId }: Start): AsyncGenerator<Read & { read: number }> {
  let columns: Columns | undefined;
  let line = 0;
  let pending = "";
  for await (const { text, read } of lines(file)) {
    line += 1;
    pending = pending ? `${pending}\n${text}` : text;
    // A line break inside of quotes belongs to the cell.
    if ((pending.match(/"/g)?.length ?? 0) % 2 === 1) continue;
    const whole = pending;
    pending = "";
    if (!whole.trim()) continue;
    const delimiter = file.name.toLowerCase().endsWith(".tsv") ? "\t" : ",";
    const [cells = []] = Papa.parse<string[]>(whole, { delimiter }).data;
    if (columns) yield { ...readCsvRow(cells, columns, line, dimension, firstId + line - 2), read };
    else {
      columns = columnsOf(cells);
      if (columns.vector.length === 0)
        throw new Error("No column is called `vector`, and none are numbered (v0, v1, …).");
    }
  }
  if (pending) yield { error: { line, why: "a quote is not closed" }, read: 1 };
}

async function* npy({ file, dimension, firstId }: Start): AsyncGenerator<Read & { read: number }> {
  const head = readNpyHead(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
  if (head.columns !== dimension) {
    throw new Error(
      `The file's vectors have ${head.columns} numbers, and those of this collection have ${dimension}: it was made with another model.`,
    );
  }
  const rowBytes = head.columns * npyBytes(head.type);
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  if (file.size < head.offset + head.rows * rowBytes)
    throw new Error("The file is shorter than its head says: copy it again.");
  for (let first = 0; first < head.rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, head.rows - first);
    const from = head.offset + first * rowBytes;
    const bytes = new Uint8Array(await file.slice(from, from + count * rowBytes).arrayBuffer());
    for (let at = 0; at < count; at += 1) {
      const row = bytes.subarray(at * rowBytes, (at + 1) * rowBytes);
      yield {
        ...readNpyRow(row, head.type, first + at + 1, dimension, firstId + first + at),
        read: (first + at + 1) / head.rows,
      };
    }
  }
}

async function* lines(file: File): AsyncGenerator<{ text: string; read: number }> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const bytes = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
    const parts = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = parts.pop() ?? "";
    const read = Math.min(1, (at + PIECE_BYTES) / file.size);
    for (const text of parts) yield { text, read };
  }
  if (rest) yield { text: rest, read: 1 };
}
