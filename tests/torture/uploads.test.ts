// Uploads under everything that can go wrong: clients that leave, servers that are killed, disks that are full. Whatever
// happens, each visible file is one that somebody sent whole, and in the end nothing else is left.
// MINI_HTTP_TORTURE_SEED repeats a run; MINI_HTTP_TORTURE_UPLOADS makes it longer (500).

import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { statusOf } from "../support/ask.ts";
import { RawClient } from "../support/raw-client.ts";
import { COMMAND, programEnvironment, RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const UPLOADS = Number(process.env["MINI_HTTP_TORTURE_UPLOADS"] ?? 500);
const SEED = Number(process.env["MINI_HTTP_TORTURE_SEED"] ?? Date.now() % 1_000_000_007);
const NAMES = 20;
const AT_ONCE = 12;
const MOST_BYTES = 2 * 1024 * 1024;
const KILL_EVERY_MS = 40;
const PATIENCE_MS = 120_000;

function digest(bytes: string | Buffer): string {
  return createHash("sha1")
    .update(bytes as string, "latin1")
    .digest("hex");
}

/** Every file below the folder by its path. */
function filesIn(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(
    paths.filter((path) => statSync(join(folder, path)).isFile()).map((path) => [path, join(folder, path)]),
  );
}

function isTemporary(path: string): boolean {
  return path.split("/").at(-1)!.startsWith(".mini-http-");
}

/** One upload, as it goes over the wire, and the files that it makes when it arrives whole. */
interface Upload {
  readonly raw: string;
  readonly files: ReadonlyMap<string, string>;
}

function makeUpload(random: Random, serial: number): Upload {
  const content = (): string => {
    const size = random.below(4) === 0 ? random.below(MOST_BYTES) : random.below(20_000);
    // The serial number makes each version one of a kind.
    return (serial + ":" + String.fromCharCode(97 + random.below(26)).repeat(size)).slice(0, size);
  };
  const name = (): string => (random.below(3) === 0 ? `sub/f${random.below(NAMES)}` : `f${random.below(NAMES)}`);
  if (random.below(4) === 0)
    return makeForm(
      new Map([
        [name(), content()],
        [name(), content()],
      ]),
    );
  const [target, body] = [name(), content()];
  const method = random.below(2) === 0 ? "PUT" : "POST";
  const framed =
    random.below(2) === 0
      ? `Content-Length: ${body.length}\r\n\r\n${body}`
      : `Transfer-Encoding: chunked\r\n\r\n${chunked(body, random)}`;
  return { raw: `${method} /files/${target} HTTP/1.1\r\nHost: a\r\n${framed}`, files: new Map([[target, body]]) };
}

function chunked(body: string, random: Random): string {
  let text = "";
  for (let at = 0; at < body.length;) {
    const size = 1 + random.below(100_000);
    const piece = body.slice(at, at + size);
    text += piece.length.toString(16) + "\r\n" + piece + "\r\n";
    at += size;
  }
  return text + "0\r\n\r\n";
}

function makeForm(files: ReadonlyMap<string, string>): Upload {
  const parts = [...files].map(
    ([name, body]) => `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${body}\r\n`,
  );
  const body = parts.join("") + "--b--\r\n";
  const head = `POST /files/ HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n`;
  return { raw: `${head}Content-Length: ${body.length}\r\n\r\n${body}`, files };
}

/** Sends an upload or a part of it, and leaves as the dice say. False when no server took the connection. */
async function send(port: number, { raw }: Upload, random: Random): Promise<boolean> {
  const client = await RawClient.connect(port).catch(() => null);
  if (client === null) return false;
  const fate = random.below(4);
  if (fate < 2) {
    await client.send(raw);
    await client.until(
      ({ received, isClosed, isEnded }) => isClosed || isEnded || received.includes("\r\n\r\n"),
      PATIENCE_MS,
    );
    client.close();
    return true;
  }
  await client.send(raw.slice(0, random.below(raw.length)));
  await Bun.sleep(random.below(20));
  if (fate === 2) client.reset();
  else client.end();
  if (fate === 3) await client.untilEnd(PATIENCE_MS);
  client.close();
  return true;
}

test(
  `${UPLOADS} uploads against aborts, resets and kill -9 (seed ${SEED})`,
  async () => {
    using folder = tempFolder();
    const random = new Random(SEED);
    /** For each name the digests of all that was ever sent for it. */
    const versions = new Map<string, Set<string>>();
    const start = (): Promise<RunningProgram> => RunningProgram.start(["--directory", folder.path]);
    const restart = async (program: RunningProgram): Promise<RunningProgram> => {
      program.kill("SIGKILL");
      await program.exited;
      return start();
    };
    // A promise, so that between two servers the senders wait instead of spending their uploads on nobody: on a busy
    // machine a start takes longer than all of them.
    let running = start();
    let made = 0;
    let sent = 0;
    let isOver = false;
    let kills = 0;

    const sender = async (): Promise<void> => {
      while (sent < UPLOADS) {
        const upload = makeUpload(random, made++);
        for (const [name, body] of upload.files) {
          versions.set(name, (versions.get(name) ?? new Set()).add(digest(body)));
        }
        if (await send((await running).port, upload, random)) sent += 1;
      }
    };
    const killer = async (): Promise<void> => {
      while (!isOver) {
        const program = await running;
        await Bun.sleep(KILL_EVERY_MS);
        if (isOver) break;
        running = restart(program);
        kills += 1;
      }
    };
    const senders = Promise.all(Array.from({ length: AT_ONCE }, sender)).finally(() => (isOver = true));
    await Promise.all([senders, killer()]);

    // A last start sweeps what the killed ones left.
    const program = await restart(await running);
    while ([...filesIn(folder.path).keys()].some(isTemporary)) await Bun.sleep(10);
    const visible = filesIn(folder.path);
    expect(kills).toBeGreaterThan(0);
    expect(visible.size).toBeGreaterThan(0);
    for (const [name, path] of visible)
      expect([name, versions.get(name)?.has(digest(readFileSync(path)))]).toEqual([name, true]);
    program.kill("SIGKILL");
  },
  PATIENCE_MS,
);

const put = (name: string, body: string): string =>
  `PUT /files/${name} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const putChunked = (name: string, body: string): string =>
  `PUT /files/${name} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

describe("a full disk", () => {
  const outer = tempFolder();
  const disk = join(outer.path, "disk");
  mkdirSync(disk);
  const canMount = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk]).exitCode === 0;
  if (!canMount) console.warn("skipped: a full disk, as no small tmpfs can be mounted here (it needs root)");
  afterAll(() => {
    if (canMount) Bun.spawnSync(["umount", disk]);
    outer[Symbol.dispose]();
  });

  test.skipIf(!canMount)("is 507, the old file stays, and nothing is left", async () => {
    writeFileSync(join(disk, "old"), "old");
    await using program = await RunningProgram.start(["--directory", disk]);
    const large = "x".repeat(6 * 1024 * 1024);
    const form = makeForm(
      new Map([
        ["one", "1"],
        ["old", large],
      ]),
    ).raw;
    expect(await statusOf(program.port, put("old", large))).toBe(507);
    expect(await statusOf(program.port, putChunked("old", large))).toBe(507);
    expect(await statusOf(program.port, form)).toBe(507);
    while (readdirSync(disk).length > 1) await Bun.sleep(5);
    expect(readFileSync(join(disk, "old"), "utf8")).toBe("old");
    expect(await statusOf(program.port, put("small", "fits"))).toBe(201);
    rmSync(join(disk, "small"));
  });
});

test("a limit of the system on the size of files is 413, and the server lives on", async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, "old"), "old");
  // In blocks of 1024 bytes.
  const command = ["bash", "-c", 'ulimit -f 1024; exec "$@"', "bash", ...COMMAND, "--port", "0", "-d", folder.path];
  const child = Bun.spawn(command, { env: programEnvironment(), stderr: "pipe", stdout: "ignore", stdin: "ignore" });
  const reader = child.stderr.getReader();
  let log = "";
  while (!log.includes("Listening")) log += Buffer.from((await reader.read()).value ?? []).toString();
  const port = Number(/:(\d+)\s/.exec(log.slice(log.indexOf("http://")))![1]);
  const large = "x".repeat(3 * 1024 * 1024);
  expect(await statusOf(port, put("old", large))).toBe(413);
  expect(await statusOf(port, putChunked("new", large))).toBe(413);
  while (readdirSync(folder.path).length > 1) await Bun.sleep(5);
  expect(readFileSync(join(folder.path, "old"), "utf8")).toBe("old");
  expect(await statusOf(port, put("new", "small"))).toBe(201);
  child.kill("SIGKILL");
  await child.exited;
});
