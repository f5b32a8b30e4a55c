// What a row of the requirements table is, and the short forms that rows are written in. One char is one byte.

/** "choice": the RFC allows more than one behaviour, product.md picks this one. */
export type Level = "MUST" | "SHOULD" | "choice";

/**
 * stays: a follow-up request on the same connection is answered. ends: the server sends its FIN although the client
 * keeps its side open. half-close: the client sends its FIN behind the bytes, and the server then its own.
 */
export type Ending = "stays" | "ends" | "half-close";

/** A response, as far as the row cares; what holds for every response is checked on top (run-row.ts). */
export interface Answer {
  readonly status: number;
  /** By lower-case name: the value, a pattern for it, or null for a field that must not be there. */
  readonly fields?: Readonly<Record<string, string | RegExp | null>>;
  readonly body?: string | RegExp;
}

/** Bytes to send, or how many responses (also 1xx) must have come before the next bytes; 0: none may have come. */
export type Step = string | number;

/** What few rows need. */
export interface Extras {
  /** The methods of the requests, where one is not GET but HEAD. */
  readonly methods?: readonly string[];
  /** All that the server sends, before the follow-up. */
  readonly wire?: RegExp;
  /** The server may send 100 or leave it out: whether the body is there already depends on the network. */
  readonly continueIsOptional?: true;
}

/** One row: a requirement, the bytes that put it to the test, and all that must come back. */
export interface Row extends Extras {
  readonly rfc: string;
  readonly section: string;
  readonly level: Level;
  readonly requirement: string;
  readonly steps: readonly Step[];
  readonly answers: readonly Answer[];
  readonly ending: Ending;
}

/** A row as the files write it. Answers that are numbers are statuses. */
export type ShortRow = readonly [
  section: string,
  level: Level,
  requirement: string,
  raw: string | readonly Step[],
  answers: readonly (number | Answer)[],
  ending: Ending,
  extras?: Extras,
];

/** A requirement that no row tests, and why. */
export interface Untested {
  readonly rfc: string;
  readonly section: string;
  readonly requirement: string;
  readonly reason: string;
}

/** The rows of one RFC. */
export function table(rfc: string, rows: readonly ShortRow[]): readonly Row[] {
  return rows.map(([section, level, requirement, raw, answers, ending, extras]) => ({
    ...extras,
    rfc,
    section,
    level,
    requirement,
    steps: typeof raw === "string" ? [raw] : raw,
    answers: answers.map((answer) => (typeof answer === "number" ? { status: answer } : answer)),
    ending,
  }));
}

/** A row whose only answer is a refusal, behind which the connection ends. */
export function refused(section: string, level: Level, requirement: string, raw: string, status = 400): ShortRow {
  return [section, level, requirement, raw, [status], "ends"];
}

/** A 200 with this body. */
export function ok(body: string | RegExp, fields: Readonly<Record<string, string | RegExp | null>> = {}): Answer {
  return { status: 200, body, fields };
}

/** A response of this status with these fields. */
export function answer(
  status: number,
  fields: Readonly<Record<string, string | RegExp | null>>,
  body?: string | RegExp,
): Answer {
  return body === undefined ? { status, fields } : { status, fields, body };
}

/** A request without a body. `fields` are whole lines with their CR LF. */
export function request(method: string, target: string, fields = ""): string {
  return method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

/** GET of HTTP/1.1. */
export function get(target: string, fields = ""): string {
  return request("GET", target, fields);
}

/** POST of HTTP/1.1 to /echo: what the server took for the body comes back. */
export function echo(fields: string, body = ""): string {
  return request("POST", "/echo", fields) + body;
}

/** POST to /echo with these bytes in place of a chunked body. */
export function chunked(body: string): string {
  return echo("Transfer-Encoding: chunked\r\n", body);
}

/** An upload with these bytes in place of a chunked body: its answer comes only when the body has ended. */
export function upload(body: string): string {
  return request("POST", "/files/{unique}", "Transfer-Encoding: chunked\r\n") + body;
}

/** A request line of one's own, with what a valid head needs besides. */
export function line(requestLine: string): string {
  return requestLine + "\r\nHost: a\r\n\r\n";
}
