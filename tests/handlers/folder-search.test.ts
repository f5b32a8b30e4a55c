import { describe, expect, test } from "bun:test";
import { copyFileSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { searchFolder } from "../../src/handlers/folder-search.ts";
import { SearchPlaces } from "../../src/handlers/search-places.ts";
import type { HttpResponse } from "../../src/http/message.ts";
import { ObjectName, PLAIN_NAMES } from "../../src/storage/object-name.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { application } from "../support/app.ts";
import { ask } from "../support/ask.ts";
import { FolderHouse } from "../support/folder-house.ts";
import { RawClient } from "../support/raw-client.ts";
import { LOCAL_PEER, requestOf } from "../support/request.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/patience.ts";

const house = new FolderHouse((root) => {
  for (const path of ["a/b/c", "secret/deep", "photos 2024/Berlin", ".hidden"])
    mkdirSync(join(root, path), { recursive: true });
  for (const path of [
    "Invoice 1.pdf",
    "a/invoice.txt",
    "a/b/c/INVOICE-old.txt",
    "secret/invoice.txt",
    "secret/deep/invoice.txt",
    "photos 2024/Berlin/1.jpg",
    "photos 2024/Berlin/2.jpg",
    ".hidden/invoice",
    "a/.mini-http-invoice",
    "Stra\u00dfe.txt",
  ])
    writeFileSync(join(root, path), "x");
  symlinkSync("..", join(root, "a/loop"));
  symlinkSync("/etc", join(root, "outside"));
});
const { serve } = house;

interface Result {
  readonly paths: readonly string[];
  readonly end: { readonly complete: boolean; readonly stopped: string | null; readonly lookedAt: number };
}

async function search(port: number, target: string, fields = ""): Promise<Result> {
  const reply = await ask(port, "GET", target, fields);
  expect(reply.status).toBe(200);
  expect(reply.fields.get("content-type")).toBe("application/x-ndjson");
  const lines = Buffer.from(reply.body, "latin1")
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return {
    end: lines.at(-1),
    paths: lines
      .slice(0, -1)
      .map(({ path }) => path)
      .toSorted(),
  };
}

describe("a search", () => {
  test.each([
    [
      "/files/?search=invoice",
      ["Invoice 1.pdf", "a/b/c/INVOICE-old.txt", "a/invoice.txt", "secret/deep/invoice.txt", "secret/invoice.txt"],
    ],
    ["/files/a/b/?search=invoice", ["c/INVOICE-old.txt"]],
    ["/files/?search=invoice+old", ["a/b/c/INVOICE-old.txt"]],
    ["/files/?search=berlin", ["photos 2024/Berlin"]],
    ["/files/?search=2024%20jpg", ["photos 2024/Berlin/1.jpg", "photos 2024/Berlin/2.jpg"]],
    ["/files/?search=STRASSE", []],
    ["/files/?search=stra%C3%9Fe", ["Stra\u00dfe.txt"]],
    ["/files/?search=passwd", []],
    ["/files/?search=nothing", []],
  ])("%s", async (target, paths) => {
    const { paths: found, end } = await search(serve(), target);
    // A link that leads back is no other folder.
    expect(found).toEqual(paths);
    expect(end).toMatchObject({ complete: true, stopped: null });
  });

  test("tells what lists tell", async () => {
    const reply = await ask(serve(), "GET", "/files/a/b/?search=old");
    const [line] = reply.body.split("\n");
    expect(JSON.parse(line!)).toEqual({
      path: "c/INVOICE-old.txt",
      type: "file",
      size: 1,
      modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  // Which of them it is, the order of the folder's entries decides.
  test("finds what lies in a folder that links lead to once, and by each link that it begins at", async () => {
    using linked = tempFolder();
    mkdirSync(join(linked.path, "real/deep"), { recursive: true });
    writeFileSync(join(linked.path, "real/deep/needle"), "x");
    for (const way of ["one-way", "other-way"]) symlinkSync("real", join(linked.path, way));
    const server = startServer(application(linked.path));
    const { paths, end } = await search(server.port, "/files/?search=needle");
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatch(/^(real|one-way|other-way)\/deep\/needle$/);
    expect(end.complete).toBe(true);
    for (const way of ["real", "one-way", "other-way"])
      expect((await search(server.port, `/files/${way}/?search=needle`)).paths).toEqual(["deep/needle"]);
    await server.stop();
  });

  test.each([
    ["no word", "/files/?search=", 400],
    ["white space", "/files/?search=%20", 400],
    ["too many words", "/files/?search=" + "x".repeat(201), 400],
    ["a folder that is not there", "/files/none/?search=a", 200],
    ["a way out", "/files/../?search=a", 400],
  ])("for %s", async (_, target, status) => {
    expect((await ask(serve(), "GET", target)).status).toBe(status);
  });

  test("has the fields of GET for HEAD, and is nothing to keep", async () => {
    const reply = await ask(serve(), "HEAD", "/files/?search=a");
    expect([reply.status, reply.body, reply.fields.get("cache-control")]).toEqual([200, "", "no-store"]);
  });

  test.each([
    ["where folders are not listed", ["--no-listing"]],
    ["of a drop box", ["--upload-only"]],
  ])("%s is refused", async (_, flags) => {
    expect((await ask(serve(...flags), "GET", "/files/?search=invoice")).status).toBe(403);
  });

  test("is one with --index, too", async () => {
    writeFileSync(house.at("a/b/index.html"), "index");
    expect((await search(serve("--index"), "/files/a/b/?search=old")).paths).toEqual(["c/INVOICE-old.txt"]);
  });

  test("finds hidden names where they are shown, and never an upload under way", async () => {
    const { paths } = await search(serve("--hidden"), "/files/?search=invoice");
    expect(paths).toContain(".hidden/invoice");
    expect(paths.some((path) => path.includes(".mini-http"))).toBe(false);
  });
});

describe("below a hidden path nothing shows:", () => {
  const BOB = `Authorization: Basic ${Buffer.from("bob:pw").toString("base64")}\r\n`;

  test.each([
    ["to everybody", ["--anonymous", "ro@/", "--anonymous", "none@/secret"], "", []],
    [
      "with more below it",
      ["--anonymous", "ro@/", "--anonymous", "none@/secret", "--anonymous", "ro@/secret/deep"],
      "",
      ["secret/deep/invoice.txt"],
    ],
    [
      "and shows to whom it is open",
      ["--anonymous", "none@/", "--auth", "bob:pw@/secret:ro"],
      BOB,
      ["secret/deep/invoice.txt", "secret/invoice.txt"],
    ],
  ])("%s", async (_, flags, fields, expected) => {
    const { paths } = await search(serve(...flags), "/files/?search=invoice", fields);
    expect(paths.filter((path) => path.includes("secret"))).toEqual(expected);
  });

  test("not even how much was looked at", async () => {
    const flags = ["--anonymous", "ro@/pub", "--anonymous", "none@/"];
    mkdirSync(house.at("pub"), { recursive: true });
    const { end } = await search(serve(...flags), "/files/?search=invoice");
    expect(end.lookedAt).toBe(1);
  });

  test("and asking there is refused as anything is", async () => {
    const port = serve("--anonymous", "ro@/a");
    expect((await ask(port, "GET", "/files/secret/?search=invoice")).status).toBe(401);
    expect((await ask(port, "GET", "/files/none/?search=invoice")).status).toBe(401);
  });
});

describe("a folder that holds what another holds is another:", () => {
  const twins: [what: string, make: (root: string) => void][] = [
    ["hard links, as in backups", (root) => linkSync(join(root, "one/file"), join(root, "two/file"))],
    ["links to one file", (root) => symlinkSync("../one/file", join(root, "two/file"))],
    ["a copy with the same time", (root) => copyFileSync(join(root, "one/file"), join(root, "two/file"))],
  ];
  test.each(twins)("%s", async (_, make) => {
    using twice = tempFolder();
    for (const name of ["one", "two"]) mkdirSync(join(twice.path, name));
    writeFileSync(join(twice.path, "one/file"), "x");
    make(twice.path);
    for (const name of ["one", "two"]) utimesSync(join(twice.path, name, "file"), 1, 1);
    const server = startServer(application(twice.path));
    const { paths, end } = await search(server.port, "/files/?search=file");
    expect([paths, end.complete]).toEqual([["one/file", "two/file"], true]);
    const tags = await Promise.all(["one", "two"].map((name) => ask(server.port, "GET", `/files/${name}/?json`)));
    expect(new Set(tags.map(({ fields }) => fields.get("etag"))).size).toBe(2);
    await server.stop();
  });
});

describe("many searches", () => {
  test("at once are a few, and the others hear it", async () => {
    const port = serve();
    const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(port)));
    for (const client of clients)
      await client.send("GET /files/?search=e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const answers = await Promise.all(clients.map((client) => client.untilEnd()));
    for (const client of clients) client.close();
    expect(answers.every((answer) => /^HTTP\/1\.1 (200|503) /.test(answer))).toBe(true);
    // All places are free again.
    for (let i = 0; i < 8; i++) await search(port, "/files/?search=invoice");
  });

  test("of one client leave a place to each other one", async () => {
    const places = new SearchPlaces();
    const greedy = Array.from({ length: 6 }, () => places.take("192.0.2.1"));
    expect(greedy.map((place) => place !== null)).toEqual([true, true, true, true, false, false]);
    const others = ["192.0.2.2", "192.0.2.3", "::ffff:192.0.2.4", ""].map((address) => places.take(address));
    expect(others.every((place) => place !== null)).toBe(true);
    // They are bounded all the same.
    expect(places.take("192.0.2.5")).toBeNull();
    expect(places.take("192.0.2.2")).toBeNull();
    greedy[0]?.();
    expect(places.take("192.0.2.1")).toBeNull();
    expect(places.take("192.0.2.5")).toBeFunction();
    for (const leave of [...greedy.slice(1), ...others]) leave?.();
    expect(Array.from({ length: 3 }, () => places.take("192.0.2.1")).every((place) => place !== null)).toBe(true);
  });

  test.each([
    ["an IPv4 address and the same in IPv6", "192.0.2.1", "::ffff:192.0.2.1", true],
    ["addresses of one IPv6 network", "2001:db8::1", "2001:db8::2:1", true],
    ["addresses of two IPv6 networks", "2001:db8::1", "2001:db8:0:1::1", false],
    ["addresses that are local to the link", "fe80::1", "fe80::2", false],
  ])("%s are one client's, or not", (_, one, other, isOne) => {
    const places = new SearchPlaces();
    for (let i = 0; i < 4; i++) expect(places.take(one)).toBeFunction();
    expect(places.take(other) === null).toBe(isOne);
  });

  test("of one client, however long they take, keep nobody else from searching", () => {
    const storage = { list: () => new Promise(() => {}) } as unknown as Storage;
    const ask = (address: string): HttpResponse => {
      const request = requestOf("GET", "/files/?search=a", {}, { ...LOCAL_PEER, address });
      return searchFolder(request, storage, ObjectName.ROOT, "a", PLAIN_NAMES);
    };
    const greedy = Array.from({ length: 5 }, () => ask("192.0.2.1"));
    expect(greedy.map(({ status }) => status)).toEqual([200, 200, 200, 200, 503]);
    const other = ask("192.0.2.2");
    expect(other.status).toBe(200);
    const end = ({ body }: HttpResponse): void =>
      body instanceof Object && "close" in body ? body.close() : undefined;
    for (const reply of [...greedy, other]) end(reply);
    const again = ask("192.0.2.1");
    expect(again.status).toBe(200);
    end(again);
  });

  test("that nobody waits for give their places back", async () => {
    const port = serve();
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(port);
      await client.send("GET /files/?search=e HTTP/1.1\r\nHost: a\r\n\r\n");
      client.reset();
    }
    await until(async () => (await ask(port, "GET", "/files/?search=a")).status === 200);
    await search(port, "/files/?search=invoice");
  });

  test("stop when they have found enough", async () => {
    using large = tempFolder();
    for (let i = 0; i < 1500; i++) writeFileSync(join(large.path, `same-${i}`), "");
    const server = startServer(application(large.path));
    const { paths, end } = await search(server.port, "/files/?search=same");
    expect([paths.length, end.complete, end.stopped]).toEqual([1000, false, "results"]);
    await server.stop();
  });
});
