// One request on a connection of its own, and its response taken apart: what most tests ask of a server.

import { exchange } from "./raw-client.ts";
import { type ReadResponse, readResponses } from "./response-reader.ts";

/** A request that says nothing of a body. `fields` are whole lines. */
export function withoutBody(method: string, target: string, fields = ""): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** A request whose body has a Content-Length. */
export function withLength(method: string, target: string, fields = "", body = ""): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The only response to a raw request; throws when what came is not one valid response. */
export async function answerTo(port: number, raw: string): Promise<ReadResponse> {
  const responses = readResponses(await exchange(port, raw), [raw.slice(0, raw.indexOf(" "))]);
  if (responses.length !== 1) throw new Error(`${responses.length} responses to ${JSON.stringify(raw.slice(0, 200))}`);
  return responses[0]!;
}

/** The response to a request with a Content-Length, be it 0. */
export function ask(port: number, method: string, target: string, fields = "", body = ""): Promise<ReadResponse> {
  return answerTo(port, withLength(method, target, fields, body));
}

/** The status of a raw request. */
export async function statusOf(port: number, raw: string): Promise<number> {
  return (await answerTo(port, raw)).status;
}
