import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMAND, RunningProgram, runProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { untilOpen } from "../support/until-open.ts";

const as = (name: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}\r\n`;

/** The status of a request on a connection of its own, which any worker may get. */
async function status(port: number, method: string, target: string, fields: string, body = ""): Promise<number> {
  const text = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
  return Number((await exchange(port, text)).slice(9, 12));
}

describe("accounts of a server with two workers", () => {
  test("a hundred racers who may create one name: one wins", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "in"));
    const flags = [folder.path, "--workers", "2", "--auth", "bob:pw@/in:read,create"];
    await using program = await RunningProgram.start(flags);
    const racers = Array.from({ length: 100 }, (_, i) => {
      return status(program.port, "PUT", "/files/in/race", as("bob", "pw"), `racer ${i}`);
    });
    const ended = await Promise.all(racers);
    expect([ended.filter((each) => each === 201).length, ended.filter((each) => each === 403).length]).toEqual([1, 99]);
    expect(readFileSync(join(folder.path, "in/race"), "latin1")).toMatch(/^racer \d+$/);
  });

  test("ten failures are counted over both", async () => {
    using folder = tempFolder();
    await using program = await RunningProgram.start([folder.path, "--workers", "2", "--auth", "bob:pw"]);
    const statuses: number[] = [];
    for (let i = 0; i < 30; i++) statuses.push(await status(program.port, "GET", "/files/", as("bob", String(i))));
    expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(20).fill(429)]);
    await program.untilLog((log) => log.includes('Login failed for "bob" from 127.0.0.1.'));
  });

  test("are read again at SIGHUP, and who was right before has to be right again", async () => {
    using folder = tempFolder();
    const [file, config] = [join(folder.path, "accounts"), join(folder.path, "http.toml")];
    writeFileSync(file, "# people\n\nbob:one\n");
    writeFileSync(config, "");
    const flags = ["--workers", "2", "--auth-file", file, "--config", config];
    await using program = await RunningProgram.start([folder.path, ...flags]);
    expect(await status(program.port, "GET", "/files/", as("bob", "one"))).toBe(200);
    writeFileSync(file, "bob:two\n");
    writeFileSync(config, 'anonymous = ["ro@/opened"]\n');
    program.kill("SIGHUP");
    await program.untilLog((log) => log.includes("were read again"));
    await untilOpen(program.port, "/files/opened/");
    expect(await status(program.port, "GET", "/files/", as("bob", "two"))).toBe(200);
    expect(await status(program.port, "GET", "/files/", as("bob", "one"))).toBe(401);
  });

  test("that are wrong are one line without a secret, and exit code 2", async () => {
    const { exitCode, stderr } = await runProgram(["--auth", "bob:hunter2@/x:all"]);
    expect(exitCode).toBe(2);
    expect(stderr).toStartWith("mini-http: --auth must be rights such as ro, rw");
    expect(stderr).not.toContain("hunter2");
  });
});

test("hash-password makes a line that --auth-file takes", async () => {
  using folder = tempFolder();
  const child = Bun.spawn([...COMMAND, "hash-password", "bob"], { stdin: Buffer.from("pw\n"), stdout: "pipe" });
  const line = await child.stdout.text();
  expect(line).toStartWith("bob:$argon2id$");
  const file = join(folder.path, "accounts");
  writeFileSync(file, line);
  await using program = await RunningProgram.start([folder.path, "--auth-file", file]);
  expect(await status(program.port, "GET", "/files/", as("bob", "pw"))).toBe(200);
  expect(await status(program.port, "GET", "/files/", as("bob", "no"))).toBe(401);
});
