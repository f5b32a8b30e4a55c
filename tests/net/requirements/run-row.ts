// Sends the bytes of a row and compares all that comes back. Beyond the row's own expectation, every response must
// be a valid message with what this server promises of each: date, framing, a line of text with each error.

import { readResponses, type ReadResponse } from "../../support/response-reader.ts";
import { PATIENCE_MS } from "../../support/patience.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type Answer, get, type Row } from "./row.ts";

/** How the bytes travel. hidden: in one piece, with one more request right behind them, which must not be answered. */
export type Delivery = "in one piece" | "byte by byte" | "with a hidden request";

/** What the rows' bytes may name in braces: `{etag}`. */
export type Facts = Readonly<Record<string, string>>;

const HIDDEN = get("/echo/hidden-request");
const FOLLOW_UP = get("/echo/follow-up");
const FOLLOW_UP_BODY = "follow-up";
/** Long enough for an answer that should not come, on a busy machine. */
const SILENCE_MS = 25;
const CLOCK_SLACK_MS = 10_000;
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

let uniqueNumber = 0;

/** The ways in which a row is to be sent. */
export function deliveriesOf(row: Row): readonly Delivery[] {
  const both = ["in one piece", "byte by byte"] as const;
  return row.ending === "ends" ? [...both, "with a hidden request"] : both;
}

/** Throws with the whole conversation when anything is not as the row says. */
export async function runRow(port: number, row: Row, delivery: Delivery, facts: Facts): Promise<void> {
  const client = await RawClient.connect(port);
  const sent: string[] = [];
  try {
    await converse(client, row, delivery, facts, sent);
    judge(client.received, row);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const shown = sent.map((text) => JSON.stringify(shorten(text))).join(", ");
    throw new Error(
      `${reason}\n  RFC ${row.rfc} ${row.section} ${row.level}: ${row.requirement}\n  ${delivery}: ${shown}\n` +
        `  came: ${JSON.stringify(shorten(client.received))}${client.isEnded ? " and the end" : ""}`,
    );
  } finally {
    client.close();
  }
}

async function converse(client: RawClient, row: Row, delivery: Delivery, facts: Facts, sent: string[]): Promise<void> {
  const all: Facts = { ...facts, unique: "unique-" + (uniqueNumber += 1) };
  const lastStep = row.steps.length - 1;
  for (const [index, step] of row.steps.entries()) {
    if (typeof step === "number") {
      await awaitAnswers(client, row, step);
      continue;
    }
    const text = step.replace(/\{(\w+)\}/g, (braces, name: string) => all[name] ?? braces);
    const bytes = delivery === "with a hidden request" && index === lastStep ? text + HIDDEN : text;
    sent.push(bytes);
    await deliver(client, bytes, delivery);
  }
  if (row.ending === "stays") {
    await client.send(FOLLOW_UP);
    await client.until(
      ({ received, isEnded }) => isEnded || received.endsWith("\r\n\r\n" + FOLLOW_UP_BODY),
      PATIENCE_MS,
    );
    await Bun.sleep(1);
    if (client.isEnded) throw new Error("the connection ended; it should have stayed");
    return;
  }
  if (row.ending === "half-close") client.end();
  await client.untilEnd(PATIENCE_MS);
}

async function deliver(client: RawClient, text: string, delivery: Delivery): Promise<void> {
  if (delivery !== "byte by byte") return client.send(text);
  for (const byte of text) {
    await client.send(byte);
    // One turn of the loop, in which the server reads this byte alone.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function awaitAnswers(client: RawClient, row: Row, count: number): Promise<void> {
  if (count > 0) {
    await client.until(({ received, isEnded }) => isEnded || countAnswers(received, row) >= count, PATIENCE_MS);
    return;
  }
  await Bun.sleep(SILENCE_MS);
  if (client.received !== "") throw new Error("an answer came too early");
}

function countAnswers(received: string, row: Row): number {
  try {
    return readResponses(received, row.methods).length;
  } catch {
    // The last one is not whole yet.
    return 0;
  }
}

function judge(received: string, row: Row): void {
  if (received.includes("hidden-request")) throw new Error("the hidden request was answered");
  const all = readResponses(received, row.methods);
  if (row.ending === "stays") {
    const last = all.pop();
    if (last?.status !== 200 || last.body !== FOLLOW_UP_BODY) throw new Error("no answer to the follow-up");
  }
  const came = row.continueIsOptional === true ? all.filter(({ status }) => status !== 100) : all;
  const statuses = came.map(({ status }) => status);
  const expected = row.answers.map(({ status }) => status);
  if (statuses.join() !== expected.join()) throw new Error(`statuses [${statuses}], expected [${expected}]`);
  for (const [index, wanted] of row.answers.entries()) judgeAnswer(came[index]!, wanted);
  judgeEach(all, row);
  if (row.wire !== undefined && !row.wire.test(received)) throw new Error(`the bytes do not match ${row.wire}`);
}

function judgeAnswer(came: ReadResponse, wanted: Answer): void {
  for (const [name, value] of Object.entries(wanted.fields ?? {})) {
    const actual = came.fields.get(name);
    const fits =
      value === null ? actual === undefined : typeof value === "string" ? actual === value : value.test(actual ?? "");
    if (!fits) throw new Error(`${name} is ${JSON.stringify(actual)}, expected ${value}`);
  }
  if (wanted.body === undefined) return;
  const fits = typeof wanted.body === "string" ? came.body === wanted.body : wanted.body.test(came.body);
  if (!fits) throw new Error(`body ${JSON.stringify(shorten(came.body))}, expected ${wanted.body}`);
}

/** What every response of this server must be. */
function judgeEach(all: readonly ReadResponse[], row: Row): void {
  let finals = 0;
  for (const response of all) {
    const { status, fields } = response;
    if (status < 200 || status === 204) {
      for (const name of ["content-length", "transfer-encoding"])
        if (fields.has(name)) throw new Error(`${name} in a ${status}`);
    }
    if (status < 200) continue;
    const method = row.methods?.[finals] ?? "GET";
    finals += 1;
    judgeDate(fields.get("date"));
    if (fields.has("content-length") && fields.has("transfer-encoding")) throw new Error("both length fields");
    if (status >= 400) judgeError(response, method);
    if (status === 405 && !fields.has("allow")) throw new Error("405 without Allow");
    const isLast = response === all.at(-1);
    const closes = fields.get("connection") === "close";
    if (isLast && row.ending === "ends" && !closes) throw new Error("the last response does not say close");
    if (closes && !(isLast && row.ending !== "stays")) throw new Error("close is said, but the connection goes on");
  }
}

/** RFC 9110 6.6.1. */
function judgeDate(date: string | undefined): void {
  if (date === undefined || !IMF_FIXDATE.test(date)) throw new Error(`Date is ${date}`);
  const skew = Math.abs(Date.parse(date) - Date.now());
  if (skew > CLOCK_SLACK_MS || new Date(date).toUTCString() !== date) throw new Error(`Date is wrong: ${date}`);
}

/** RFC 9110 15.5 and 15.6: a representation says what was wrong; product.md: in one line of text. */
function judgeError(response: ReadResponse, method: string): void {
  const { fields, body } = response;
  if (fields.get("content-type") !== "text/plain") throw new Error(`an error of type ${fields.get("content-type")}`);
  if (!/^[1-9]\d*$/.test(fields.get("content-length") ?? "")) throw new Error("an error without Content-Length");
  if (method !== "HEAD" && !/^[\x20-\x7e]+\n$/.test(body)) throw new Error("an error's body is not one line");
}

function shorten(text: string): string {
  return text.length > 1_000 ? `${text.slice(0, 500)} ... ${text.length} bytes ... ${text.slice(-200)}` : text;
}
