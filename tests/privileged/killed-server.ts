// A server that is killed at the Nth of its calls that change a file system, and started again.

import { PATIENCE_MS, until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { untilSwept } from "./ground.ts";
import { childrenOf, Helper, nativeProgram } from "./native-program.ts";

/** MINI_HTTP_KILLS=all tries each call, else a few of each deed. */
export const TRIES_ALL = process.env["MINI_HTTP_KILLS"] === "all";
const MOST_SAMPLES = 12;
/** Past any deed's last call. */
const NEVER = 1_000_000;
export const DEED_PATIENCE_MS = TRIES_ALL ? 3_600_000 : 120_000;

/** One request of a deed, or the end of one. */
export interface Act {
  readonly raw: string;
  /** It is sent when this holds, or never when the server is killed before; null: at once. */
  readonly when: ((folder: string) => boolean) | null;
}

/** What the server is about when it is killed. */
export interface Deed {
  readonly flags: readonly string[];
  /** Makes the folder as it is before each kill. */
  prepare(folder: string): void;
  /** What is sent before the calls count; resolves when the server has taken it. Once for each client. */
  begin(client: RawClient, folder: string): Promise<void>;
  /** What is sent while they count, each by a client of its own; the answer to the first tells whether it is done. */
  readonly acts: readonly Act[];
  /** "new" or "old", "new, and more", or what is wrong. */
  stateOf(folder: string): string;
}

/** What was seen of one try. */
interface Try {
  /** "killed CALL", or "counted CALL CALL ..." when the deed had fewer calls. */
  readonly said: string;
  readonly isAcknowledged: boolean;
}

/** What is wrong after a kill at some calls of the deed and another start; empty when nothing is. */
export async function tornBy(deed: Deed, folder: string, leastCalls: number): Promise<readonly string[]> {
  const { said } = await killAt(deed, folder, NEVER);
  const calls = said.split(" ").slice(1);
  if (calls.length < leastCalls) return [`${calls.length} calls were counted: ${said}`];
  const torn: string[] = [];
  for (const call of callsToTry(calls.length)) {
    const { said, isAcknowledged } = await killAt(deed, folder, call);
    const state = await recover(deed, folder);
    const isRight = state === "new" || (state === "old" && !isAcknowledged);
    if (!isRight) torn.push(`call ${call} of ${calls.length}, ${said.slice(0, 30)}: ${state}`);
  }
  return torn;
}

async function killAt(deed: Deed, folder: string, call: number): Promise<Try> {
  deed.prepare(folder);
  await using program = await RunningProgram.start(["--directory", folder, ...deed.flags]);
  const clients = await Promise.all(deed.acts.map(() => RawClient.connect(program.port)));
  for (const client of clients) await deed.begin(client, folder);
  const pids = [program.pid, ...childrenOf(program.pid)];
  await using tracer = await Helper.start([nativeProgram("kill-at"), String(call), ...pids.map(String)]);
  const isKilled = (): boolean => tracer.said.includes("killed") || tracer.hasEnded;
  for (const [i, { raw, when }] of deed.acts.entries()) {
    const isDue = (): boolean => when === null || when(folder) || clients[0]!.received !== "" || isKilled();
    await until(isDue, PATIENCE_MS, () => tracer.said);
    await clients[i]!.send(raw);
  }
  const areAnswered = (): boolean => clients.every(({ received }) => received.includes("\r\n\r\n"));
  await until(
    () => areAnswered() || isKilled(),
    PATIENCE_MS,
    () => tracer.said,
  );
  // What comes after the answer is the deed's, too: a journal goes.
  if (areAnswered()) await Bun.sleep(20);
  tracer.signal("SIGTERM");
  await until(
    () => tracer.hasEnded,
    PATIENCE_MS,
    () => "the tracer goes on",
  );
  const said = await tracer.untilSaid("ed ").catch(() => tracer.said);
  for (const client of clients) client.close();
  const isAcknowledged = /^HTTP\/1\.1 20[14]/.test(clients[0]!.received);
  return { said: said.replace("ready\n", "").trim(), isAcknowledged };
}

/** Starts the program again with the same words; gives the folder's state once nothing temporary is left. */
async function recover(deed: Deed, folder: string): Promise<string> {
  await using _program = await RunningProgram.start(["--directory", folder, ...deed.flags]);
  try {
    await untilSwept(folder);
  } catch (error) {
    return `${deed.stateOf(folder)}; ${String(error).slice(0, 300)}`;
  }
  return deed.stateOf(folder);
}

function callsToTry(calls: number): number[] {
  const all = Array.from({ length: calls }, (_, i) => i + 1);
  if (TRIES_ALL || calls <= MOST_SAMPLES) return all;
  const step = calls / MOST_SAMPLES;
  return Array.from({ length: MOST_SAMPLES }, (_, i) => 1 + Math.floor(i * step + Math.random() * step));
}
