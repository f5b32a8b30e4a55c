// `--evict` and `--expire` by the wire, with one worker and with several: what goes and what stays, what counts, and what
// clients see of it. The order of many: tests/torture/eviction.test.ts.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { answerTo, ask, withLength, withoutBody } from "../support/ask.ts";
import { RECENCY_NAME } from "../../src/storage/recency.ts";
import { evictedBy, FREE_SHARE, heldIn, lastUseOf } from "../support/cache-folder.ts";
import { until } from "../support/patience.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { FORM, form, inChunks } from "../support/upload-requests.ts";

const CREWS = needs({ linux: true }).skip ? [1] : [1, 2];
const FILE_BYTES = 1000;
/** Seven files of that size, or six and what is to be free after an eviction. */
const LIMIT = 7 * FILE_BYTES;
const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

/** A folder with files of one size, the first the oldest, and a server over it. */
class Share implements AsyncDisposable {
  readonly #outer = tempFolder();
  readonly folder = join(this.#outer.path, "served");
  #program: RunningProgram | null = null;

  constructor(names: readonly string[] = NAMES) {
    mkdirSync(this.folder);
    for (const [i, name] of names.entries()) this.write(name, "x".repeat(FILE_BYTES), 3600 - i);
  }

  serve(...flags: readonly string[]): Promise<RunningProgram> {
    return this.#start(flags, []);
  }

  /** By a user who may read the folder, and change nothing in it. */
  serveUnchangeable(...flags: readonly string[]): Promise<RunningProgram> {
    chmodSync(this.#outer.path, 0o755);
    chmodSync(this.folder, 0o555);
    return this.#start(flags, ["setpriv", "--reuid", "65534", "--clear-groups"]);
  }

  async #start(flags: readonly string[], under: readonly string[]): Promise<RunningProgram> {
    this.#program = await RunningProgram.start(["--metrics", "--directory", this.folder, ...flags], { under });
    return this.#program;
  }

  /** As another program does. */
  write(name: string, content: string, secondsAgo = 0): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, "latin1");
    const time = Date.now() / 1000 - secondsAgo;
    utimesSync(path, time, time);
  }

  content(name: string): string {
    return readFileSync(join(this.folder, name), "latin1");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Of all files that are served, in order. */
  get names(): readonly string[] {
    return namesBelow(this.folder, "").sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#outer[Symbol.dispose]();
  }
}

function namesBelow(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return namesBelow(join(folder, entry.name), `${prefix}${entry.name}/`);
    return entry.isFile() && !entry.name.startsWith(".") ? [prefix + entry.name] : [];
  });
}

/** The status of a PUT. */
async function put(port: number, name: string, bytes = FILE_BYTES, fields = ""): Promise<number> {
  return (await ask(port, "PUT", "/files/" + name, fields, "y".repeat(bytes))).status;
}

async function get(port: number, name: string, fields = ""): Promise<ReadResponse> {
  return answerTo(port, withoutBody("GET", "/files/" + name, fields));
}

/** Nothing goes before the server has looked at all files. It has when the first goes: that is "a", and "b" with it. */
async function untilSurveyed(share: Share, port: number): Promise<void> {
  expect(await put(port, "new")).toBe(201);
  await until(async () => (await heldIn(share.folder)).bytes <= LIMIT);
}

/** What the server takes for the sum of all files is what lies there, to the byte. */
async function expectExactCount(share: Share, port: number): Promise<void> {
  const { files, bytes } = await heldIn(share.folder);
  expect(bytes).toBeLessThan(LIMIT);
  expect(await put(port, "fill", LIMIT - bytes)).toBe(201);
  expect(await heldIn(share.folder)).toEqual({ files: files + 1, bytes: LIMIT });
  expect(await put(port, "more", 1)).toBe(201);
  expect((await heldIn(share.folder)).bytes).toBeLessThanOrEqual(LIMIT - Math.floor(LIMIT / FREE_SHARE));
}

async function send(port: number, target: string, ...files: readonly (readonly [string, string])[]): Promise<number> {
  return (await ask(port, "POST", target, FORM, form(...files))).status;
}

async function move(port: number, from: string, to: string): Promise<number> {
  return (await ask(port, "MOVE", "/files/" + from, `Destination: /files/${to}\r\n`)).status;
}

async function remove(port: number, name: string): Promise<number> {
  return (await ask(port, "DELETE", "/files/" + name)).status;
}

const anotherUser = needs({ linux: true, root: true, programs: ["setpriv"] });

describe.each(CREWS)("with %d workers", (workers) => {
  const CACHE = ["--allow-delete", "--evict", String(LIMIT), "--workers", String(workers)];

  describe("the count of bytes is exact after", () => {
    type Act = (port: number, share: Share) => Promise<unknown>;
    const cases: [what: string, act: Act, answers: unknown][] = [
      ["an upload", (port) => put(port, "h", 10), 201],
      ["a new version", (port) => put(port, "g", 10), 204],
      [
        "an upload in chunks",
        (port) => answerTo(port, inChunks("PUT", "/files/h", "", "0123456789", 3)).then(({ status }) => status),
        201,
      ],
      ["a form of several files", (port) => send(port, "/files/", ["h", "1"], ["i", "22"], ["j", "333"]), 201],
      [
        "a form that replaces some, and makes folders",
        (port) => send(port, "/files/", ["g", "1"], ["in/f", "22"]),
        201,
      ],
      ["an upload that is refused", (port) => put(port, "g", 10, "If-None-Match: *\r\n"), 412],
      ["a deletion", (port) => remove(port, "g"), 204],
      ["a new name", (port) => move(port, "g", "h"), 201],
      ["a name that was another file's", (port) => move(port, "g", "f"), 204],
      [
        "names with a percent sign, spaces and any letters",
        async (port) => [
          await put(port, "50%25%20%C3%BC%F0%9F%8E%89", 100),
          await put(port, "%E6%97%A5/%2525", 100),
          await move(port, "50%25%20%C3%BC%F0%9F%8E%89", "e%CC%81"),
          await remove(port, "%E6%97%A5/%2525"),
        ],
        [201, 201, 201, 204],
      ],
      [
        "what goes through a link to a folder",
        async (port, share) => {
          symlinkSync("in", share.path("link"));
          return [
            await send(port, "/files/in/", ["a", "1"], ["b", "22"], ["c", "333"]),
            await put(port, "link/d", 10),
            await put(port, "link/a", 10),
            await move(port, "link/b", "link/e"),
            await remove(port, "link/c"),
          ];
        },
        [201, 201, 204, 201, 204],
      ],
      [
        "a folder with files gets a new name",
        async (port) => [
          await send(port, "/files/", ["in/a", "1"], ["in/deep/b", "22"], ["c", "333"]),
          await move(port, "in/", "out/"),
          await remove(port, "out/a"),
          await put(port, "out/deep/b", 10),
        ],
        [201, 201, 204, 204],
      ],
      [
        "an upload that was cut off",
        async (port) => {
          const client = await RawClient.connect(port);
          await client.send(withLength("PUT", "/files/h", "", "y".repeat(500)).slice(0, -1));
          client.reset();
        },
        undefined,
      ],
    ];
    test.each(cases)("%s", async (_what, act, answers) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      await untilSurveyed(share, port);
      expect(await act(port, share)).toEqual(answers as object);
      await expectExactCount(share, port);
    });
  });

  describe("what was not read for longest goes, and so does, of a folder that was moved,", () => {
    const cases: [what: string, act: (port: number, share: Share) => Promise<unknown>][] = [
      ["what lay in it", (port) => move(port, "in/", "out/")],
      [
        "what lay in it when it was moved twice",
        async (port) => [await move(port, "in/", "at/"), await move(port, "at/", "out/")],
      ],
    ];
    test.each(cases)("%s", async (_what, act) => {
      await using share = new Share(["in/a", "in/b", "in/c", "in/deep/d", "e", "f"]);
      const { port } = await share.serve(...CACHE);
      await act(port, share);
      for (let i = 0; i < 2 * NAMES.length; i++) expect(await put(port, `new-${i}`)).toBe(201);
      await until(async () => (await heldIn(share.folder)).bytes <= LIMIT);
      expect(share.names.filter((name) => !name.startsWith("new-"))).toEqual([]);
    });
  });

  test.skipIf(workers === 1)("what a worker wrote and had not told when it was killed is found", async () => {
    await using share = new Share();
    const program = await share.serve(...CACHE);
    await untilSurveyed(share, program.port);
    // As the worker itself, between the rename and its word.
    share.write("untold", "x".repeat(2 * FILE_BYTES));
    const children = await Bun.file(`/proc/${program.pid}/task/${program.pid}/children`).text();
    process.kill(Number(children.split(" ")[0]), "SIGKILL");
    await until(async () => (await heldIn(share.folder)).bytes <= LIMIT);
    expect(share.names).toContain("untold");
  });

  describe("counts as a read:", () => {
    const cases: [what: string, ask: (port: number, etag: string) => Promise<number[]>, statuses: number[]][] = [
      ["a GET", async (port) => [(await get(port, "c")).status], [200]],
      ["a HEAD", async (port) => [(await answerTo(port, withoutBody("HEAD", "/files/c"))).status], [200]],
      ["a range", async (port) => [(await get(port, "c", "Range: bytes=0-0\r\n")).status], [206]],
      ["a range that is not there", async (port) => [(await get(port, "c", "Range: bytes=5000-\r\n")).status], [416]],
      [
        "a version that the client has",
        async (port, etag) => [(await get(port, "c", `If-None-Match: ${etag}\r\n`)).status],
        [304],
      ],
      [
        "a time since which nothing changed",
        async (port) => [(await get(port, "c", `If-Modified-Since: ${new Date().toUTCString()}\r\n`)).status],
        [304],
      ],
    ];
    test.each(cases)("%s", async (_what, act, statuses) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      await untilSurveyed(share, port);
      const etag = (await get(port, "c")).fields.get("etag")!;
      await until(() => lastUseOf(share.folder, "c") > 0);
      // A later one by itself: of what is in memory by now, too.
      const since = Date.now();
      expect(await act(port, etag)).toEqual(statuses);
      await until(() => lastUseOf(share.folder, "c") >= since);
      expect(await put(port, "newer")).toBe(201);
      expect(await put(port, "newest")).toBe(201);
      expect(share.names).toEqual(["c", "f", "g", "new", "newer", "newest"]);
    });
  });

  test.each([
    ["a stored form is sent", "Accept-Encoding: br\r\n", "br"],
    ["another one is sent", "Accept-Encoding: gzip\r\n", "gzip"],
    ["none is wanted", "", undefined],
  ])("a file is read, and so are its stored forms, when %s", async (_what, fields, coding) => {
    await using share = new Share(["a", "b", "a.br", "a.gz", "c", "d", "e"]);
    const { port } = await share.serve(...CACHE, "--precompressed");
    await until(async () => (await get(port, "a", fields)).fields.get("content-encoding") === coding);
    for (const name of ["a", "a.br", "a.gz"]) await until(() => lastUseOf(share.folder, name) > 0);
    // Of what is in memory by now, too.
    const since = Date.now();
    expect((await get(port, "a", fields)).status).toBe(200);
    for (const name of ["a", "a.br", "a.gz"]) await until(() => lastUseOf(share.folder, name) >= since);
    expect(lastUseOf(share.folder, "b")).toBe(0);
  });

  describe("does not count as a read:", () => {
    const cases: [what: string, act: (port: number) => Promise<ReadResponse>][] = [
      ["a list", (port) => get(port, "", "Accept: application/json\r\n")],
      ["a search", (port) => get(port, "?q=c", "Accept: application/json\r\n")],
      ["OPTIONS", (port) => answerTo(port, withoutBody("OPTIONS", "/files/c"))],
      ["an upload that is refused", (port) => ask(port, "PUT", "/files/c", "If-None-Match: *\r\n", "y")],
    ];
    test.each(cases)("%s", async (_what, act) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      await untilSurveyed(share, port);
      await act(port);
      // Reads are told in their order: with the one that follows this one would be known.
      await Promise.all(Array.from({ length: 8 }, () => get(port, "g")));
      await until(() => lastUseOf(share.folder, "g") > 0);
      expect(await put(port, "newer")).toBe(201);
      expect(await put(port, "newest")).toBe(201);
      expect(share.names).not.toContain("c");
    });
  });

  describe("all of 32 clients at once find room", () => {
    const cases: [what: string, bytes: number, flags: readonly string[]][] = [
      ["in the cache", FILE_BYTES, ["--evict", String(60 * FILE_BYTES)]],
      ["within a quota", FILE_BYTES, ["--evict", "1M", "--quota", "1M"]],
      ["among so many files", FILE_BYTES, ["--evict", "1M", "--max-files", "60"]],
      ["among so many empty files", 0, ["--evict", "1M", "--max-files", "60"]],
    ];
    test.each(cases)("%s", async (_what, bytes, flags) => {
      await using share = new Share();
      const { port } = await share.serve("--workers", String(workers), ...flags);
      const statuses: number[] = [];
      const client = async (_: unknown, i: number): Promise<void> => {
        for (let k = 0; k < 40; k++) statuses.push(await put(port, `${i}-${k}`, bytes));
      };
      await Promise.all(Array.from({ length: 32 }, client));
      expect(statuses.filter((status) => status !== 201)).toEqual([]);
    });
  });

  describe("larger than the whole cache:", () => {
    const large = "y".repeat(LIMIT + 1);
    test("is refused before it is sent", async () => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      const client = await RawClient.connect(port);
      await client.send(
        `PUT /files/large HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`,
      );
      expect(await client.untilEnd()).toStartWith("HTTP/1.1 413 ");
      client.close();
    });

    test.each<[what: string, raw: string]>([
      ["at once", withLength("PUT", "/files/large", "", large)],
      ["in chunks", inChunks("PUT", "/files/large", "", large)],
      ["as a form", withLength("POST", "/files/", FORM, form(["large", large]))],
    ])("%s", async (_what, raw) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      const client = await RawClient.connect(port);
      await client.send(raw);
      expect(await client.untilEnd()).toStartWith("HTTP/1.1 413 ");
      client.close();
      expect(share.names).toEqual(NAMES);
    });
  });

  test.each([LIMIT, LIMIT - 1, LIMIT - Math.floor(LIMIT / FREE_SHARE) + 1])(
    "a file of %d bytes, as large as all may be together, takes the place of all others",
    async (size) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE);
      await untilSurveyed(share, port);
      expect(await put(port, "large", size)).toBe(201);
      expect(share.names).toEqual(["large"]);
      expect(await put(port, "next", LIMIT)).toBe(201);
      expect(share.names).toEqual(["next"]);
    },
  );

  describe("what another limit forbids makes room, too:", () => {
    const cases: [limit: string, bytes: string][] = [
      ["--quota", String(LIMIT)],
      ["--quota", String(LIMIT + FILE_BYTES / 2)],
      ["--max-files", String(NAMES.length)],
    ];
    test.each(cases)("%s %s", async (flag, most) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE, flag, most);
      await until(async () => (await put(port, "new")) !== 507);
      for (let i = 0; i < NAMES.length; i++) {
        expect(await put(port, `put-${i}`)).toBe(201);
        expect((await answerTo(port, inChunks("PUT", `/files/chunks-${i}`, "", "y".repeat(900)))).status).toBe(201);
        expect(await send(port, "/files/", [`part-${i}`, "1"], [`other-${i}`, "22"])).toBe(201);
      }
      const { files, bytes } = await heldIn(share.folder);
      expect(bytes).toBeLessThanOrEqual(LIMIT);
      if (flag === "--max-files") expect(files).toBeLessThanOrEqual(Number(most));
    });
  });

  test("what is gone is gone for every client: no copy in memory, no version to replace", async () => {
    await using share = new Share();
    const { port } = await share.serve(...CACHE);
    await untilSurveyed(share, port);
    const etag = (await get(port, "c")).fields.get("etag")!;
    for (let i = 0; i < 8; i++) expect((await get(port, "c")).status).toBe(200);
    // What is told later would be later.
    await until(() => lastUseOf(share.folder, "c") > 0);
    for (const name of ["h", "i", "j", "k", "l", "m", "n"]) expect(await put(port, name)).toBe(201);
    expect(share.names).not.toContain("c");
    expect((await get(port, "c", `If-None-Match: ${etag}\r\n`)).status).toBe(404);
    expect(await put(port, "c", 10, `If-Match: ${etag}\r\n`)).toBe(412);
    expect(await put(port, "c", 10, "If-None-Match: *\r\n")).toBe(201);
    expect((await get(port, "c", `If-None-Match: ${etag}\r\n`)).status).toBe(200);
  });

  test("a slow reader gets all of a file, while the cache turns over", async () => {
    const large = 8 * 1024 * 1024;
    await using share = new Share([]);
    const { port } = await share.serve("--evict", String(large + FILE_BYTES), "--workers", String(workers));
    expect(await put(port, "large", large)).toBe(201);
    const client = await RawClient.connect(port);
    await client.send("GET /files/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await client.until(({ received }) => received.length > 1000);
    client.pause();
    for (let i = 0; i < 4; i++) expect(await put(port, `other-${i}`, large / 2)).toBe(201);
    expect(share.names).not.toContain("large");
    client.resume();
    const received = await client.untilEnd(30_000);
    client.close();
    expect(readResponses(received)[0]!.body).toBe("y".repeat(large));
  });

  describe("its own list is nobody else's:", () => {
    const own = "/files/" + RECENCY_NAME;
    const cases: [what: string, raw: string][] = [
      ["a GET", withoutBody("GET", own)],
      ["a HEAD", withoutBody("HEAD", own)],
      ["a PUT", withLength("PUT", own, "", "y")],
      ["a DELETE", withoutBody("DELETE", own)],
      ["a MOVE from it", withoutBody("MOVE", own, "Destination: /files/h\r\n")],
      ["a MOVE to it", withoutBody("MOVE", "/files/g", `Destination: ${own}\r\n`)],
      ["a form", withLength("POST", "/files/", FORM, form([RECENCY_NAME, "y"]))],
    ];
    test.each(cases)("%s", async (_what, raw) => {
      await using share = new Share();
      const { port } = await share.serve(...CACHE, "--hidden");
      await untilSurveyed(share, port);
      await until(() => lastUseOf(share.folder, "new") > 0);
      const before = readFileSync(share.path(RECENCY_NAME), "latin1");
      const { status } = await answerTo(port, raw);
      expect(status).toBeOneOf([400, 403, 404]);
      expect(readFileSync(share.path(RECENCY_NAME), "latin1")).toStartWith(before);
      const list = await get(port, "", "Accept: application/json\r\n");
      expect(list.status).toBe(200);
      expect(list.body).not.toContain("recency");
    });
  });

  test("hidden files that are served count and go; those that are not served stay", async () => {
    for (const flags of [[], ["--hidden"]]) {
      await using share = new Share([".hidden", ...NAMES]);
      const { port } = await share.serve(...CACHE, ...flags);
      await untilSurveyed(share, port);
      const isThere = readdirSync(share.folder).includes(".hidden");
      expect(isThere).toBe(flags.length === 0);
    }
  });

  test("what other programs remove or replace meanwhile does not disturb it", async () => {
    await using share = new Share();
    const program = await share.serve(...CACHE);
    const { port } = program;
    await untilSurveyed(share, port);
    expect(await evictedBy(program)).toEqual({ files: 2, bytes: 2 * FILE_BYTES });
    rmSync(share.path("c"));
    renameSync(share.path("d"), share.path("moved"));
    share.write("e", "another");
    for (const name of ["h", "i", "j", "k"]) expect(await put(port, name)).toBe(201);
    // "c" and "d" were to go, and were gone; "e" is another version, which was used when it was found.
    expect(share.names).toEqual(["e", "g", "h", "i", "j", "k", "moved", "new"]);
    expect(await evictedBy(program)).toEqual({ files: 3, bytes: 3 * FILE_BYTES });
  });

  test.skipIf(anotherUser.skip)("a folder that nobody may change is served as it is, and that is said", async () => {
    await using share = new Share();
    const limits = ["--evict", "3000", "--expire", "30m", "--workers", String(workers)];
    const program = await share.serveUnchangeable(...limits);
    await program.untilLog((log) => /Files that --e\w+ should remove cannot be removed/.test(log));
    expect(await put(program.port, "new", 1)).toBe(403);
    expect((await get(program.port, "a")).status).toBe(200);
    expect(share.names).toEqual(NAMES);
    expect(await evictedBy(program)).toEqual({ files: 0, bytes: 0 });
  });

  test("what went is said in the log: soon, and at the end the rest", async () => {
    await using share = new Share();
    const program = await share.serve(...CACHE);
    await untilSurveyed(share, program.port);
    await program.untilLog((log) => log.includes("Removed 2 files, 2000 bytes (least recently read, --evict)."));
    expect(await put(program.port, "newer", FILE_BYTES + 1)).toBe(201);
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(program.log).toContain("Removed 1 file, 1000 bytes (least recently read, --evict).");
  });

  test("a drop box forgets what its time is over", async () => {
    await using share = new Share([]);
    share.write("old", "x", 3600);
    share.write("in/old", "x", 3600);
    share.write("young", "x", 60);
    const program = await share.serve("--upload-only", "--expire", "30m", "--workers", String(workers));
    expect(await put(program.port, "sent")).toBe(201);
    await until(() => share.names.join() === "sent,young");
    expect(readdirSync(share.folder)).not.toContain(RECENCY_NAME);
    await program.untilLog((log) => log.includes("Removed 2 files, 2 bytes (too old, --expire)."));
    expect(await evictedBy(program)).toEqual({ files: 2, bytes: 2 });
  });

  test("what was sent goes when its time is over, however often it is read", async () => {
    await using share = new Share([]);
    const { port } = await share.serve("--expire", "1s", "--workers", String(workers));
    expect(await put(port, "sent")).toBe(201);
    await until(async () => (await get(port, "sent")).status === 404);
    expect(share.names).toEqual([]);
  });
});
