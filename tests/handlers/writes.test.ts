import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { ask, withLength } from "../support/ask.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { readResponses, resolveLocation } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const outer = tempFolder();
let root = "";
let runs = 0;
const servers: StartedServer[] = [];

beforeEach(() => {
  root = join(outer.path, String(runs++));
  mkdirSync(join(root, "folder"), { recursive: true });
  writeFileSync(join(root, "old.txt"), "old");
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  outer[Symbol.dispose]();
});

function serve(...flags: string[]): number {
  const server = startServer(application(root, ...flags), { maxBody: 1_000_000 });
  servers.push(server);
  return server.port;
}

const content = (name: string): string => readFileSync(join(root, name), "latin1");
const names = (folder = root): string[] => readdirSync(folder).sort();
const sizeUnderWay = (): number => {
  const unfinished = names().filter((name) => name.startsWith(".mini-http-"));
  return unfinished.reduce((sum, name) => sum + statSync(join(root, name)).size, 0);
};

describe("PUT, POST and DELETE", () => {
  test("PUT creates (201) and replaces (204), with the tag that a GET gives", async () => {
    const port = serve();
    const created = await ask(port, "PUT", "/files/new/deep/a.txt", "", "one");
    expect(created.status).toBe(201);
    expect(resolveLocation("/files/new/deep/a.txt", created)).toBe("/files/new/deep/a.txt");
    const replaced = await ask(port, "PUT", "/files/new/deep/a.txt", "", "two");
    expect(replaced.status).toBe(204);
    expect(replaced.fields.has("content-length")).toBe(false);
    expect(replaced.fields.get("etag")).not.toBe(created.fields.get("etag"));
    const got = await ask(port, "GET", "/files/new/deep/a.txt");
    expect([got.body, got.fields.get("etag")]).toEqual(["two", replaced.fields.get("etag")]);
    expect(names(join(root, "new/deep"))).toEqual(["a.txt"]);
  });

  test.each(["sp%20ace", "%C3%A4.txt", "100%25", "q%3Fx%23y", "a+b&c=d;e,f", "(x)!*'~"])(
    "the Location of %s leads to it",
    async (name) => {
      const port = serve();
      const stored = await ask(port, "POST", `/files/${name}`, "", "found");
      expect((await ask(port, "GET", resolveLocation(`/files/${name}`, stored))).body).toBe("found");
    },
  );

  const below: [why: string, fields: string, target: string, body: string, location: string][] = [
    ["a file", "", "/files/in/a.txt", "x", "/sub/files/in/a.txt"],
    ["a file whose name has a colon", "", "/files/in/a:b", "x", "/sub/files/in/a%3Ab"],
    ["one file of a form", FORM, "/files/in/", form(["x/b.txt", "1"]), "/sub/files/in/x/b.txt"],
    ["several files of a form", FORM, "/files/in/", form(["c", "1"], ["d", "2"]), "/sub/files/in/"],
    ["a form without scripts", FORM + "Accept: text/html\r\n", "/files/in/", form(["e", "1"]), "/sub/files/in/"],
  ];
  test.each(below)(
    "the Location of %s is right behind a proxy below /sub",
    async (_why, fields, target, body, location) => {
      const stored = await ask(serve(), "POST", target, fields, body);
      expect(resolveLocation("/sub" + target, stored)).toBe(location);
    },
  );

  const answers: [why: string, flags: string[], method: string, target: string, fields: string, status: number][] = [
    ["PUT to a folder's path", [], "PUT", "/files/folder/", "", 409],
    ["PUT to a folder's name", [], "PUT", "/files/folder", "", 409],
    ["PUT through a file", [], "PUT", "/files/old.txt/x", "", 409],
    ["PUT of a part", [], "PUT", "/files/a", "Content-Range: bytes 0-1/2\r\n", 400],
    ["PUT of coded content", [], "PUT", "/files/a", "Content-Encoding: gzip\r\n", 415],
    ["POST of coded content", [], "POST", "/files/a", "Content-Encoding: br\r\n", 415],
    ["PUT of content in no coding", [], "PUT", "/files/a", "Content-Encoding: identity\r\n", 201],
    ["PUT of a hidden name", [], "PUT", "/files/.a", "", 404],
    ["PUT of a hidden name with --hidden", ["--hidden"], "PUT", "/files/.a", "", 201],
    ["PUT of a temporary name with --hidden", ["--hidden"], "PUT", "/files/.mini-http-a", "", 404],
    ["PUT of dot segments", [], "PUT", "/files/../a", "", 400],
    ["PUT with --read-only", ["--read-only"], "PUT", "/files/a", "", 403],
    ["POST with --read-only", ["--read-only"], "POST", "/files/a", "", 403],
    ["DELETE with --read-only", ["--read-only"], "DELETE", "/files/old.txt", "", 403],
    ["DELETE without --allow-delete", [], "DELETE", "/files/old.txt", "", 403],
    ["DELETE of a file", ["--allow-delete"], "DELETE", "/files/old.txt", "", 204],
    ["DELETE of nothing", ["--allow-delete"], "DELETE", "/files/none", "", 404],
    ["DELETE of an empty folder", ["--allow-delete"], "DELETE", "/files/folder", "", 204],
    ["DELETE of an empty folder's path", ["--allow-delete"], "DELETE", "/files/folder/", "", 204],
    ["DELETE of a temporary name", ["--allow-delete"], "DELETE", "/files/.mini-http-a", "", 404],
    ["POST of what is no form to a folder", [], "POST", "/files/", "Content-Type: text/plain\r\n", 415],
    ["PUT of a taken name with --on-duplicate error", ["--on-duplicate", "error"], "PUT", "/files/old.txt", "", 409],
    ["PUT of a new name with --on-duplicate error", ["--on-duplicate", "error"], "PUT", "/files/a", "", 201],
    ["PUT with --min-free that nobody has", ["--min-free", "500T"], "PUT", "/files/a", "", 507],
    ["PUT over the quota", ["--quota", "3"], "PUT", "/files/a", "", 507],
    ["PUT of a new file over --max-files", ["--max-files", "1"], "PUT", "/files/a", "", 507],
    ["PUT of an old file at --max-files", ["--max-files", "1"], "PUT", "/files/old.txt", "", 204],
  ];
  test.each(answers)("%s", async (_why, flags, method, target, fields, status) => {
    const before = names();
    const response = await ask(serve(...flags), method, target, fields, method === "DELETE" ? "" : "xx");
    expect(response.status).toBe(status);
    if (status >= 400) expect(names()).toEqual(before);
  });

  test("an identity of its own for each version, however fast they follow", async () => {
    const port = serve("--allow-delete");
    const tags = new Set<string>();
    for (let i = 0; i < 50; i++) {
      tags.add((await ask(port, "PUT", "/files/a", "", "same")).fields.get("etag")!);
      if (i % 5 === 0) await ask(port, "DELETE", "/files/a");
    }
    expect(tags.size).toBe(50);
  });

  test("a new version is younger than the old one, even one from the future", async () => {
    const port = serve();
    utimesSync(join(root, "old.txt"), 4_000_000_000, 4_000_000_000);
    await ask(port, "PUT", "/files/old.txt", "", "new");
    expect(statSync(join(root, "old.txt")).mtimeMs).toBeGreaterThan(4_000_000_000_000);
    await ask(port, "PUT", "/files/other.txt", "", "new");
    expect(statSync(join(root, "other.txt")).mtimeMs).toBeLessThan(Date.now() + 60_000);
  });

  test("modes: a replaced file keeps its own, --chmod sets those of new ones", async () => {
    const port = serve("--chmod", "0600");
    chmodSync(join(root, "old.txt"), 0o664);
    await ask(port, "PUT", "/files/old.txt", "", "x");
    await ask(port, "PUT", "/files/new.txt", "", "x");
    await ask(port, "POST", "/files/", FORM, form(["formed.txt", "x"]));
    const mode = (name: string): number => statSync(join(root, name)).mode & 0o777;
    expect([mode("old.txt"), mode("new.txt"), mode("formed.txt")]).toEqual([0o664, 0o600, 0o600]);
  });

  test("--fsync stores like any other", async () => {
    const port = serve("--fsync", "--allow-delete");
    expect((await ask(port, "PUT", "/files/d/a", "", "durable")).status).toBe(201);
    expect(content("d/a")).toBe("durable");
    expect((await ask(port, "DELETE", "/files/d/a")).status).toBe(204);
  });

  test("no folder is made for an upload that does not arrive, and none of it is listed or served", async () => {
    const port = serve("--hidden");
    const client = await RawClient.connect(port);
    await client.send("PUT /files/new/deep/a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    while (names().length === 2) await Bun.sleep(2);
    expect((await ask(port, "GET", "/files/?simple")).body).toBe("folder/\nold.txt\n");
    const temporary = names().find((name) => name.startsWith(".mini-http-"))!;
    expect((await ask(port, "GET", `/files/${temporary}`)).status).toBe(404);
    client.reset();
    while (names().length > 2) await Bun.sleep(2);
    expect(names()).toEqual(["folder", "old.txt"]);
  });
});

describe("refusals come before the body", () => {
  const cases: [why: string, flags: string[], target: string, fields: string, status: number][] = [
    ["a condition that does not hold", [], "/files/old.txt", "If-None-Match: *\r\n", 412],
    ["a folder's name", [], "/files/folder", "", 409],
    ["a bad name", [], "/files/../a", "", 400],
    ["a coding", [], "/files/a", "Content-Encoding: gzip\r\n", 415],
    ["a quota", ["--quota", "1K"], "/files/a", "", 507],
    ["a read-only folder", ["--read-only"], "/files/a", "", 403],
    ["a duplicate", ["--on-duplicate", "error"], "/files/old.txt", "", 409],
    ["a foreign page", [], "/files/a", "Origin: http://evil.example\r\n", 403],
  ];
  test.each(cases)("%s: the final status, and no 100", async (_why, flags, target, fields, status) => {
    const client = await RawClient.connect(serve(...flags));
    const head = `PUT ${target} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: 500000\r\nExpect: 100-continue\r\n\r\n`;
    await client.send(head);
    expect(await client.until(({ received }) => received.includes("\r\n\r\n"))).toStartWith(`HTTP/1.1 ${status} `);
    client.close();
  });

  test("a body over the limit is 413 by its length", async () => {
    const client = await RawClient.connect(serve());
    await client.send("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\nExpect: 100-continue\r\n\r\n");
    expect(await client.until(({ received }) => received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 413 ");
    client.close();
  });

  test("what is welcome gets its 100", async () => {
    const client = await RawClient.connect(serve());
    await client.send("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    await client.until(({ received }) => received === "HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("hi");
    await client.until(({ received }) => received.includes("HTTP/1.1 201 "));
    client.close();
  });

  test("a chunked body over the limit is 413 in the middle, and leaves nothing", async () => {
    const chunk = "10000\r\n" + "x".repeat(65536) + "\r\n";
    const raw = "PUT /files/old.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(20);
    expect(readResponses(await exchange(serve(), raw))[0]!.status).toBe(413);
    while (names().length > 2) await Bun.sleep(2);
    expect(content("old.txt")).toBe("old");
  });
});

describe("conditions", () => {
  /** TAG, GZIP and TIME stand for what the file has. */
  const cases: [fields: string, exists: boolean, holds: boolean][] = [
    ["If-None-Match: *", true, false],
    ["If-None-Match: *", false, true],
    ["If-None-Match: TAG", true, false],
    ['If-None-Match: "x"', true, true],
    ["If-Match: *", true, true],
    ["If-Match: *", false, false],
    ["If-Match: TAG", true, true],
    ['If-Match: "x", TAG', true, true],
    ['If-Match: "x"', true, false],
    ["If-Match: W/TAG", true, false],
    ["If-Match: GZIP", true, true],
    ["If-Unmodified-Since: TIME", true, true],
    ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", true, false],
    ["If-Unmodified-Since: nonsense", true, true],
  ];
  test.each(cases)("%s (there is a file: %p) holds: %p", async (template, exists, holds) => {
    const port = serve("--allow-delete");
    const target = exists ? "/files/old.txt" : "/files/none.txt";
    for (const method of ["PUT", "POST", "DELETE"]) {
      writeFileSync(join(root, "old.txt"), "old");
      const { fields } = await ask(port, "HEAD", "/files/old.txt");
      const tag = fields.get("etag")!;
      const filled = template
        .replace("TAG", tag)
        .replace("GZIP", tag.slice(0, -1) + '-gzip"')
        .replace("TIME", fields.get("last-modified")!);
      const { status } = await ask(port, method, target, filled + "\r\n", method === "DELETE" ? "" : "new");
      if (!holds) expect([method, status]).toEqual([method, method === "DELETE" && !exists ? 404 : 412]);
      else expect([method, status < 300 || (method === "DELETE" && !exists)]).toEqual([method, true]);
      if (method !== "DELETE" && !exists && holds) {
        await ask(port, "DELETE", target);
      }
    }
  });

  test("are asked again when the file takes its place", async () => {
    const port = serve();
    const slow = await RawClient.connect(port);
    const head = "PUT /files/a HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nContent-Length: 4\r\n\r\n";
    await slow.send(head + "sl");
    while (names().length === 2) await Bun.sleep(2);
    expect((await ask(port, "PUT", "/files/a", "If-None-Match: *\r\n", "fast")).status).toBe(201);
    await slow.send("ow");
    expect(await slow.until(({ received }) => received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 412 ");
    expect(content("a")).toBe("fast");
    expect(names()).toEqual(["a", "folder", "old.txt"]);
    slow.close();
  });

  const count = (statuses: number[]): Record<string, number> =>
    Object.fromEntries([...new Set(statuses)].sort().map((each) => [each, statuses.filter((s) => s === each).length]));
  const race = async (ports: number[], fields: string): Promise<Record<string, number>> => {
    const writers = Array.from({ length: 64 }, (_, i) =>
      ask(ports[i % ports.length]!, "PUT", "/files/race", fields, `v${i}`),
    );
    return count((await Promise.all(writers)).map(({ status }) => status));
  };

  test("64 racing creators have one winner, 64 racing replacements too", async () => {
    const port = serve();
    expect(await race([port], "If-None-Match: *\r\n")).toEqual({ 201: 1, 412: 63 });
    const tag = (await ask(port, "HEAD", "/files/race")).fields.get("etag")!;
    expect(await race([port], `If-Match: ${tag}\r\n`)).toEqual({ 204: 1, 412: 63 });
    expect(names()).toEqual(["folder", "old.txt", "race"]);
  });

  test("64 racing creators have one winner with two servers on the folder", async () => {
    await using one = await RunningProgram.start(["--directory", root]);
    await using other = await RunningProgram.start(["--directory", root]);
    for (let i = 0; i < 3; i++) {
      expect(await race([one.port, other.port], "If-None-Match: *\r\n")).toEqual({ 201: 1, 412: 63 });
      await Bun.file(join(root, "race")).delete();
    }
  });
});

describe("--on-duplicate rename", () => {
  test("POST and forms get another name, which Location tells; PUT replaces", async () => {
    const port = serve("--on-duplicate", "rename");
    const locations: string[] = [];
    for (const target of ["/files/old.txt", "/files/old.txt", "/files/folder", "/files/noext", "/files/noext"])
      locations.push(resolveLocation(target, await ask(port, "POST", target, "", "x")));
    expect(locations).toEqual([
      "/files/old%20(1).txt",
      "/files/old%20(2).txt",
      "/files/folder%20(1)",
      "/files/noext",
      "/files/noext%20(1)",
    ]);
    const formed = await ask(port, "POST", "/files/", FORM, form(["old.txt", "a"], ["old.txt", "b"]));
    expect(formed.body).toBe("old (3).txt\nold (4).txt\n");
    expect((await ask(port, "PUT", "/files/old.txt", "", "put")).status).toBe(204);
    expect(content("old.txt")).toBe("put");
  });
});

describe("--upload-only", () => {
  test("nothing can be read or deleted, and no answer tells what is there", async () => {
    const port = serve("--upload-only");
    for (const [method, target] of [
      ["GET", "/files/old.txt"],
      ["GET", "/files/none"],
      ["HEAD", "/files/old.txt"],
      ["GET", "/files/"],
      ["GET", "/files/?json"],
      ["DELETE", "/files/old.txt"],
    ] as const)
      expect([method, target, (await ask(port, method, target)).status]).toEqual([method, target, 403]);
    for (const fields of ["", "If-None-Match: *\r\n"])
      for (const method of ["PUT", "POST"])
        for (const target of ["/files/old.txt", "/files/none.txt", "/files/folder"]) {
          const response = await ask(port, method, target, fields, "x");
          expect([response.status, response.fields.has("location"), response.fields.has("etag")]).toEqual([
            201,
            false,
            false,
          ]);
        }
    expect((await ask(port, "PUT", "/files/old.txt", "If-Match: *\r\n", "x")).status).toBe(412);
    expect((await ask(port, "PUT", "/files/none2.txt", "If-Match: *\r\n", "x")).status).toBe(412);
    expect((await ask(port, "POST", "/files/", FORM, form(["old.txt", "a"]))).body).toBe("Stored.\n");
    expect(content("old.txt")).toBe("old");
  });
});

describe("quotas", () => {
  test("count what is on its way, and give back what is replaced or deleted", async () => {
    const port = serve("--quota", "10000", "--allow-delete");
    expect((await ask(port, "PUT", "/files/a", "", "x".repeat(9000))).status).toBe(201);
    expect((await ask(port, "PUT", "/files/b", "", "x".repeat(2000))).status).toBe(507);
    const slow = await RawClient.connect(port);
    // What has come counts; what is only announced is nobody's yet.
    await slow.send("PUT /files/c HTTP/1.1\r\nHost: a\r\nContent-Length: 901\r\n\r\n");
    while (names().length === 3) await Bun.sleep(2);
    expect((await ask(port, "PUT", "/files/b", "", "x".repeat(500))).status).toBe(201);
    await ask(port, "DELETE", "/files/b");
    await slow.send("x".repeat(900));
    while (sizeUnderWay() < 900) await Bun.sleep(2);
    expect((await ask(port, "PUT", "/files/b", "", "x".repeat(500))).status).toBe(507);
    slow.reset();
    while (names().length > 3) await Bun.sleep(2);
    expect((await ask(port, "PUT", "/files/b", "", "x".repeat(500))).status).toBe(201);
    await ask(port, "DELETE", "/files/a");
    expect((await ask(port, "PUT", "/files/a", "", "x".repeat(9000))).status).toBe(201);
  });

  test("are kept by bodies of unknown length", async () => {
    const port = serve("--quota", "10000");
    const chunk = "1000\r\n" + "x".repeat(4096) + "\r\n";
    const send = (chunks: number): Promise<string> =>
      exchange(
        port,
        "PUT /files/old.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
          chunk.repeat(chunks) +
          "0\r\n\r\n",
      );
    expect(await send(3)).toStartWith("HTTP/1.1 507 ");
    while (names().length > 2) await Bun.sleep(2);
    expect(content("old.txt")).toBe("old");
    expect(await send(2)).toStartWith("HTTP/1.1 204 ");
  });
});

// ── Forms ──

const FORM = "Content-Type: multipart/form-data; boundary=b\r\n";
function form(...files: (readonly [name: string, body: string])[]): string {
  const parts = files.map(
    ([name, body]) => `--b\r\nContent-Disposition: form-data; name=f; filename="${name}"\r\n\r\n${body}\r\n`,
  );
  return parts.join("") + "--b--\r\n";
}

describe("a form", () => {
  test("stores its files, with their folders, and tells their names", async () => {
    const body = form(["a.txt", "one"], ["sub/deep/b.txt", "two"]);
    const response = await ask(serve(), "POST", "/files/folder/", FORM, body);
    expect(response).toMatchObject({ status: 201, body: "folder/a.txt\nfolder/sub/deep/b.txt\n" });
    expect(content("folder/a.txt") + content("folder/sub/deep/b.txt")).toBe("onetwo");
  });

  test("of a browser without scripts leads back to the folder", async () => {
    const response = await ask(
      serve(),
      "POST",
      "/files/folder/",
      FORM + "Accept: text/html,*/*;q=0.8\r\n",
      form(["a", "1"]),
    );
    expect(response.status).toBe(303);
    expect(resolveLocation("/files/folder/", response)).toBe("/files/folder/");
  });

  const refused: [why: string, flags: string[], fields: string, body: string, status: number][] = [
    ["a name that leaves", [], FORM, form(["ok", "1"], ["../x", "2"]), 400],
    ["a backslash", [], FORM, form(["ok", "1"], ["a\\\\b", "2"]), 400],
    ["an empty segment", [], FORM, form(["ok", "1"], ["a//b", "2"]), 404],
    ["a hidden name", [], FORM, form(["ok", "1"], [".x", "2"]), 404],
    ["a folder's name", [], FORM, form(["ok", "1"], ["folder", "2"]), 409],
    ["a path through a file", [], FORM, form(["ok", "1"], ["old.txt/x", "2"]), 409],
    ["a path through a file of its own", [], FORM, form(["ok", "1"], ["ok/x", "2"]), 409],
    ["a duplicate", ["--on-duplicate", "error"], FORM, form(["ok", "1"], ["old.txt", "2"]), 409],
    ["a quota", ["--quota", "100"], FORM, form(["ok", "1"], ["x", "2".repeat(200)]), 507],
    ["a missing end", [], FORM, form(["ok", "1"], ["x", "2"]).slice(0, -6), 400],
    ["no file", [], FORM, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n", 400],
    ["no boundary", [], "Content-Type: multipart/form-data\r\n", form(["ok", "1"]), 400],
    ["no body", [], FORM, "", 400],
    ["too many parts", ["--max-form-parts", "2"], FORM, form(["ok", "1"], ["b", "2"], ["c", "3"]), 413],
    ["a condition", [], FORM + "If-None-Match: *\r\n", form(["ok", "1"], ["old.txt", "2"]), 412],
  ];
  test.each(refused)("with %s leaves nothing of it", async (_why, flags, fields, body, status) => {
    const response = await ask(serve(...flags), "POST", "/files/", fields, body);
    expect(response.status).toBe(status);
    expect(names()).toEqual(["folder", "old.txt"]);
    expect(content("old.txt")).toBe("old");
  });

  test("that cannot be finished puts replaced files back", async () => {
    // "sub" is a file by the time that the last part needs it to be a folder.
    const body = form(["old.txt", "replaced"], ["new/x", "1"], ["sub", "file"], ["sub/x", "2"]);
    const inode = statSync(join(root, "old.txt")).ino;
    expect((await ask(serve(), "POST", "/files/", FORM, body)).status).toBe(409);
    expect(names()).toEqual(["folder", "old.txt"]);
    expect([content("old.txt"), statSync(join(root, "old.txt")).ino]).toEqual(["old", inode]);
  });

  test.each(["end", "reset"] as const)("that is cut (%s) leaves nothing", async (ending) => {
    const client = await RawClient.connect(serve());
    const raw = withLength("POST", "/files/", FORM, form(["a", "1".repeat(1000)], ["b", "2".repeat(1000)]));
    await client.send(raw.slice(0, -500));
    while (names().length < 4) await Bun.sleep(2);
    if (ending === "end") client.end();
    else client.reset();
    while (names().length > 2) await Bun.sleep(2);
    client.close();
    expect(names()).toEqual(["folder", "old.txt"]);
  });

  test("is the same however it is cut", async () => {
    const port = serve();
    const raw = withLength("POST", "/files/", FORM, form(["a", "one\r\n--"], ["c/d", "two\r\n"]));
    for (let at = 1; at < raw.length; at += 3) {
      const client = await RawClient.connect(port);
      await client.send(raw.slice(0, at));
      await Bun.sleep(0);
      await client.send(raw.slice(at));
      await client.until(({ received }) => received.includes("c/d\n"));
      client.close();
      expect(content("a") + "|" + content("c/d")).toBe("one\r\n--|two\r\n");
    }
  });

  test("of 1,000 files needs few descriptors", async () => {
    const files = Array.from({ length: 1000 }, (_, i) => [`many/f${i}`, String(i)] as const);
    expect((await ask(serve(), "POST", "/files/", FORM, form(...files))).status).toBe(201);
    expect(names(join(root, "many"))).toHaveLength(1000);
  });
});
