// One exchange as the recorder keeps it, and as it is shown: what was asked and what was answered, with the beginning of
// both bodies.

import { isText, type Printable, SentBytes } from "./json-text.ts";

/** A field line: name and value, as they were sent. */
export type RecordedField = readonly [name: string, value: string];

/** The beginning of a body, and how long all of it was. */
export interface RecordedBody {
  readonly length: number;
  readonly beginning: Uint8Array;
}

/** What is kept of an exchange. Travels between processes. */
export interface RecordedExchange {
  /** Milliseconds since the epoch, when the request had come. */
  readonly time: number;
  readonly durationMs: number;
  readonly client: string;
  readonly method: string;
  /** One char per byte, as sent. */
  readonly target: string;
  /** Percent-decoded, one char per byte. */
  readonly path: string;
  readonly version: string;
  readonly fields: readonly RecordedField[];
  readonly body: RecordedBody;
  /** Null when no handler answered. */
  readonly status: number | null;
  readonly responseFields: readonly RecordedField[];
  readonly responseBody: RecordedBody;
  /** The rule that spoiled the answer on purpose; null when none did. */
  readonly fault: string | null;
}

/** With its place in the order of all. */
export interface NumberedExchange extends RecordedExchange {
  /** From 1, in the order of coming. */
  readonly id: number;
}

/** What somebody who reads records need not learn. */
const SECRET = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
const MASK = "[masked]";

/** The exchange as JSON shows it. */
export function showExchange(exchange: NumberedExchange, withSecrets: boolean): Printable {
  const { id, time, durationMs, client, method, target, path, version, fields, body, fault } = exchange;
  const show = (lines: readonly RecordedField[]): Printable => {
    return lines.map(([name, value]) => [name, !withSecrets && SECRET.has(name.toLowerCase()) ? MASK : value]);
  };
  const { status, responseFields, responseBody } = exchange;
  return {
    id,
    time: new Date(time).toISOString(),
    duration_ms: Math.round(durationMs * 100) / 100,
    client,
    method,
    target,
    path,
    version,
    headers: show(fields),
    body: showBody(body),
    fault,
    response: status === null ? null : { status, headers: show(responseFields), body: showBody(responseBody) },
  };
}

/** Text where it is text as far as it is kept, otherwise base64. */
function showBody({ length, beginning }: RecordedBody): Printable {
  const kept = beginning.length;
  if (isText(beginning)) return { length, kept, text: new SentBytes(beginning) };
  const { buffer, byteOffset } = beginning;
  return { length, kept, base64: Buffer.from(buffer, byteOffset, kept).toString("base64") };
}
