// One request to an endpoint of `--testing`, from a host that has a name, and its answer.

import { exchange } from "./raw-client.ts";
import { type ReadResponse, readResponses } from "./response-reader.ts";

/** What goes with a request beside its method and target. */
export interface Asking {
  /** Field lines, each with its line end. */
  readonly fields?: string;
  /** One char per byte. */
  readonly body?: string;
}

/** Sends it and gives the answer, which must be the only one. */
export async function ask(port: number, method: string, target: string, asking: Asking = {}): Promise<ReadResponse> {
  const { fields = "", body } = asking;
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  const raw = `${method} ${target} HTTP/1.1\r\nHost: example.test\r\n${fields}${length}\r\n${body ?? ""}`;
  const responses = readResponses(await exchange(port, raw), [method]);
  if (responses.length !== 1) throw new Error(`${responses.length} answers to one request`);
  return responses[0]!;
}

/** The bytes of a text, one char per byte. */
export function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}
