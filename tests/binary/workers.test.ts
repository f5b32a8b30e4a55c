// Several workers, started and killed as users do.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { readResponses } from "../support/response-reader.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/patience.ts";

const WORKERS = ["--workers", "2"];

async function status(port: number, method: string, target: string, fields: string, body: string): Promise<number> {
  return (await ask(port, method, target, fields, body)).status;
}

/** The workers of a server, by what the system says of its parent. */
function workersOf(parent: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1").trim();
  return children === "" ? [] : children.split(" ").map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

describe.skipIf(needs({ linux: true }).skip)("--workers 2", () => {
  test("both serve on the port, and a signal ends them", async () => {
    await using program = await RunningProgram.start(WORKERS);
    const workers = workersOf(program.pid);
    expect(workers).toHaveLength(2);
    for (let i = 0; i < 40; i++)
      expect(await exchange(program.port, "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n")).toContain("200");
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    await until(() => !workers.some(isAlive));
    expect(program.log.match(/SERVER STARTED/g)).toHaveLength(1);
    expect(program.log.match(/SERVER STOPPED/g)).toHaveLength(1);
    expect(program.log.split("\n").filter((line) => line !== "" && !/^\d{4}-/.test(line))).toEqual([]);
  });

  test("a starter that had the ends of children ignored (SIGCHLD) makes no end slower, and no death unseen", async () => {
    await using program = await RunningProgram.start([...WORKERS, "--grace", "60s"], { before: "trap '' CHLD" });
    const before = workersOf(program.pid);
    process.kill(before[0]!, "SIGKILL");
    await until(() => workersOf(program.pid).filter((pid) => !before.includes(pid)).length === 1);
    program.kill("SIGTERM");
    const start = performance.now();
    expect(await program.exited).toBe(0);
    // Patience would be --grace and more.
    expect(performance.now() - start).toBeLessThan(50_000);
    expect(program.log).not.toContain("[ERROR]");
    expect(program.log).toContain("[SERVER STOPPED]");
  });

  test.each(["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGQUIT"] as const)(
    "%s to the workers ends none of them",
    async (signal) => {
      await using program = await RunningProgram.start(WORKERS);
      const workers = workersOf(program.pid);
      for (const pid of workers) process.kill(pid, signal);
      await exchange(program.port, "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n");
      await Bun.sleep(50);
      expect(workersOf(program.pid)).toEqual(workers);
    },
  );

  test("nothing is lost between names that lead to one file through links", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "real"));
    symlinkSync("real", join(folder.path, "alias"));
    writeFileSync(join(folder.path, "real", "count"), "0");
    await using program = await RunningProgram.start(["--directory", folder.path, ...WORKERS]);
    let acknowledged = 0;
    const countUp = async (target: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const got = await exchange(program.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
        const [response] = readResponses(got);
        const next = String(Number(response!.body) + 1);
        const fields = `If-Match: ${response!.fields.get("etag")!}\r\n`;
        if ((await status(program.port, "PUT", target, fields, next)) === 204) acknowledged += 1;
      }
    };
    const targets = ["/files/real/count", "/files/alias/count"];
    await Promise.all([...targets, ...targets, ...targets].map(countUp));
    expect(readFileSync(join(folder.path, "real", "count"), "latin1")).toBe(String(acknowledged));
  });

  test("racing creators have one winner, and so have racing replacements", async () => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--directory", folder.path, ...WORKERS]);
    const race = (fields: string): Promise<number[]> =>
      Promise.all(
        Array.from({ length: 64 }, (_, i) => status(program.port, "PUT", "/files/f", fields, `version ${i}`)),
      );
    const created = await race("If-None-Match: *\r\n");
    expect(created.filter((each) => each === 201)).toHaveLength(1);
    expect(created.filter((each) => each === 412)).toHaveLength(63);
    const head = await exchange(program.port, "HEAD /files/f HTTP/1.1\r\nHost: a\r\n\r\n");
    const tag = /etag: (.*)\r\n/i.exec(head)![1]!;
    const replaced = await race(`If-Match: ${tag}\r\n`);
    expect(replaced.filter((each) => each === 204)).toHaveLength(1);
    expect(replaced.filter((each) => each === 412)).toHaveLength(63);
    expect(readdirSync(folder.path)).toEqual(["f"]);
  });

  test("the quota is one for both", async () => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--directory", folder.path, "--quota", "10K", ...WORKERS]);
    const statuses = await Promise.all(
      Array.from({ length: 30 }, (_, i) => status(program.port, "PUT", `/files/${i}`, "", "x".repeat(1024))),
    );
    expect(statuses.filter((each) => each === 201)).toHaveLength(10);
    expect(statuses.filter((each) => each === 507)).toHaveLength(20);
  });

  test("the limit of connections is one for both", async () => {
    await using program = await RunningProgram.start([...WORKERS, "--max-connections", "10"]);
    const clients: RawClient[] = [];
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(program.port);
      await client.send("GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.until(({ received }) => received.includes("\r\n\r\n"));
      clients.push(client);
    }
    const isServed = ({ received }: RawClient): boolean => received.startsWith("HTTP/1.1 200");
    expect(clients.filter(isServed)).toHaveLength(10);
    for (const client of clients) client.close();
  });

  test("a worker that is killed is replaced, and what it left unfinished is removed", async () => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--directory", folder.path, ...WORKERS]);
    const before = workersOf(program.pid);
    const upload = await RawClient.connect(program.port);
    await upload.send("PUT /files/f HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbeginning");
    await until(() => readdirSync(folder.path).length === 1);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until(() => workersOf(program.pid).filter((pid) => !before.includes(pid)).length === 2);
    await until(() => readdirSync(folder.path).length === 0);
    await until(() => program.log.includes("another one starts"));
    let served = "";
    while (!served.includes("200")) {
      served = await exchange(program.port, "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n").catch(() => "");
    }
    upload.close();
  });

  test("workers go when their parent is killed", async () => {
    await using program = await RunningProgram.start(WORKERS);
    const workers = workersOf(program.pid);
    program.kill("SIGKILL");
    await until(() => !workers.some(isAlive));
  });

  test("a port that is taken is one line, and nobody's clients are taken away", async () => {
    await using first = await RunningProgram.start(WORKERS);
    const second = await runProgram([...WORKERS, "--port", String(first.port)]);
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain("is in use");
    expect(second.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a file that both have in memory is fresh for both", async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "f"), "one");
    await using program = await RunningProgram.start(["--directory", folder.path, ...WORKERS]);
    const get = "GET /files/f HTTP/1.1\r\nHost: a\r\n\r\n";
    for (let i = 0; i < 10; i++) expect(await exchange(program.port, get)).toEndWith("one");
    expect(await status(program.port, "PUT", "/files/f", "", "two")).toBe(204);
    for (let i = 0; i < 10; i++) expect(await exchange(program.port, get)).toEndWith("two");
  });
});
