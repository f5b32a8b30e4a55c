// Looks at one answer before thousands are counted: a fast wrong answer is no result.

import { gunzipSync } from "bun";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { ServerProcess } from "./server-process.ts";
import type { Visit } from "./wrk.ts";

const PATIENCE_MS = 20_000;
const ECHO_PREFIX = "/echo/";
/** More than any head, and than what chunked framing adds to a compressed text. */
const FRAMING_BYTES = 2048;

/** Asks once for the visit's first path. Gives the length of the body on the wire; throws with what is wrong. */
export async function verifyAnswer(server: ServerProcess, visit: Visit, folder: string): Promise<number> {
  const path = visit.paths[0] ?? "/";
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    headers: { "Accept-Encoding": "identity", ...visit.headers },
    decompress: false,
    keepalive: false,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const body = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`answers ${response.status} to ${path}`);
  const coding = response.headers.get("content-encoding") ?? "identity";
  const wanted = visit.headers["Accept-Encoding"] ?? "identity";
  if (coding !== wanted) throw new Error(`answers ${path} with ${coding}, not ${wanted}`);
  const content = coding === "gzip" ? gunzipSync(body) : body;
  if (!contentOf(path, folder).equals(content)) throw new Error(`answers ${path} with other content`);
  if (visit.pipelined > 1) await verifyPipelining(server, path, visit.pipelined);
  return body.length;
}

/** Why the count of a run cannot be: its answers' mean length does not fit to one that was looked at; null if it can. */
export function judgeLength(requests: number, bytes: number, bodyBytes: number): string | null {
  const mean = bytes / requests;
  const isPlausible = mean >= bodyBytes && mean <= bodyBytes + FRAMING_BYTES;
  return isPlausible ? null : `answers of ${Math.round(mean)} bytes where ${bodyBytes} and a head are right`;
}

function contentOf(path: string, folder: string): Buffer {
  if (path.startsWith(ECHO_PREFIX)) return Buffer.from(path.slice(ECHO_PREFIX.length));
  return readFileSync(join(folder, basename(path)));
}

/** As many requests in one write must give as many answers. */
async function verifyPipelining(server: ServerProcess, path: string, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  const countAnswers = (): number => received.split("HTTP/1.1 200 ").length - 1;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    socket: {
      data(_, bytes) {
        received += bytes.toString("latin1");
        if (countAnswers() >= count) resolve();
      },
      close: () => resolve(),
      drain() {},
      error() {},
    },
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(count));
  await Promise.race([promise, Bun.sleep(PATIENCE_MS / 10)]);
  socket.terminate();
  if (countAnswers() !== count) throw new Error(`answers ${countAnswers()} of ${count} pipelined requests`);
}
