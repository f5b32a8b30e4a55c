// curl, for large files: its reads are large too.

import { writeFileSync } from "node:fs";
import type { Workspace } from "./workspace.ts";

/** What a row of downloads took. */
export interface Downloads {
  /** Of each, in microseconds. */
  readonly times: readonly number[];
  /** Of all together. */
  readonly seconds: number;
  /** What curl itself used. */
  readonly cpuSeconds: number;
}

/** Downloads of one file, one after the other over one connection, thrown away. */
export class Curl {
  readonly #workspace: Workspace;
  readonly #path: string;
  readonly #bodyBytes: number;

  constructor(workspace: Workspace, path: string, bodyBytes: number) {
    this.#workspace = workspace;
    this.#path = path;
    this.#bodyBytes = bodyBytes;
  }

  /** Downloads so many times; throws when one was not whole. */
  async run(port: number, count: number): Promise<Downloads> {
    const list = this.#workspace.path("curl.config");
    const url = `http://127.0.0.1:${port}${this.#path}`;
    writeFileSync(list, `url = "${url}"\noutput = "/dev/null"\n`.repeat(count));
    const format = "%{http_code} %{size_download} %{time_total}\\n";
    const command = ["curl", "--no-progress-meter", "--write-out", format, "--config", list];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    this.#workspace.adopt(child.pid);
    const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    this.#workspace.kill(child.pid);
    const rows = output
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number));
    const whole = rows.filter(([status, bytes]) => status === 200 && bytes === this.#bodyBytes);
    if (whole.length !== count)
      throw new Error(`curl has ${whole.length} of ${count} downloads whole ${complaint.trim()}`);
    const times = whole.map(([, , seconds]) => (seconds ?? Number.NaN) * 1e6);
    const seconds = times.reduce((total, each) => total + each, 0) / 1e6;
    const cpuMicros = Number(child.resourceUsage()?.cpuTime.total ?? 0);
    return { times, seconds, cpuSeconds: cpuMicros / 1e6 };
  }
}
