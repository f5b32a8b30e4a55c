// How long others wait: a client beside the one that makes the work asks for small things, one after the other.

import { readFileSync } from "node:fs";
import { PATIENCE_MS } from "../support/patience.ts";
import type { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";

/** The longest wait for each target, in milliseconds. */
export type Waits = Readonly<Record<string, number>>;

const OTHERS: readonly string[] = ["/echo/a", "/-/health"];
const PAUSE_MS = 3;
const BODY_END: Readonly<Record<string, string>> = { "/echo/a": "\r\n\r\na", "/-/health": "\r\n\r\nok\n" };

/**
 * Measures while `work` goes on; `work` must not keep this process busy itself. What a busy machine made the server, or
 * whoever measures, wait for a processor does not count.
 */
export async function waitsDuring(program: RunningProgram, work: () => Promise<unknown>): Promise<Waits> {
  let isOver = false;
  const measured = Promise.all(OTHERS.map((target) => longestWait(program, target, () => isOver)));
  // A rejection is told at the end.
  measured.catch(() => {});
  // The first round trip of each is before the work.
  await Bun.sleep(50);
  await work().finally(() => (isOver = true));
  const longest = await measured;
  return Object.fromEntries(OTHERS.map((target, i) => [target, Math.round(longest[i]!)]));
}

async function longestWait({ port, pid }: RunningProgram, target: string, isOver: () => boolean): Promise<number> {
  const queued = (): number => queuedMs(pid) + queuedMs(process.pid);
  const client = await RawClient.connect(port);
  let longest = 0;
  while (!isOver()) {
    client.received = "";
    const [start, queuedBefore] = [performance.now(), queued()];
    await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.until(({ received, isClosed }) => isClosed || received.endsWith(BODY_END[target]!), PATIENCE_MS);
    if (client.isClosed) throw new Error("the server has cut the connection of a client that asks for " + target);
    longest = Math.max(longest, performance.now() - start - (queued() - queuedBefore));
    await Bun.sleep(PAUSE_MS);
  }
  client.close();
  return longest;
}

/** How long the first thread of a process was ready to go on, and had no processor; 0 where the system does not tell. */
function queuedMs(pid: number): number {
  try {
    const [, nanoseconds] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ");
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
}
