// What the body of a request holds, as httpbin shows it: a form's fields and files, JSON, or plain data.

import { FormDataParser } from "../http/form-data.ts";
import { boundaryOf, isFormData } from "../http/form-type.ts";
import { parsePairs } from "./arguments.ts";
import { JsonText, type Printable, SentBytes } from "./json-text.ts";

/** By name; what was sent several times is an array. */
export type Repeatable = { readonly [name: string]: Printable };

/** The parts of the answer that are about the body. */
export interface ReceivedBody {
  readonly data: Printable;
  readonly files: Repeatable;
  readonly form: Repeatable;
  /** What `data` means as JSON; null when it means nothing. */
  readonly json: Printable;
}

/** One line on what is wrong with a body. */
export class UnreadableBody {
  readonly status: 400 | 413;
  readonly line: string;

  constructor(status: 400 | 413, line: string) {
    this.status = status;
    this.line = line;
  }
}

/** Past these a form would keep the event loop busy. */
const MOST_FORM_BYTES = 512 * 1024;
const MOST_FORM_FIELDS = 10_000;
const MOST_PARTS = 1000;
/** Larger JSON is shown as data only. */
const MOST_JSON_BYTES = 512 * 1024;
/** JSON up to here is indented. */
const MOST_INDENTED_BYTES = 16 * 1024;
const AMPERSAND = 0x26;

const NOTHING: ReceivedBody = { data: "", files: {}, form: {}, json: null };

/** Reads a body by its media type. */
export function readReceivedBody(bytes: Uint8Array, contentType: string): ReceivedBody | UnreadableBody {
  if (isFormData(contentType)) return readFormData(bytes, contentType);
  if (/^application\/x-www-form-urlencoded(?=[ \t;]|$)/i.test(contentType)) return readPairs(bytes);
  return { ...NOTHING, data: new SentBytes(bytes), json: readJson(bytes) };
}

/** Values by their names, in the order of the first of each. */
export class RepeatableMap {
  readonly #values = new Map<string, Printable[]>();

  add(name: string, value: Printable): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  /** One value as it is, several as an array. */
  flatten(): Repeatable {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, flattened(values)]));
  }
}

function flattened(values: readonly Printable[]): Printable {
  return values.length === 1 ? values[0]! : values;
}

/** Names and values of a query or of a form. */
export function collectPairs(text: string): Repeatable {
  const collected = new RepeatableMap();
  for (const [name, value] of parsePairs(text)) collected.add(name, value);
  return collected.flatten();
}

function readPairs(bytes: Uint8Array): ReceivedBody | UnreadableBody {
  if (bytes.length > MOST_FORM_BYTES || countPairs(bytes) > MOST_FORM_FIELDS)
    return new UnreadableBody(413, `A form may have ${MOST_FORM_FIELDS} fields of ${MOST_FORM_BYTES} bytes in all.`);
  return { ...NOTHING, form: collectPairs(new TextDecoder().decode(bytes)) };
}

function countPairs(bytes: Uint8Array): number {
  let count = 1;
  for (const byte of bytes) if (byte === AMPERSAND) count += 1;
  return count;
}

/** Null for what is no JSON; null is JSON too. */
function readJson(bytes: Uint8Array): Printable {
  if (bytes.length === 0 || bytes.length > MOST_JSON_BYTES) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text) as Printable;
    // Indenting what is deep would make far more of it than was sent.
    return bytes.length <= MOST_INDENTED_BYTES && depthOf(text) <= 16 ? value : new JsonText(JSON.stringify(value));
  } catch {
    // Neither JSON, nor anything that this stack could print.
    return null;
  }
}

/** How deep the brackets of a text lie in each other; those in strings count too, which can only make it deeper. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** A part that is being read. */
interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly pieces: Uint8Array[];
}

function readFormData(bytes: Uint8Array, contentType: string): ReceivedBody | UnreadableBody {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return new UnreadableBody(400, "The boundary of the form is missing or malformed.");
  const parser = new FormDataParser(boundary, MOST_PARTS);
  const form = new RepeatableMap();
  const files = new RepeatableMap();
  let part: Part | null = null;
  parser.feed(bytes);
  for (let event = parser.next(); event !== null; event = parser.next()) {
    switch (event.kind) {
      case "part-begin":
        part = { name: event.name, filename: event.filename, type: event.contentType, pieces: [] };
        break;
      case "part-data":
        part?.pieces.push(event.bytes);
        break;
      case "part-end":
        if (part !== null) endPart(part, form, files);
        part = null;
        break;
      case "refused":
        return new UnreadableBody(400, event.refusal.reason);
    }
  }
  const refusal = parser.finish();
  if (refusal !== null) return new UnreadableBody(400, refusal.reason);
  return { ...NOTHING, files: files.flatten(), form: form.flatten() };
}

function endPart({ name, filename, type, pieces }: Part, form: RepeatableMap, files: RepeatableMap): void {
  const content = Buffer.concat(pieces);
  if (filename === undefined) form.add(name, new TextDecoder().decode(content));
  // A file input without a file is no file.
  else if (filename !== "" || content.length > 0) files.add(name, new SentBytes(content, type));
}
