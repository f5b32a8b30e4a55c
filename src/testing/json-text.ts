// JSON as httpbin writes it: indented for people, ASCII only, its names sorted. Made in pieces, so that a body of many
// megabytes that is shown in it is never held twice.

import { isUtf8 } from "node:buffer";

/** Bytes that a client sent: text where they are UTF-8, otherwise a `data:` URL (RFC 2397), or the base64 of one alone. */
export class SentBytes {
  readonly bytes: Uint8Array;
  /** The media type in the URL; null for no more than the base64. */
  readonly type: string | null;

  constructor(bytes: Uint8Array, type: string | null = "application/octet-stream") {
    this.bytes = bytes;
    this.type = type;
  }
}

/** JSON text that is there already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What can be printed. */
export type Printable =
  | null
  | boolean
  | number
  | string
  | SentBytes
  | JsonText
  | readonly Printable[]
  | { readonly [name: string]: Printable };

/** A multiple of three, so that pieces of base64 fit together without padding. */
const SLICE_BYTES = 48 * 1024;
const INDENT = "  ";
const NOT_ASCII = /[\x7f-\uffff]/g;

/** The text of a value, one byte per char, in pieces of bounded length. */
export function* printJson(value: Printable, indent = ""): Generator<string, void> {
  if (value instanceof JsonText) yield value.text;
  else if (value instanceof SentBytes) yield* printBytes(value);
  else if (value === null || typeof value !== "object") yield quoteJson(value);
  else if (Array.isArray(value)) yield* printMembers("[", "]", elementsOf(value), indent);
  else yield* printMembers("{", "}", membersOf(value as { readonly [name: string]: Printable }), indent);
}

/** One value on one line, ASCII only. */
export function quoteJson(value: unknown): string {
  return JSON.stringify(value).replace(NOT_ASCII, escape);
}

/** What stands before a value, and the value. */
type Member = readonly [label: string, value: Printable];

function elementsOf(values: readonly Printable[]): readonly Member[] {
  return values.map((value) => ["", value]);
}

function membersOf(values: { readonly [name: string]: Printable }): readonly Member[] {
  const names = Object.keys(values).sort();
  return names.map((name) => [`${quoteJson(name)}: `, values[name]!]);
}

function* printMembers(open: string, close: string, members: readonly Member[], indent: string): Generator<string> {
  if (members.length === 0) return yield open + close;
  const inner = indent + INDENT;
  let before = `${open}\n`;
  for (const [label, value] of members) {
    yield before + inner + label;
    yield* printJson(value, inner);
    before = ",\n";
  }
  yield `\n${indent}${close}`;
}

function* printBytes({ bytes, type }: SentBytes): Generator<string> {
  const decoder = isText(bytes) ? new TextDecoder("utf-8", { ignoreBOM: true }) : null;
  yield decoder === null && type !== null ? `"data:${quoteJson(type).slice(1, -1)};base64,` : '"';
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    yield decoder === null
      ? Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString("base64")
      : quoteJson(decoder.decode(slice, { stream: true })).slice(1, -1);
  }
  yield '"';
}

/** Whether bytes are UTF-8. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes);
}

function escape(char: string): string {
  return "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0");
}
