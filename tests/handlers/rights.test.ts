import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { warningApplication } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const outer = tempFolder();
let root = "";
let runs = 0;
let warnings: string[] = [];
const servers: StartedServer[] = [];

beforeEach(() => {
  root = join(outer.path, String(runs++));
  for (const folder of ["pub/deep", "secret/deep", "in/sub", "way/to/gold"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of [
    "top.txt",
    "pub/a.txt",
    "secret/a.txt",
    "secret/deep/b.txt",
    "in/old.txt",
    "way/side.txt",
    "way/to/gold/x.txt",
  ]) {
    writeFileSync(join(root, file), `in ${file}`);
  }
  warnings = [];
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  outer[Symbol.dispose]();
});

function serve(...flags: string[]): number {
  const server = startServer(warningApplication((line) => void warnings.push(line), root, ...flags));
  servers.push(server);
  return server.port;
}

const as = (name: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}\r\n`;
const BOB = as("bob", "pw");

async function ask(port: number, method: string, target: string, fields = "", body = ""): Promise<ReadResponse> {
  const length = body === "" && method === "GET" ? "" : `Content-Length: ${body.length}\r\n`;
  const text = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}${length}\r\n${body}`;
  return readResponses(await exchange(port, text), [method])[0]!;
}

async function status(port: number, method: string, target: string, fields = "", body = ""): Promise<number> {
  return (await ask(port, method, target, fields, body)).status;
}

function form(...names: string[]): { readonly fields: string; readonly body: string } {
  const parts = names.map(
    (name) => `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\nnew\r\n`,
  );
  return { fields: "Content-Type: multipart/form-data; boundary=b\r\n", body: parts.join("") + "--b--\r\n" };
}

describe("what is nobody's business", () => {
  const FLAGS = ["--anonymous", "ro@/", "--anonymous", "none@/secret", "--auth", "bob:pw@/pub:ro"];

  const targets: [why: string, target: string, status: number | "hidden"][] = [
    ["as it is called", "/files/secret/a.txt", "hidden"],
    ["percent-encoded letters", "/files/%73ecret/a.txt", "hidden"],
    ["percent-encoded everything", "/files/%73%65%63%72%65%74/%61%2e%74%78%74", "hidden"],
    ["an encoded prefix", "/%66iles/secret/a.txt", "hidden"],
    ["an encoded slash", "/files/secret%2fa.txt", 400],
    ["an encoded slash before it", "/files/pub%2f..%2fsecret/a.txt", 400],
    ["a double encoding, which is another name", "/files/%2573ecret/a.txt", 404],
    ["double slashes", "/files//secret/a.txt", 404],
    ["double slashes inside, which name nothing", "/files/secret//a.txt", 404],
    ["a dot segment", "/files/./secret/a.txt", "hidden"],
    ["an encoded dot segment", "/files/%2e/secret/a.txt", 400],
    ["the way around", "/files/pub/../secret/a.txt", 400],
    ["the encoded way around", "/files/pub/%2e%2e/secret/a.txt", 400],
    ["a backslash", "/files/pub/..%5csecret/a.txt", 400],
    ["another case", "/files/SECRET/a.txt", "hidden"],
    ["a final dot", "/files/secret./a.txt", 404],
    ["a stream of Windows", "/files/secret::$INDEX_ALLOCATION/a.txt", 404],
    ["full-width letters", "/files/%EF%BD%93ecret/a.txt", "hidden"],
    ["a NUL", "/files/secret%00/a.txt", 400],
    ["an absolute target", "http://localhost/files/secret/a.txt", "hidden"],
    ["an absolute target of another scheme", "https://localhost/files/secret/a.txt", 421],
    ["a query", "/files/secret/a.txt?download", "hidden"],
    ["a path parameter, which is another name", "/files/secret;x/a.txt", 404],
    ["the folder", "/files/secret/", "hidden"],
    ["the folder as JSON", "/files/secret/?json", "hidden"],
    ["the folder without its slash", "/files/secret", "hidden"],
    ["a folder below", "/files/secret/deep/?simple", "hidden"],
    ["what is not there", "/files/secret/nothing.txt", "hidden"],
    ["a folder that is not there", "/files/secret/nothing/", "hidden"],
  ];
  test.each(targets)("does not show by %s", async (_, target, expected) => {
    const port = serve(...FLAGS);
    const stranger = await ask(port, "GET", target);
    const known = await ask(port, "GET", target, BOB);
    expect([stranger.status, known.status]).toEqual(expected === "hidden" ? [401, 403] : [expected, expected]);
    expect(stranger.body + known.body).not.toContain("in secret");
    const hasChallenge = stranger.fields.has("www-authenticate");
    expect(hasChallenge).toBe(expected === "hidden");
  });

  test.each([
    ["GET", "", ""],
    ["HEAD", "", ""],
    ["GET", "If-None-Match: *\r\n", ""],
    ["GET", "If-Match: *\r\n", ""],
    ["GET", "Range: bytes=0-0\r\n", ""],
    ["GET", "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT\r\n", ""],
    ["PUT", "", "x"],
    ["PUT", "If-None-Match: *\r\n", "x"],
    ["PUT", "If-Match: *\r\n", "x"],
    ["PUT", "Content-Range: bytes 0-0/2\r\n", "x"],
    ["POST", "", "x"],
    ["DELETE", "", ""],
    ["DELETE", "If-Match: *\r\n", ""],
  ])("%s %p is answered alike whether the file is there or not", async (method, fields, body) => {
    const port = serve(...FLAGS, "--allow-delete");
    for (const who of ["", BOB]) {
      const [there, absent] = [
        await ask(port, method, "/files/secret/a.txt", who + fields, body),
        await ask(port, method, "/files/secret/nothing", who + fields, body),
      ];
      const plain = ({ status, body, fields }: ReadResponse): unknown => [status, body, [...fields.keys()]];
      expect(plain(there)).toEqual(plain(absent));
      expect(there.status).toBe(who === "" ? 401 : 403);
    }
  });

  const changes: [what: string, change: () => void][] = [
    ["another name", () => renameSync(join(root, "top.txt"), join(root, "new.txt"))],
    ["another size", () => writeFileSync(join(root, "top.txt"), "longer than it was")],
    ["another time", () => utimesSync(join(root, "top.txt"), 1, 1)],
    ["a folder in a file's place", () => (rmSync(join(root, "top.txt")), mkdirSync(join(root, "top.txt")))],
  ];
  test.each(changes)("leaves a list whose validator changes with what shows: %s", async (_, change) => {
    const port = serve("--anonymous", "ro@/", "--anonymous", "none@/secret");
    const before = await ask(port, "GET", "/files/?json");
    change();
    const condition = `If-None-Match: ${before.fields.get("etag")}\r\n`;
    const after = await ask(port, "GET", "/files/?json", condition);
    expect([after.status, after.body === before.body]).toEqual([200, false]);
  });

  test("is in no list, count or validator", async () => {
    const port = serve(...FLAGS);
    for (const query of ["?simple", "?json", "?simple&filter=secret", "?simple&sort=modified&order=desc", ""]) {
      const list = await ask(port, "GET", `/files/${query}`, "Accept: text/html\r\n");
      expect(list.status).toBe(200);
      expect(list.body.replace("filter=secret", "").replaceAll(/value="secret"/g, "")).not.toContain("secret/");
    }
    const before = await ask(port, "GET", "/files/?json");
    writeFileSync(join(root, "secret/new.txt"), "more");
    mkdirSync(join(root, "Secret"), { recursive: true });
    const after = await ask(port, "GET", "/files/?json");
    expect(after.fields.get("etag")).toBe(before.fields.get("etag"));
  });

  test("cannot be written by a form from a folder above", async () => {
    const port = serve("--anonymous", "rw@/", "--anonymous", "none@/secret");
    const { fields, body } = form("pub/ok.txt", "secret/x.txt");
    expect(await status(port, "POST", "/files/", fields, body)).toBe(401);
    const other = form("SECRET/x.txt");
    expect(await status(port, "POST", "/files/", other.fields, other.body)).toBe(401);
    expect(readdirSync(join(root, "secret")).sort()).toEqual(["a.txt", "deep"]);
    expect(readdirSync(join(root, "pub")).sort()).toEqual(["a.txt", "deep"]);
  });

  test.each([".br", ".gz", ".zst"])(
    "does not show in Vary, as a stored form %s of what is public",
    async (extension) => {
      const form = `pub/p.png${extension}`;
      const port = serve(...FLAGS, "--anonymous", `none@/${form}`, "--precompressed");
      writeFileSync(join(root, "pub/p.png"), "png");
      const without = await ask(port, "GET", "/files/pub/p.png");
      writeFileSync(join(root, form), "coded");
      const beside = await ask(port, "GET", "/files/pub/p.png", "Accept-Encoding: br, gzip, zstd\r\n");
      expect(beside.body).toBe("png");
      expect(beside.fields.get("vary")).toBe(without.fields.get("vary")!);
    },
  );

  test("is a matter of names: a link that the owner made into it is his own way in", async () => {
    symlinkSync("../secret/a.txt", join(root, "pub/link.txt"));
    expect((await ask(serve(...FLAGS), "GET", "/files/pub/link.txt")).body).toBe("in secret/a.txt");
  });

  test.each([
    ["a method override", "X-HTTP-Method-Override: GET\r\n"],
    ["a rewritten URL", "X-Original-URL: /files/pub/a.txt\r\nX-Rewrite-URL: /files/pub/a.txt\r\n"],
    ["a forwarded address", "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n"],
    ["a user of a proxy", "X-Remote-User: bob\r\nX-Forwarded-User: bob\r\n"],
    ["a login for a proxy", `Proxy-${BOB}`],
    ["an own origin", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"],
  ])("is not opened by %s", async (_, fields) => {
    expect(await status(serve(...FLAGS), "GET", "/files/secret/a.txt", fields)).toBe(401);
  });
});

describe("a way to what one may see", () => {
  const FLAGS = ["--auth", "bob:pw@/way/to/gold:ro"];

  test.each([
    ["/files", 308],
    ["/files/", 200],
    ["/files/way", 308],
    ["/files/way/", 200],
    ["/files/way/to/?simple", 200],
    ["/files/way/to/gold/x.txt", 200],
    ["/files/way/side.txt", 403],
    ["/files/top.txt", 403],
    ["/files/pub/", 403],
  ])("%s is %d", async (target, expected) => {
    expect(await status(serve(...FLAGS), "GET", target, BOB)).toBe(expected);
  });

  test("shows nothing beside it", async () => {
    const port = serve(...FLAGS);
    const lists = ["/files/?simple", "/files/way/?simple", "/files/way/to/?simple", "/files/way/to/gold/?simple"];
    const seen = await Promise.all(lists.map(async (target) => (await ask(port, "GET", target, BOB)).body));
    expect(seen).toEqual(["way/\n", "to/\n", "gold/\n", "x.txt\n"]);
  });
});

describe("each right", () => {
  const cases: [rights: string, method: string, target: string, status: number][] = [
    ["read", "GET", "/files/in/old.txt", 200],
    ["read", "PUT", "/files/in/old.txt", 403],
    ["read", "PUT", "/files/in/new.txt", 403],
    ["read", "DELETE", "/files/in/old.txt", 403],
    ["read,create", "PUT", "/files/in/new.txt", 201],
    ["read,create", "POST", "/files/in/new.txt", 201],
    ["read,create", "PUT", "/files/in/old.txt", 403],
    ["read,create", "POST", "/files/in/old.txt", 403],
    ["read,create", "PUT", "/files/in/a/b/c.txt", 201],
    ["read,write", "PUT", "/files/in/old.txt", 204],
    ["read,write", "PUT", "/files/in/new.txt", 403],
    ["read,write", "DELETE", "/files/in/old.txt", 403],
    ["rw", "PUT", "/files/in/new.txt", 201],
    ["rw", "PUT", "/files/in/old.txt", 204],
    ["rw", "DELETE", "/files/in/old.txt", 403],
    ["read,delete", "DELETE", "/files/in/old.txt", 204],
    ["read,delete", "PUT", "/files/in/old.txt", 403],
    ["create", "GET", "/files/in/old.txt", 403],
    ["create", "GET", "/files/in/sub/", 403],
    ["create", "PUT", "/files/in/old.txt", 201],
    ["none", "PUT", "/files/in/new.txt", 403],
    ["none", "GET", "/files/in/", 403],
    ["rw", "PUT", "/files/pub/new.txt", 403],
    ["rw", "PUT", "/files/inner.txt", 403],
  ];
  test.each(cases)("%s: %s %s is %d", async (rights, method, target, expected) => {
    const port = serve("--auth", `bob:pw@/in:${rights}`);
    const body = method === "PUT" || method === "POST" ? "new" : "";
    expect(await status(port, method, target, BOB, body)).toBe(expected);
    const wasReplaced = expected === 204 && method === "PUT";
    if (method !== "DELETE")
      expect(readFileSync(join(root, "in/old.txt"), "latin1")).toBe(wasReplaced ? "new" : "in in/old.txt");
  });

  const duplicates: [how: string, target: string, ...names: string[]][] = [
    ["a body", "/files/in/old.txt"],
    ["a form", "/files/in/", "old.txt"],
    ["a form into a folder below", "/files/", "in/old.txt"],
  ];
  test.each(duplicates)("to replace only makes no file under another name, with %s", async (_, target, ...names) => {
    const port = serve("--auth", "bob:pw@/in:read,write", "--on-duplicate", "rename");
    const { fields, body } = names.length > 0 ? form(...names) : { fields: "", body: "new" };
    expect(await status(port, "POST", target, BOB + fields, body)).toBe(409);
    expect(readdirSync(join(root, "in")).sort()).toEqual(["old.txt", "sub"]);
    expect(readFileSync(join(root, "in/old.txt"), "latin1")).toBe("in in/old.txt");
  });

  test.each([
    ["create", "PUT", "/files/in/old.txt"],
    ["create", "POST", "/files/in/old.txt"],
    ["create", "POST", "/files/in/"],
    ["read,create", "POST", "/files/in/old.txt"],
  ])("to a file makes none beside it: %s, %s %s", async (rights, method, target) => {
    const port = serve("--auth", `bob:pw@/in/old.txt:${rights}`, "--on-duplicate", "rename");
    const { fields, body } = target.endsWith("/") ? form("old.txt") : { fields: "", body: "new" };
    expect(await status(port, method, target, BOB + fields, body)).toBe(403);
    expect(readdirSync(join(root, "in")).sort()).toEqual(["old.txt", "sub"]);
  });

  test("to create only is a drop box: what is there stays, and does not show", async () => {
    const port = serve("--anonymous", "create@/in");
    const taken = await ask(port, "PUT", "/files/in/old.txt", "", "new");
    const free = await ask(port, "PUT", "/files/in/free.txt", "", "new");
    expect([taken.status, taken.body, [...taken.fields.keys()]]).toEqual([
      free.status,
      free.body,
      [...free.fields.keys()],
    ]);
    expect(readFileSync(join(root, "in/old.txt"), "latin1")).toBe("in in/old.txt");
    expect(await status(port, "PUT", "/files/in/old.txt", "If-None-Match: *\r\n", "x")).toBe(201);
    expect((await ask(port, "GET", "/files/in/?simple")).body).toBe("");
    const { fields, body } = form("old.txt", "free.txt");
    expect(await ask(port, "POST", "/files/in/", fields, body)).toMatchObject({ status: 201, body: "Stored.\n" });
  });

  test("of flags and of rules are both needed", async () => {
    const port = serve("--auth", "bob:pw@/:rw", "--read-only");
    expect(await status(port, "PUT", "/files/new.txt", BOB, "x")).toBe(403);
    expect(await status(port, "GET", "/files/top.txt", BOB)).toBe(200);
  });

  test("to delete comes with rw where --allow-delete says so", async () => {
    const port = serve("--auth", "bob:pw", "--allow-delete");
    expect(await status(port, "DELETE", "/files/top.txt", BOB)).toBe(204);
  });

  test("of everyone is everybody's", async () => {
    const port = serve("--anonymous", "ro@/pub", "--auth", "bob:pw@/in:create");
    expect(await status(port, "GET", "/files/pub/a.txt", BOB)).toBe(200);
    expect(await status(port, "GET", "/files/pub/a.txt")).toBe(200);
  });

  test("the page offers what one may do", async () => {
    const port = serve("--anonymous", "ro@/", "--auth", "bob:pw@/in:rw");
    const page = async (target: string, who = ""): Promise<boolean> =>
      (await ask(port, "GET", target, `Accept: text/html\r\n${who}`)).body.includes("Upload files");
    expect([await page("/files/in/"), await page("/files/in/", BOB), await page("/files/", BOB)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("a hundred racers for one name", () => {
  test("with the right to create: one wins", async () => {
    const port = serve("--auth", "bob:pw@/in:read,create");
    const racers = Array.from({ length: 100 }, (_, i) => status(port, "PUT", "/files/in/race", BOB, `racer ${i}`));
    const ended = await Promise.all(racers);
    expect([ended.filter((each) => each === 201).length, ended.filter((each) => each === 403).length]).toEqual([1, 99]);
  });
});

describe("who one is", () => {
  test.each([
    ["whoever has said it", BOB, "Logged in as <bdi>bob</bdi>"],
    ["whoever has not, and could", "", 'name="login"'],
  ])("stands on the page of %s", async (_, fields, expected) => {
    const port = serve("--auth", "bob:pw", "--anonymous", "ro@/");
    expect((await ask(port, "GET", "/files/", `Accept: text/html\r\n${fields}`)).body).toContain(expected);
  });

  test("is another page for each, so that nobody is shown another's from a cache", async () => {
    const port = serve("--auth", "bob:pw", "--anonymous", "ro@/");
    const tag = async (fields: string): Promise<string | undefined> =>
      (await ask(port, "GET", "/files/", `Accept: text/html\r\n${fields}`)).fields.get("etag");
    expect(await tag(BOB)).not.toBe(await tag(""));
  });

  test.each([
    ["whoever has not said it", "/files/?login=", "", 401],
    ["whoever has", "/files/?login=", BOB, 200],
    ["nobody who asks for something else", "/files/?login=x", "", 200],
  ])("is asked of %s by the button of the page", async (_, target, fields, expected) => {
    expect(await status(serve("--auth", "bob:pw", "--anonymous", "ro@/"), "GET", target, fields)).toBe(expected);
  });

  test("is not asked where only tokens are known, which browsers do not ask for", async () => {
    const port = serve("--token", "ci:0123456789abcdef", "--anonymous", "ro@/");
    expect(await status(port, "GET", "/files/?login=")).toBe(200);
    expect((await ask(port, "GET", "/files/", "Accept: text/html\r\n")).body).not.toContain("Log in");
  });

  test("is asked with a challenge that browsers know", async () => {
    const reply = await ask(serve("--auth", "bob:pw"), "GET", "/files/top.txt");
    expect(reply.status).toBe(401);
    expect(reply.fields.get("www-authenticate")).toBe('Basic realm="mini-http", charset="UTF-8"');
    expect(reply.fields.get("vary")).toContain("Authorization");
  });

  test.each([
    ["a wrong password", as("bob", "no"), 401],
    ["an unknown name", as("carol", "pw"), 401],
    ["a token for a password", "Authorization: Bearer pw\r\n", 401],
    ["a field that cannot be read", "Authorization: Basic !!\r\n", 401],
    ["two fields", BOB + BOB, 401],
    ["a field of 30 KiB", `Authorization: Basic ${"A".repeat(30_000)}\r\n`, 401],
    ["the right password", BOB, 200],
  ])("with %s", async (_, fields, expected) => {
    expect(await status(serve("--auth", "bob:pw"), "GET", "/files/top.txt", fields)).toBe(expected);
  });

  test("may be said by a token, which has rights of its own", async () => {
    const port = serve("--token", "ci:0123456789abcdef@/in:create");
    const fields = "Authorization: Bearer 0123456789abcdef\r\n";
    expect(await status(port, "PUT", "/files/in/new", fields, "x")).toBe(201);
    expect(await status(port, "PUT", "/files/new", fields, "x")).toBe(403);
    expect((await ask(port, "GET", "/files/")).fields.get("www-authenticate")).toBe('Bearer realm="mini-http"');
  });

  test("is a wrong login even where everyone may read", async () => {
    expect(
      await status(serve("--anonymous", "ro@/", "--auth", "bob:pw"), "GET", "/files/top.txt", as("bob", "no")),
    ).toBe(401);
  });

  test("is not asked for the health of the server and the public paths", async () => {
    const port = serve("--auth", "bob:pw");
    for (const target of ["/", "/echo/x", "/-/health"])
      expect(await status(port, "GET", target, as("x", "y"))).toBe(200);
  });

  test("ten wrong ones within a minute have to wait, and so has the right one from there", async () => {
    const port = serve("--auth", "bob:pw", "--auth", "eve:pw2");
    await status(port, "GET", "/files/top.txt", BOB);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push(await status(port, "GET", "/files/top.txt", as("eve", String(i))));
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const right = await ask(port, "GET", "/files/top.txt", as("eve", "pw2"));
    expect(right.status).toBe(429);
    expect(Number(right.fields.get("retry-after"))).toBeGreaterThan(0);
    // Who was right before goes on, and so does who says nothing.
    expect(await status(port, "GET", "/files/top.txt", BOB)).toBe(200);
    expect(await status(port, "GET", "/echo/x")).toBe(200);
    expect(warnings.filter((line) => line === 'Login failed for "eve" from 127.0.0.1.')).toHaveLength(10);
    expect(warnings.at(-1)).toBe("Logins from 127.0.0.1 have to wait: too many failed within a minute.");
  });

  test("a thousand guesses at once are ten", async () => {
    const hash = await Bun.password.hash("pw", { algorithm: "bcrypt", cost: 4 });
    const port = serve("--auth", `bob:${hash}`);
    const guesses = Array.from({ length: 1000 }, (_, i) => status(port, "GET", "/files/top.txt", as("bob", String(i))));
    const seen = await Promise.all(guesses);
    expect(seen.filter((each) => each === 401)).toHaveLength(10);
    expect(seen.filter((each) => each === 429)).toHaveLength(990);
  });

  test("a name in the log is quoted, and the password is not there", async () => {
    const port = serve("--auth", "bob:pw");
    await status(port, "GET", "/files/top.txt", as('x" from 10.0.0.1.\n[ERROR]', "hunter2"));
    expect(warnings[0]).toBe('Login failed for "x\\x22 from 10.0.0.1.\\x0a[ERROR]" from 127.0.0.1.');
    expect(warnings.join()).not.toContain("hunter2");
  });
});

describe("addresses", () => {
  test.each([
    ["allowed", ["--allow-ip", "127.0.0.0/8"], 200],
    ["not among the allowed", ["--allow-ip", "10.0.0.0/8,::1"], 403],
    ["denied", ["--deny-ip", "127.0.0.1"], 403],
    ["allowed and denied", ["--allow-ip", "127.0.0.0/8", "--deny-ip", "127.0.0.1"], 403],
    ["beside the denied", ["--deny-ip", "127.0.0.2"], 200],
  ])("%s", async (_, flags, expected) => {
    expect(await status(serve(...flags), "GET", "/files/top.txt")).toBe(expected);
  });
});

describe("fields of one's own", () => {
  test("are on answers and refusals, in the place of ours", async () => {
    const port = serve("--header", "X-Frame-Options: DENY", "--header", "cache-control: no-store", "--auth", "bob:pw");
    const replies = [
      await ask(port, "GET", "/files/top.txt", BOB),
      await ask(port, "GET", "/files/top.txt"),
      await ask(port, "GET", "/nowhere"),
      readResponses(await exchange(port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"), ["GET"])[0]!,
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 404, 400]);
    for (const { fields } of replies) {
      expect([fields.get("x-frame-options"), fields.get("cache-control")]).toEqual(["DENY", "no-store"]);
    }
  });

  test.each([
    ["a framing field", "Content-Length: 5"],
    ["another framing field", "transfer-encoding: chunked"],
    ["the date", "Date: now"],
    ["a challenge", "WWW-Authenticate: Basic"],
    ["no value", "X-A:"],
    ["no colon", "X-A"],
    ["a space before the colon", "X-A : b"],
    ["a control character", "X-A: b\rX-B: c"],
    ["letters beyond ASCII", "X-A: \u00fc"],
  ])("cannot be %s", (_, line) => {
    expect(() => serve("--header", line)).toThrow("usage-error");
  });
});
