// One exchange as the recorder keeps it, and as it is shown: what was asked and what was answered, with the beginning of
// both bodies.

import { formatAuthority } from "../http/authority.ts";
import { trimBlanks } from "../http/field-syntax.ts";
import { isText, type Printable, SentBytes } from "./json-text.ts";

/** The beginning of a body, and how long all of it was. */
export interface RecordedBody {
  readonly length: number;
  /** Text has one byte per char. */
  readonly beginning: Uint8Array | string;
}

/** What is kept of an exchange. Travels between processes. */
export interface RecordedExchange {
  /** Milliseconds since the epoch, when the request had come. */
  readonly time: number;
  readonly durationMs: number;
  /** Empty for a unix socket. */
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly method: string;
  /** One char per byte, as sent. */
  readonly target: string;
  /** Percent-decoded, one char per byte. */
  readonly path: string;
  readonly minorVersion: number;
  /** Field lines as they came, each with its line end: taken apart when somebody looks. */
  readonly fieldLines: string;
  readonly body: RecordedBody;
  /** Null when no handler answered. */
  readonly status: number | null;
  /** Less those that the server adds to every answer. */
  readonly responseLines: string;
  readonly responseBody: RecordedBody;
  /** The rule that spoiled the answer on purpose; null when none did. */
  readonly fault: string | null;
  /** The name of the refusal of a message that never became a request, as the log has it; null for requests. */
  readonly refusal: string | null;
}

/** With its place in the order of all. */
export interface NumberedExchange {
  /** From 1, in the order of coming. */
  readonly id: number;
  readonly exchange: RecordedExchange;
}

/** What somebody who reads records need not learn. */
const SECRET = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
const MASK = "[masked]";

/** The exchange as JSON shows it. */
export function showExchange({ id, exchange }: NumberedExchange, withSecrets: boolean): Printable {
  const { time, durationMs, clientAddress, clientPort, method, target, path, minorVersion } = exchange;
  const { fieldLines, body, fault, refusal } = exchange;
  const { status, responseLines, responseBody } = exchange;
  const show = (lines: string): Printable =>
    lines
      .split("\r\n")
      .slice(0, -1)
      .map((line) => showLine(line, withSecrets));
  return {
    id,
    time: new Date(time).toISOString(),
    duration_ms: Math.round(durationMs * 100) / 100,
    client: clientPort === 0 ? clientAddress : formatAuthority(clientAddress, clientPort),
    method,
    target,
    path,
    version: `HTTP/1.${minorVersion}`,
    headers: show(fieldLines),
    body: showBody(body),
    fault,
    refusal,
    response: status === null ? null : { status, headers: show(responseLines), body: showBody(responseBody) },
  };
}

function showLine(line: string, withSecrets: boolean): Printable {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  return [name, !withSecrets && SECRET.has(name.toLowerCase()) ? MASK : trimBlanks(line.slice(colon + 1))];
}

/** Text where it is text as far as it is kept, otherwise base64. */
function showBody({ length, beginning }: RecordedBody): Printable {
  const bytes = typeof beginning === "string" ? Buffer.from(beginning, "latin1") : beginning;
  const kept = bytes.length;
  if (isText(bytes)) return { length, kept, text: new SentBytes(bytes) };
  return { length, kept, base64: new SentBytes(bytes, null) };
}
