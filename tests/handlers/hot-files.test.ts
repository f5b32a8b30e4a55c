import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { chmodSync, linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HotFile } from "../../src/handlers/hot-file.ts";
import { HotFiles } from "../../src/handlers/hot-files.ts";
import type { FileVersion, OpenedFile, Storage } from "../../src/storage/storage.ts";
import { application } from "../support/app.ts";
import { answerTo, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RawClient } from "../support/raw-client.ts";
import type { ReadResponse } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

let folder: ReturnType<typeof tempFolder>;
let path = "";
let started: StartedServer;

beforeEach(() => {
  folder = tempFolder();
  path = join(folder.path, "a.txt");
  started = startServer(application(folder.path));
});
afterEach(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});

function get(target = "/files/a.txt", fields = ""): Promise<ReadResponse> {
  return answerTo(started.port, withoutBody("GET", target, fields));
}

/** The change time cannot be set back: a file is settled only when it is over. */
const settle = (): Promise<void> => Bun.sleep(2100);

describe("a name", () => {
  test("with a percent sign of its own is not the decoded form of another", async () => {
    writeFileSync(join(folder.path, "a%20b"), "literal");
    writeFileSync(join(folder.path, "a b"), "space");
    await settle();
    for (let i = 0; i < 2; i++) {
      expect((await get("/files/a%2520b")).body).toBe("literal");
      expect((await get("/files/a%20b")).body).toBe("space");
    }
  });
});

describe("a file that was read before is never stale", () => {
  const changes: [how: string, change: () => void, status: number, body: string][] = [
    ["rewritten in place", () => writeFileSync(path, "new"), 200, "new"],
    [
      "rewritten with its old time",
      () => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, "NEW");
        utimesSync(path, atime, mtime);
      },
      200,
      "NEW",
    ],
    [
      "replaced by a rename",
      () => {
        writeFileSync(path + "2", "two");
        renameSync(path + "2", path);
      },
      200,
      "two",
    ],
    ["removed", () => rmSync(path), 404, ""],
    [
      "no regular file any more",
      () => {
        rmSync(path);
        Bun.spawnSync(["mkfifo", path]);
      },
      404,
      "",
    ],
  ];
  test.each(changes)("%s", async (_how, change, status, body) => {
    writeFileSync(path, "old");
    await settle();
    for (let i = 0; i < 3; i++) expect((await get()).body).toBe("old");
    change();
    const response = await get();
    expect(response.status).toBe(status);
    if (status === 200) expect(response.body).toBe(body);
  });

  test("pipelined hits are all answered", async () => {
    writeFileSync(path, "hot");
    await settle();
    await get();
    const client = await RawClient.connect(started.port);
    await client.send("GET /files/a.txt HTTP/1.1\r\nHost: a\r\n\r\n".repeat(16));
    await client.until(({ received }) => received.split("hot").length === 17);
    client.close();
  });

  test("ranges, preconditions and other spellings of its name come from memory too", async () => {
    writeFileSync(path, "0123456789");
    await settle();
    const tag = (await get()).fields.get("etag")!;
    expect(await get("/files/a.txt", "Range: bytes=2-3\r\n")).toMatchObject({ status: 206, body: "23" });
    expect((await get("/files/a.txt", "Range: bytes=0-1, 8-9\r\n")).body).toContain("\r\n\r\n89\r\n");
    expect((await get("/files/a.txt", "Range: bytes=10-\r\n")).status).toBe(416);
    expect((await get("/files/a.txt", `If-None-Match: ${tag}\r\n`)).status).toBe(304);
    expect((await get("/files/a.txt", 'If-Match: "x"\r\n')).status).toBe(412);
    expect((await get("/files/%61.txt")).body).toBe("0123456789");
    expect((await get("/files/a.txt?download")).fields.get("content-disposition")).toContain("a.txt");
    expect((await get()).fields.has("content-disposition")).toBe(false);
  });

  test.skipIf(needs({ ordinaryUser: true }).skip)("permissions that were taken away count", async () => {
    writeFileSync(path, "old");
    await settle();
    await get();
    chmodSync(path, 0o000);
    expect((await get()).status).toBe(403);
  });

  test("a young file is read anew each time", async () => {
    for (let i = 0; i < 20; i++) {
      writeFileSync(path, `version ${i}`);
      expect((await get()).body).toBe(`version ${i}`);
    }
  });
});

describe("the memory", () => {
  const CLIENT = { hasLeft: false };
  const version: FileVersion = { etag: '"v"' };
  const storage = { isUnchanged: () => true } as unknown as Storage;
  const hot = (bytes: number): HotFile =>
    new HotFile(
      "x",
      { size: bytes, modified: 0, etag: '"v"', version } as unknown as OpenedFile,
      new Uint8Array(bytes),
    );

  test.each([
    ["none", 0, 13],
    ["a page", 4096, 13],
    ["less than it has", 13, 4096],
    ["none, and is empty for now", 0, 0],
  ])(
    "keeps no file that tells a size of %s: its times do not tell of its content either",
    async (_what, told, bytes) => {
      const files = new HotFiles(storage);
      const file = { size: told, modified: 0, etag: '"v"', version } as unknown as OpenedFile;
      files.keep("f", new HotFile("x", file, new Uint8Array(bytes)));
      expect(await files.find("f", CLIENT)).toBeNull();
    },
  );

  test("holds 64 MiB, and lets the least recently used go first", async () => {
    const files = new HotFiles(storage);
    for (let i = 0; i < 62; i++) files.keep(`f${i}`, hot(1024 * 1024));
    expect(await files.find("f0", CLIENT)).not.toBeNull();
    files.keep("f62", hot(1024 * 1024));
    files.keep("f63", hot(1024 * 1024));
    expect(await files.find("f1", CLIENT)).toBeNull();
    expect(await files.find("f0", CLIENT)).not.toBeNull();
    expect(await files.find("f63", CLIENT)).not.toBeNull();
  });

  test("counts compressed forms as they come, and what was replaced no longer", async () => {
    const files = new HotFiles(storage);
    for (let i = 0; i < 200; i++) files.keep("same", hot(1024 * 1024));
    files.keep("other", hot(1024 * 1024));
    const file = (await files.find("same", CLIENT))!;
    file.prepare("gzip", { fieldLines: "", varies: false, body: new Uint8Array(61 * 1024 * 1024) });
    expect(await files.find("same", CLIENT)).not.toBeNull();
    expect(await files.find("other", CLIENT)).not.toBeNull();
    file.prepare("gzip", { fieldLines: "", varies: false, body: new Uint8Array(61 * 1024 * 1024) });
    expect(await files.find("other", CLIENT)).not.toBeNull();
    file.prepare("zstd", { fieldLines: "", varies: false, body: new Uint8Array(1024 * 1024) });
    expect(await files.find("other", CLIENT)).toBeNull();
    expect(await files.find("same", CLIENT)).not.toBeNull();
  });

  test("lets a form that comes to a file that was let go be", async () => {
    const files = new HotFiles(storage);
    const first = hot(1024);
    files.keep("a", first);
    files.keep("a", hot(1024));
    first.prepare("gzip", { fieldLines: "", varies: false, body: new Uint8Array(1024) });
    expect(await files.find("a", CLIENT)).not.toBe(first);
  });

  /** A text of its own memory, as what was read from a request or a folder is. */
  const text = (i: number, length: number): string => Buffer.from(String(i).padStart(length, "x")).toString("latin1");
  const contents: [what: string, prepare: (file: HotFile, i: number) => void, bytes: number, name: number][] = [
    ["names of 3,800 bytes", () => {}, 100, 3800],
    [
      "forms as large as their files",
      (file) =>
        file.prepare("gzip", {
          fieldLines: "a: b\r\n".repeat(20),
          varies: false,
          body: new Uint8Array(1 << 20).fill(1),
        }),
      1 << 20,
      10,
    ],
    [
      "field lines",
      (file, i) => file.prepare("gzip", { fieldLines: text(i, 5000), varies: false, body: new Uint8Array(1) }),
      1,
      10,
    ],
  ];
  test.each(contents)("holds no more than it says with %s, measured", async (_what, prepare, bytes, name) => {
    Bun.gc(true);
    const before = heapStats().heapSize;
    const files = new HotFiles(storage);
    for (let i = 0; i < 20_000; i++) {
      const file = hot(bytes);
      files.keep(text(i, name), file);
      // The storage's version of a file holds the name too.
      Object.assign(file, { path: text(i, name) });
      prepare(file, i);
      if (bytes > 1000 && i > 500) break;
    }
    Bun.gc(true);
    expect((heapStats().heapSize - before) / 2 ** 20).toBeLessThan(64 * 1.1);
    expect(await files.find("nothing", CLIENT)).toBeNull();
  });
});

test("a hard link elsewhere does not disturb", async () => {
  writeFileSync(path, "old");
  await settle();
  await get();
  linkSync(path, join(folder.path, "b.txt"));
  expect((await get()).body).toBe("old");
  expect(readFileSync(join(folder.path, "b.txt"), "utf8")).toBe("old");
});
