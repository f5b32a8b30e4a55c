// Runs other programs against a server, as people do.

import { PATIENCE_MS } from "./patience.ts";

/** What a program left behind. */
export interface ClientResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface ClientOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly patienceMs?: number;
}

/** Runs it to its end, without a proxy of the machine's own; killed when that takes too long. */
export async function runClient(
  words: readonly string[],
  { cwd, env = {}, patienceMs = PATIENCE_MS }: ClientOptions = {},
): Promise<ClientResult> {
  const child = Bun.spawn([...words], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", LC_ALL: "C.UTF-8", no_proxy: "*", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: patienceMs,
  });
  const [exitCode, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { exitCode, stdout, stderr };
}
