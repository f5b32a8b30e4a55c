// What a person sees at a terminal, and a program in a pipe does not.

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { COMMAND, RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A program on a terminal of its own. */
class OnTerminal implements AsyncDisposable {
  shown = "";
  readonly #child: ReturnType<typeof Bun.spawn>;

  constructor(...flags: readonly string[]) {
    const words = [...COMMAND, "--port", "0", ...flags].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    this.#child = Bun.spawn(["script", "-qefc", `stty cols 100; exec ${words.join(" ")}`, "/dev/null"], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    void this.#collect();
  }

  async #collect(): Promise<void> {
    for await (const bytes of this.#child.stdout as ReadableStream<Uint8Array>)
      this.shown += Buffer.from(bytes).toString("utf8");
  }

  async until(pattern: RegExp): Promise<void> {
    await until(
      () => pattern.test(this.shown),
      PATIENCE_MS,
      () => `${pattern}, but:\n${this.shown}`,
    );
  }

  get port(): number {
    return Number(/Listening on \S+:(\d+)/.exec(this.shown)?.[1]);
  }

  type(text: string): void {
    const stdin = this.#child.stdin as Bun.FileSink;
    stdin.write(text);
    void stdin.flush();
  }

  get exited(): Promise<number> {
    return this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

const CTRL_C = "\x03";

describe.skipIf(needs({ linux: true, programs: ["script"] }).skip)("at a terminal", () => {
  test("the start says what is shared, what visitors may do, where to open it and how to stop", async () => {
    using folder = tempFolder();
    await using program = new OnTerminal(folder.path);
    await program.until(/Stop {6}Ctrl-C/);
    expect(program.shown).toContain(`  Folder    ${folder.path}`);
    expect(program.shown).toContain(`  Open      http://localhost:${program.port}/files/`);
    program.type(CTRL_C);
    expect(await program.exited).toBe(0);
  });

  test("a stop that waits says for what, and a second Ctrl-C ends it", async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "large.bin"), Buffer.alloc(32 * 1024 * 1024));
    await using program = new OnTerminal(folder.path, "--grace", "60s");
    await program.until(/Stop {6}Ctrl-C/);
    const client = await RawClient.connect(program.port);
    await client.send("GET /files/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await client.until(({ received }) => received !== "");
    client.pause();
    program.type(CTRL_C);
    await program.until(/ {2}Stopping: 1 connection may finish within 60s; Ctrl-C again ends at once\./);
    program.type(CTRL_C);
    expect(await program.exited).toBe(130);
    client.close();
  });

  test("a code is drawn where a phone could reach the address, and only there", async () => {
    await using outer = new OnTerminal("--host", "0.0.0.0", "--qr");
    await outer.until(/[▀▄█]{7}|this machine has no address/);
    await using inner = new OnTerminal("--qr");
    await inner.until(/--qr needs an address that a phone can reach; start with --host 0\.0\.0\.0\./);
  });
});

test("in a pipe there is the log alone", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "shared"));
  await using program = await RunningProgram.start([join(folder.path, "shared")]);
  await Bun.sleep(200);
  expect(program.log).toMatch(/^[\d-]+ [\d:,]+ \[SERVER STARTED\] Listening on \S+\n$/);
});
