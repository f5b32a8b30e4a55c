// One server takes over from another on the same port and folder, under load.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({ linux: true });
const CREWS: readonly (readonly string[])[] = [
  ["--workers", "1"],
  ["--workers", "2"],
];
const SHARING = ["--reuse-port", "--grace", "30s"];
const IN_FLIGHT = 200;
const NEW_CLIENTS = 16;
/** Answers before and after the first server is told to go: many beside those whom its closing can reset. */
const ENOUGH = 1000;

/** What became of the connections of clients that come one after the other. */
interface Outcome {
  answered: number;
  /** Reset before anything was answered. */
  reset: number;
}

/** Clients that come and go until they are told to stop. */
class Newcomers {
  readonly outcome: Outcome = { answered: 0, reset: 0 };
  #goesOn = true;
  readonly #all: Promise<void[]>;

  constructor(port: number) {
    this.#all = Promise.all(Array.from({ length: NEW_CLIENTS }, (_, i) => this.#comeAndGo(port, `/echo/${i}`)));
  }

  untilAnswered(count: number): Promise<void> {
    return until(() => this.outcome.answered >= count);
  }

  async stop(): Promise<Outcome> {
    this.#goesOn = false;
    await this.#all;
    return this.outcome;
  }

  async #comeAndGo(port: number, target: string): Promise<void> {
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    while (this.#goesOn) {
      // One that is reset before `connect` resolves was not accepted either.
      const answer = await exchange(port, request).catch(() => "");
      if (answer.startsWith("HTTP/1.1 200 ")) this.outcome.answered += 1;
      else this.outcome.reset += 1;
    }
  }
}

/** How often the logs of both servers say so. */
function count(said: string, ...servers: readonly RunningProgram[]): number {
  return servers.reduce((sum, { log }) => sum + log.split(said).length - 1, 0);
}

/** A system resets who was not accepted yet when a listener closes, and each worker has one; clients ask again then. */
function askPatiently(...words: Parameters<typeof ask>): ReturnType<typeof ask> {
  const again = (): ReturnType<typeof ask> => ask(...words);
  return again().catch(again).catch(again);
}

describe.skipIf(skip).each(CREWS)("a rolling restart (%s %s)", (...crew) => {
  test("loses no request that was accepted; all that comes after it is the next server's", async () => {
    await using first = await RunningProgram.start([...SHARING, ...crew]);
    const flags = [...SHARING, ...crew, "--port", String(first.port)];
    const clients = await Promise.all(Array.from({ length: IN_FLIGHT }, () => RawClient.connect(first.port)));
    await Promise.all(
      clients.map((client) => client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")),
    );
    await Promise.all(clients.map((client) => client.until(({ received }) => received.endsWith("\r\n\r\na"))));
    await using second = await RunningProgram.start(flags);
    const newcomers = new Newcomers(first.port);
    await newcomers.untilAnswered(ENOUGH);
    first.kill("SIGTERM");
    await newcomers.untilAnswered(2 * ENOUGH);
    await Promise.all(clients.map((client) => client.send("b")));
    const answers = await Promise.all(clients.map((client) => client.untilEnd()));
    expect(answers.filter((answer) => answer.endsWith("\r\n\r\nab"))).toHaveLength(IN_FLIGHT);
    expect(await first.exited).toBe(0);
    const { answered, reset } = await newcomers.stop();
    second.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    const unasked = count("[CONNECTED]", first, second) - IN_FLIGHT - answered;
    const told = `${answered} new connections answered, ${reset} reset, ${unasked} of them accepted and not heard yet`;
    console.warn(`rolling restart, ${crew.join(" ")}: ${told}`);
    // Whoever was heard was answered. On a busy machine a client may be slow with its first word.
    expect(count("[RECEIVED from", first, second)).toBe(IN_FLIGHT + answered);
    expect(reset).toBeLessThan(answered / 50);
  });
});

describe.skipIf(skip)("--reuse-port", () => {
  const pairs: [what: string, first: string[], second: string[]][] = [
    ["a server that does not share", [], ["--reuse-port"]],
    ["a server that shares, by one that does not", ["--reuse-port"], []],
    ["a server that shares, by workers that do not", ["--reuse-port"], ["--workers", "2"]],
    ["workers that do not share", ["--workers", "2"], ["--workers", "2"]],
  ];
  test.each(pairs)("takes no port from %s: exit code 1", async (_what, held, wanted) => {
    await using first = await RunningProgram.start(held);
    const { exitCode, stderr } = await runProgram(["--quiet", "--port", String(first.port), ...wanted]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^mini-http: Cannot listen: port \d+ on localhost is in use/);
  });

  test("with --port 0 takes one that nobody has", async () => {
    await using first = await RunningProgram.start(["--reuse-port"]);
    await using second = await RunningProgram.start(["--reuse-port"]);
    expect(second.port).not.toBe(first.port);
  });
});

const boundary = "----b";
const FORM_FILES = 8;

/** A form of some files, all with this content. */
function formOf(content: string): string {
  const parts = Array.from({ length: FORM_FILES }, (_, i) => {
    const fields = `Content-Disposition: form-data; name="f"; filename="part-${i}"\r\n\r\n`;
    return `--${boundary}\r\n${fields}${content}\r\n`;
  });
  return `${parts.join("")}--${boundary}--\r\n`;
}

/** Of two servers that replace the same files at the same moment, one may find them gone: 409, "send it again". */
async function sendUntilStored(port: number, fields: string, body: string): ReturnType<typeof ask> {
  for (;;) {
    const answer = await askPatiently(port, "POST", "/files/", fields, body);
    if (!answer.body.endsWith("send it again.\n")) return answer;
  }
}

describe.skipIf(skip).each(CREWS)("two servers on one folder (%s %s)", (...crew) => {
  const start = (path: string, port = 0): Promise<RunningProgram> =>
    RunningProgram.start(["--directory", path, "--port", String(port), "--quiet=no", ...SHARING, ...crew]);

  test("uploads across the change arrive whole, and nothing of them is swept away", async () => {
    using folder = tempFolder();
    await using first = await start(folder.path);
    const head = "PUT /files/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n";
    const slow = await RawClient.connect(first.port);
    await slow.send(head + "a".repeat(1000));
    while (readdirSync(folder.path).length === 0) await Bun.sleep(5);
    await using second = await start(folder.path, first.port);
    const stored = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        if (i === 50) first.kill("SIGTERM");
        await Bun.sleep(i * 5);
        return (await askPatiently(first.port, "PUT", `/files/f${i}`, "", String(i).repeat(1000))).status;
      }),
    );
    expect(stored.filter((status) => status !== 201)).toEqual([]);
    await slow.send("b".repeat(1000));
    expect(await slow.untilEnd()).toStartWith("HTTP/1.1 201 ");
    expect(await first.exited).toBe(0);
    expect(readFileSync(join(folder.path, "slow"), "latin1")).toBe("a".repeat(1000) + "b".repeat(1000));
    for (let i = 0; i < 100; i++)
      expect(readFileSync(join(folder.path, `f${i}`), "latin1")).toBe(String(i).repeat(1000));
    expect(readdirSync(folder.path)).toHaveLength(101);
    expect(second.log).not.toContain("killed server");
  });

  test("racing creators have one winner between them", async () => {
    using folder = tempFolder();
    await using first = await start(folder.path);
    await using _second = await start(folder.path, first.port);
    for (let round = 0; round < 5; round++) {
      const create = (_: unknown, i: number): Promise<{ status: number }> =>
        askPatiently(first.port, "PUT", `/files/f${round}`, "If-None-Match: *\r\n", `version ${i}`);
      const statuses = (await Promise.all(Array.from({ length: 48 }, create))).map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(47);
    }
  });

  test("forms leave no file of a journal, and each file is one that was sent", async () => {
    using folder = tempFolder();
    await using first = await start(folder.path);
    await using _second = await start(folder.path, first.port);
    const type = `Content-Type: multipart/form-data; boundary=${boundary}\r\n`;
    const sent = Array.from({ length: 40 }, (_, i) => `form ${i}`);
    const statuses = await Promise.all(
      sent.map(async (content, i) => {
        if (i === 20) first.kill("SIGTERM");
        await Bun.sleep(i * 5);
        return (await sendUntilStored(first.port, type, formOf(content))).status;
      }),
    );
    expect(statuses.filter((status) => status >= 300)).toEqual([]);
    expect(await first.exited).toBe(0);
    const names = Array.from({ length: FORM_FILES }, (_, i) => `part-${i}`);
    expect(readdirSync(folder.path).sort()).toEqual(names);
    for (const name of names) expect(sent).toContain(readFileSync(join(folder.path, name), "latin1"));
  });

  test("what a killed server leaves, the next one finishes or sweeps while it takes over", async () => {
    using folder = tempFolder();
    // Alone: workers whose parent was killed finish what they have in hand.
    await using first = await RunningProgram.start(["--directory", folder.path, "--quiet=no", ...SHARING]);
    writeFileSync(join(folder.path, "kept"), "kept");
    const slow = await RawClient.connect(first.port);
    await slow.send("PUT /files/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + "a".repeat(1000));
    while (readdirSync(folder.path).length === 1) await Bun.sleep(5);
    first.kill("SIGKILL");
    await first.exited;
    await using second = await start(folder.path, first.port);
    await second.untilLog(() => readdirSync(folder.path).length === 1);
    expect(readdirSync(folder.path)).toEqual(["kept"]);
  });
});
