// How long others wait: a client beside the one that makes the work asks for small things, one after the other.

import { RawClient } from "../support/raw-client.ts";

/** The longest wait for each target, in milliseconds. */
export type Waits = Readonly<Record<string, number>>;

const OTHERS: readonly string[] = ["/echo/a", "/-/health"];
const PAUSE_MS = 3;
const PATIENCE_MS = 90_000;
const BODY_END: Readonly<Record<string, string>> = { "/echo/a": "\r\n\r\na", "/-/health": "\r\n\r\nok\n" };

/** Measures while `work` goes on; `work` must not keep this process busy itself. */
export async function waitsDuring(port: number, work: () => Promise<unknown>, withinMs = PATIENCE_MS): Promise<Waits> {
  let isOver = false;
  const measured = Promise.all(OTHERS.map((target) => longestWait(port, target, () => isOver, withinMs)));
  // A rejection is told at the end.
  measured.catch(() => {});
  // The first round trip of each is before the work.
  await Bun.sleep(50);
  await work().finally(() => (isOver = true));
  const longest = await measured;
  return Object.fromEntries(OTHERS.map((target, i) => [target, Math.round(longest[i]!)]));
}

async function longestWait(port: number, target: string, isOver: () => boolean, withinMs: number): Promise<number> {
  const client = await RawClient.connect(port);
  let longest = 0;
  while (!isOver()) {
    client.received = "";
    const start = performance.now();
    await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.until(({ received }) => received.endsWith(BODY_END[target]!), withinMs);
    longest = Math.max(longest, performance.now() - start);
    await Bun.sleep(PAUSE_MS);
  }
  client.close();
  return longest;
}
