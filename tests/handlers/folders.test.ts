import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { application } from "../support/app.ts";
import { answerTo, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { type ReadResponse, readResponses, resolveLocation } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const outer = tempFolder();
const root = join(outer.path, "served");
const servers = new Map<string, StartedServer>();

beforeAll(() => {
  mkdirSync(join(root, "sub/deep/07:40"), { recursive: true });
  mkdirSync(join(root, "with index"));
  mkdirSync(join(root, "empty"));
  mkdirSync(join(outer.path, "elsewhere"));
  writeFileSync(join(outer.path, "secret.txt"), "secret");
  writeFileSync(join(outer.path, "elsewhere/x.txt"), "elsewhere");
  writeFileSync(join(root, "file10.txt"), "ten bytes!");
  writeFileSync(join(root, "File9.txt"), "nine");
  writeFileSync(join(root, "sub/b.txt"), "bb");
  writeFileSync(join(root, "sub/a.txt"), "a");
  writeFileSync(join(root, "sub/c.txt"), "ccc");
  writeFileSync(join(root, ".hidden"), "h");
  writeFileSync(join(root, ".mini-http-1-2-3-4"), "t");
  writeFileSync(join(root, "with index/index.html"), "<p>index");
  writeFileSync(join(root, `<b>"&'.txt`), "odd");
  utimesSync(join(root, "sub/a.txt"), 784111777, 784111777);
  symlinkSync(join(outer.path, "secret.txt"), join(root, "leaves.txt"));
  symlinkSync(join(outer.path, "elsewhere"), join(root, "leaves"));
  symlinkSync("File9.txt", join(root, "stays.txt"));
  symlinkSync("nowhere", join(root, "dangling"));
  Bun.spawnSync(["mkfifo", join(root, "pipe")]);
});
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
  outer[Symbol.dispose]();
});

/** Asks a server with these flags, which is started once. */
function get(target: string, fields = "", flags: readonly string[] = [], method = "GET"): Promise<ReadResponse> {
  const key = flags.join(" ");
  const server = servers.get(key) ?? startServer(application(root, ...flags));
  servers.set(key, server);
  return answerTo(server.port, withoutBody(method, target, fields));
}

const simple = async (target: string, ...flags: string[]): Promise<string[]> =>
  (await get(target, "", flags)).body.split("\n").slice(0, -1);

describe("a folder without its slash is redirected", () => {
  const cases: [target: string, location: string][] = [
    ["/files", "/files/"],
    ["/files?json", "/files/?json"],
    ["/files/sub", "/files/sub/"],
    ["/files/sub?sort=size&order=desc", "/files/sub/?sort=size&order=desc"],
    ["/files/with%20index", "/files/with%20index/"],
    ["/files/./sub", "/files/sub/"],
    ["/files/sub/deep/07:40", "/files/sub/deep/07:40/"],
    ["/sub/files/sub", "/sub/files/sub/"],
  ];
  test.each(cases)("%s to %s", async (target, location) => {
    // Behind a proxy that serves us below /sub the path that we see lacks it, and the answer leads there all the same.
    const response = await get(target.replace(/^\/sub\/files/, "/files"));
    expect(response.status).toBe(308);
    expect(resolveLocation(target, response)).toBe(location);
    expect(response.fields.get("cache-control")).toBe("no-cache");
  });
});

describe("what is listed", () => {
  const visible = ["empty/", "sub/", "with index/", `<b>"&'.txt`, "File9.txt", "file10.txt", "stays.txt"];
  test("folders first, names as people order them, nothing that cannot be read", async () => {
    expect(await simple("/files/?simple")).toEqual(visible);
  });
  test("hidden names with --hidden, but never an upload under way", async () => {
    expect(await simple("/files/?simple", "--hidden")).toEqual([
      "empty/",
      "sub/",
      "with index/",
      ".hidden",
      ...visible.slice(3),
    ]);
  });
  test("what links lead to outside, with --follow-symlinks", async () => {
    const names = await simple("/files/?simple", "--follow-symlinks");
    expect(names).toContain("leaves/");
    expect(names).toContain("leaves.txt");
    expect(names).not.toContain("dangling");
    expect((await get("/files/leaves.txt", "", ["--follow-symlinks"])).body).toBe("secret");
    expect(await simple("/files/leaves/?simple", "--follow-symlinks")).toEqual(["x.txt"]);
  });

  const orders: [query: string, names: string[]][] = [
    ["sort=name", ["deep/", "a.txt", "b.txt", "c.txt"]],
    ["order=desc", ["deep/", "c.txt", "b.txt", "a.txt"]],
    ["sort=size&order=desc", ["deep/", "c.txt", "b.txt", "a.txt"]],
    ["sort=size", ["deep/", "a.txt", "b.txt", "c.txt"]],
    ["sort=modified", ["deep/", "a.txt"]],
    ["sort=nonsense&order=nonsense", ["deep/", "a.txt", "b.txt", "c.txt"]],
    ["filter=B.T", ["b.txt"]],
    ["filter=nothing", []],
  ];
  test.each(orders)("?%s", async (query, names) => {
    expect((await simple(`/files/sub/?simple&${query}`)).slice(0, names.length)).toEqual(names);
  });
});

describe("the form of a list", () => {
  const forms: [why: string, target: string, fields: string, type: string][] = [
    [
      "HTML for a browser",
      "/files/",
      "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n",
      "text/html; charset=utf-8",
    ],
    ["HTML for whoever does not care", "/files/", "Accept: */*\r\n", "text/html; charset=utf-8"],
    ["JSON on request", "/files/", "Accept: application/json\r\n", "application/json"],
    ["JSON by its name", "/files/?json", "Accept: text/html\r\n", "application/json"],
    ["text on request", "/files/", "Accept: text/plain\r\n", "text/plain; charset=utf-8"],
    ["text by its name", "/files/?simple", "", "text/plain; charset=utf-8"],
    ["HTML when nothing is acceptable", "/files/", "Accept: image/png\r\n", "text/html; charset=utf-8"],
  ];
  test.each(forms)("%s", async (_why, target, fields, type) => {
    const response = await get(target, fields);
    expect(response.status).toBe(200);
    expect(response.fields.get("content-type")).toBe(type);
    expect(response.fields.get("vary")).toBe("Accept, Accept-Encoding");
    expect(response.fields.get("cache-control")).toBe("no-cache");
  });

  test("JSON tells name, type, size, time and entity tag", async () => {
    const list = JSON.parse((await get("/files/sub/?json")).body) as Record<string, unknown>[];
    const tag = (await get("/files/sub/a.txt")).fields.get("etag");
    expect(list[0]).toMatchObject({ name: "deep", type: "directory", size: null, etag: null });
    expect(list[1]).toEqual({ name: "a.txt", type: "file", size: 1, modified: "1994-11-06T08:49:37.000Z", etag: tag });
  });

  test("names are escaped on the page", async () => {
    const { body } = await get("/files/");
    expect(body).not.toContain("<b>");
    expect(body).toContain('href="%3Cb%3E%22%26%27.txt"');
  });

  test("the page allows nothing but itself", async () => {
    const policy = (await get("/files/")).fields.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("a list is compressed, and validated", async () => {
    const plain = await get("/files/?json");
    const coded = await get("/files/?json", "Accept-Encoding: gzip\r\n");
    expect(coded.fields.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(Buffer.from(coded.body, "latin1")).toString("latin1")).toBe(plain.body);
    const tag = plain.fields.get("etag")!;
    expect(tag).toStartWith('W/"');
    expect((await get("/files/?json", `If-None-Match: ${tag}\r\n`)).status).toBe(304);
    expect((await get("/files/?simple", `If-None-Match: ${tag}\r\n`)).status).toBe(200);
    expect((await get("/files/?json", "Accept-Encoding: identity;q=0, *;q=0\r\n")).status).toBe(406);
  });

  test("a list has no time of its last change, so no date counts (RFC 9110 13.1.3, 13.1.4)", async () => {
    const [past, future] = ["Sun, 06 Nov 1994 08:49:37 GMT", new Date(Date.now() + 86_400_000).toUTCString()];
    for (const field of [`If-Unmodified-Since: ${past}`, `If-Modified-Since: ${future}`])
      expect((await get("/files/", field + "\r\n")).status).toBe(200);
  });

  test("HEAD gives the fields of GET", async () => {
    const close = "Connection: close\r\n";
    const comparable = ({ fields }: ReadResponse): [string, string][] =>
      [...fields].filter(([name]) => name !== "date");
    expect(comparable(await get("/files/sub/", close, [], "HEAD"))).toEqual(
      comparable(await get("/files/sub/", close)),
    );
  });
});

describe("what a list says of what it cannot say", () => {
  test("names that are no UTF-8 are counted, and a folder of nothing else is not called empty", async () => {
    using folder = tempFolder();
    writeFileSync(Buffer.concat([Buffer.from(folder.path + "/caf"), Buffer.from([0xe9])]), "");
    writeFileSync(join(folder.path, "back\\slash"), "");
    const server = startServer(application(folder.path));
    const page = await exchange(server.port, "GET /files/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(page).toContain("2 entries are not shown, because their names are not UTF-8");
    expect(page).not.toContain("This folder is empty.");
    await server.stop();
  });

  const ROOM = "/dev/shm";
  test.skipIf(needs({ linux: true, paths: [ROOM] }).skip)(
    "a time before those that Date can name is null in JSON, and left out on the page",
    async () => {
      const path = mkdtempSync(join(ROOM, "mini-http-test-"));
      writeFileSync(join(path, "far"), "");
      Bun.spawnSync(["touch", "-d", "@-8640000000001", join(path, "far")]);
      writeFileSync(join(path, "near"), "");
      Bun.spawnSync(["touch", "-d", "@-8640000000000", join(path, "near")]);
      const server = startServer(application(path));
      const ask = async (target: string): Promise<ReadResponse> =>
        readResponses(await exchange(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`), ["GET"])[0]!;
      const [far, near] = JSON.parse((await ask("/files/?json")).body) as Record<string, unknown>[];
      expect(far).toEqual({
        name: "far",
        type: "file",
        size: 0,
        modified: null,
        etag: (await ask("/files/far")).fields.get("etag"),
      });
      expect(near!["modified"]).toBe("-271821-04-20T00:00:00.000Z");
      expect(await ask("/files/")).toMatchObject({ status: 200 });
      await server.stop();
      rmSync(path, { recursive: true });
    },
  );

  const filters: [why: string, filter: string][] = [
    ["composed", "caf%C3%A9"],
    ["decomposed", "cafe%CC%81"],
    ["in capitals", "CAF%C3%89"],
  ];
  test.each(filters)("a name in either normal form is found by a filter %s", async (_why, filter) => {
    using folder = tempFolder();
    for (const name of ["1 caf\u00e9", "2 cafe\u0301", "3 cafe"]) writeFileSync(join(folder.path, name), "");
    const server = startServer(application(folder.path));
    const reply = await exchange(server.port, `GET /files/?simple&filter=${filter} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(
      reply
        .split("\r\n\r\n")[1]!
        .split("\n")
        .map((name) => name[0]),
    ).toEqual(["1", "2", undefined]);
    await server.stop();
  });
});

describe("the validator of a list", () => {
  const tagOf = async (target: string, fields = "", flags: string[] = []): Promise<string> =>
    (await get(target, fields, flags)).fields.get("etag")!;

  test("is another for each form, order, filter and for other terms of uploads, and the same for all codings", async () => {
    const tags = [
      await tagOf("/files/sub/"),
      await tagOf("/files/sub/?json"),
      await tagOf("/files/sub/?simple"),
      await tagOf("/files/sub/?sort=size"),
      await tagOf("/files/sub/?order=desc"),
      await tagOf("/files/sub/?filter=a"),
      await tagOf("/files/sub/", "", ["--read-only"]),
      await tagOf("/files/sub/", "", ["--max-body-size", "1K"]),
    ];
    expect(new Set(tags).size).toBe(tags.length);
    for (const coding of ["gzip", "zstd"])
      expect(await tagOf("/files/sub/", `Accept-Encoding: ${coding}\r\n`)).toBe(tags[0]!);
  });

  test("changes with the folder, and answers If-Match as it should", async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "a"), "1");
    const server = startServer(application(folder.path));
    const ask = async (fields = ""): Promise<ReadResponse> =>
      readResponses(await exchange(server.port, `GET /files/?json HTTP/1.1\r\nHost: a\r\n${fields}\r\n`), ["GET"])[0]!;
    const tag = (await ask()).fields.get("etag")!;
    expect((await ask(`If-None-Match: ${tag}\r\n`)).status).toBe(304);
    // A weak tag is no strong match (RFC 9110 13.1.1).
    expect((await ask(`If-Match: ${tag}\r\n`)).status).toBe(412);
    writeFileSync(join(folder.path, "a"), "22");
    expect((await ask(`If-None-Match: ${tag}\r\n`)).status).toBe(200);
    await server.stop();
  });
});

describe("what is no folder to list", () => {
  const cases: [why: string, target: string, flags: string[], status: number][] = [
    ["a folder that is not there", "/files/none/", [], 404],
    ["a file with a slash", "/files/File9.txt/", [], 404],
    ["an empty segment", "/files/sub//", [], 404],
    ["dot segments", "/files/sub/../", [], 400],
    ["a link that leaves", "/files/leaves/", [], 404],
    ["any folder with --no-listing", "/files/sub/", ["--no-listing"], 403],
    ["any folder with --no-listing, also by ?json", "/files/?json", ["--no-listing"], 403],
    ["any folder with --upload-only", "/files/", ["--upload-only"], 403],
    ["a redirect with --upload-only", "/files/sub", ["--upload-only"], 403],
  ];
  test.each(cases)("%s", async (_why, target, flags, status) => {
    expect((await get(target, "", flags)).status).toBe(status);
  });
});

describe("--index", () => {
  test("index.html stands for its folder", async () => {
    const response = await get("/files/with%20index/", "", ["--index"]);
    expect(response).toMatchObject({ status: 200, body: "<p>index" });
    expect(response.fields.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.fields.get("etag")).not.toStartWith("W/");
  });
  test("a list that is asked for by its name is still a list", async () => {
    expect(await simple("/files/with%20index/?simple", "--index")).toEqual(["index.html"]);
  });
  test("a folder without one is listed, or not", async () => {
    expect((await get("/files/sub/", "", ["--index"])).status).toBe(200);
    expect((await get("/files/sub/", "", ["--index", "--no-listing"])).status).toBe(403);
    expect((await get("/files/with%20index/", "", ["--index", "--no-listing"])).status).toBe(200);
  });
});

describe("a folder of 10,000", () => {
  const folder = tempFolder();
  const server = startServer(application(folder.path));
  const ask = (target: string, fields = ""): Promise<string> =>
    exchange(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  beforeAll(() => {
    for (let i = 0; i < 10_000; i++) writeFileSync(join(folder.path, `file ${i}.txt`), "");
  });
  afterAll(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  test("is listed without holding up another client", async () => {
    const order: string[] = [];
    const list = ask("/files/?simple").finally(() => order.push("list"));
    const echo = ask("/echo/a").then(() => order.push("echo"));
    const names = readResponses(await list, ["GET"])[0]!.body.split("\n");
    await echo;
    expect(names.slice(0, 3)).toEqual(["file 0.txt", "file 1.txt", "file 2.txt"]);
    expect(names).toHaveLength(10_001);
    expect(order).toEqual(["echo", "list"]);
  });

  const forms: [target: string, entries: RegExp][] = [
    ["/files/", /<th scope="row">/g],
    ["/files/?json", /"etag":"/g],
    ["/files/?sort=modified&order=desc", /<th scope="row">/g],
  ];
  test.each(forms)("is whole as %s, in pieces, plain and compressed", async (target, entries) => {
    const plain = readResponses(await ask(target), ["GET"])[0]!;
    expect(plain.fields.get("transfer-encoding")).toBe("chunked");
    expect(plain.body.match(entries)).toHaveLength(10_000);
    const coded = readResponses(await ask(target, "Accept-Encoding: gzip\r\n"), ["GET"])[0]!;
    expect(gunzipSync(Buffer.from(coded.body, "latin1")).toString("latin1")).toBe(plain.body);
  });

  test("is sorted by size with equal sizes in the order of names, whichever way the sizes go", async () => {
    writeFileSync(join(folder.path, "file 5.txt"), "large");
    for (const [order, place] of [
      ["desc", 0],
      ["asc", 9999],
    ] as const) {
      const names = readResponses(await ask(`/files/?simple&sort=size&order=${order}`), ["GET"])[0]!.body.split("\n");
      const numbers = names.slice(0, -1).map((name) => Number(/\d+/.exec(name)));
      expect(numbers.indexOf(5)).toBe(place);
      expect(numbers.filter((n) => n !== 5)).toEqual(
        Array.from({ length: 10_000 }, (_, i) => i).filter((n) => n !== 5),
      );
    }
  });

  test("costs nothing more when all who asked have left", async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(server.port)));
    for (const client of clients) await client.send("GET /files/ HTTP/1.1\r\nHost: a\r\n\r\n");
    for (const client of clients) client.reset();
    // Whoever comes after them waits for no work of theirs: fifty pages would be two seconds of it.
    const before = process.cpuUsage();
    await ask("/echo/a");
    await ask("/files/?simple&filter=nothing");
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
});
