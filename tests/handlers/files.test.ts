import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { application } from "../support/app.ts";
import { answerTo, withLength, withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const outer = tempFolder();
const root = join(outer.path, "served");
let started: StartedServer;

beforeAll(() => {
  mkdirSync(join(root, "folder"), { recursive: true });
  writeFileSync(join(outer.path, "secret.txt"), "secret");
  mkdirSync(join(outer.path, "served-not"));
  writeFileSync(join(outer.path, "served-not", "a"), "secret");
  writeFileSync(join(root, "a.txt"), "Hello, World!");
  writeFileSync(join(root, "photo.jpg"), "not really");
  writeFileSync(join(root, ".hidden"), "secret");
  writeFileSync(join(root, "large.txt"), "0123456789abcdef".repeat(40_000));
  writeFileSync(join(root, "sp ace%2f\u00e4.txt"), "odd");
  symlinkSync(join(outer.path, "secret.txt"), join(root, "leaves.txt"));
  symlinkSync(outer.path, join(root, "leaves"));
  symlinkSync(join(outer.path, "served-not"), join(root, "sibling"));
  symlinkSync("a.txt", join(root, "stays.txt"));
  symlinkSync("loop", join(root, "loop"));
  Bun.spawnSync(["mkfifo", join(root, "pipe")]);
  started = startServer(application(root));
});
afterAll(async () => {
  await started.stop();
  outer[Symbol.dispose]();
});

function ask(method: string, target: string, fields = "", body = ""): Promise<ReadResponse> {
  const raw = method === "POST" ? withLength(method, target, fields, body) : withoutBody(method, target, fields);
  return answerTo(started.port, raw);
}

const names = (folder: string): string[] => readdirSync(folder).sort();

/** A busy disk takes its time for twice 64 MiB. */
const MANY_BYTES_MS = 30_000;

describe("GET /files/{path}", () => {
  test("gives a file with its type and length", async () => {
    const response = await ask("GET", "/files/a.txt");
    expect(response).toMatchObject({ status: 200, body: "Hello, World!" });
    expect(response.fields.get("content-length")).toBe("13");
    expect(response.fields.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("HEAD gives the same fields", async () => {
    const close = "Connection: close\r\n";
    const [get, head] = [await ask("GET", "/files/a.txt", close), await ask("HEAD", "/files/a.txt", close)];
    const comparable = ({ fields }: ReadResponse): [string, string][] =>
      [...fields].filter(([name]) => name !== "date");
    expect(comparable(head)).toEqual(comparable(get));
  });

  test("gives a file larger than one read, whole", async () => {
    expect((await ask("GET", "/files/large.txt")).body).toBe("0123456789abcdef".repeat(40_000));
  });

  test.each(["/files/a.txt", "/files/large.txt"])("compresses %s for whoever accepts gzip", async (target) => {
    const plain = await ask("GET", target);
    const coded = await ask("GET", target, "Accept-Encoding: gzip\r\n");
    expect(coded.fields.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(Buffer.from(coded.body, "latin1")).toString("latin1")).toBe(plain.body);
  });

  test("leaves alone what is compressed already", async () => {
    const response = await ask("GET", "/files/photo.jpg", "Accept-Encoding: gzip\r\n");
    expect(response.fields.get("content-encoding")).toBeUndefined();
    expect(response.fields.get("content-type")).toBe("image/jpeg");
  });

  test("decodes a name once", async () => {
    expect((await ask("GET", "/files/sp%20ace%252f%C3%A4.txt")).body).toBe("odd");
  });

  const refused: [why: string, target: string, status: number][] = [
    ["nothing", "/files/nothing", 404],
    ["a path through a file", "/files/a.txt/b", 404],
    ["a name over 255 bytes", "/files/" + "a".repeat(300), 404],
    ["an empty segment", "/files//a.txt", 404],
    ["a hidden name", "/files/.hidden", 404],
    ["a link that leaves", "/files/leaves.txt", 404],
    ["a path through a link that leaves", "/files/leaves/secret.txt", 404],
    ["a link to a sibling with the same beginning", "/files/sibling/a", 404],
    ["a link to itself", "/files/loop", 404],
    ["a named pipe", "/files/pipe", 404],
    ["dot segments", "/files/../secret.txt", 400],
    ["encoded dots", "/files/%2e%2e/secret.txt", 400],
    ["half-encoded dots", "/files/.%2E/secret.txt", 400],
    ["an encoded slash", "/files/..%2fsecret.txt", 400],
    ["an encoded slash in a plain name", "/files/folder%2fa", 400],
    ["an encoded backslash", "/files/..%5csecret.txt", 400],
    ["a dot segment in the middle", "/files/folder/../a.txt", 400],
    ["an encoded single dot", "/files/%2e/a.txt", 400],
    ["an encoded single dot at the end", "/files/folder/%2E", 400],
    ["two dots behind one", "/files/./../secret.txt", 400],
    ["one dot with an encoded slash", "/files/.%2fa.txt", 400],
    ["an absolute path", "/files//etc/passwd", 404],
    ["an encoded absolute path", "/files/%2fetc/passwd", 400],
    ["NUL", "/files/a.txt%00", 400],
    ["a control byte", "/files/a%0a", 400],
    ["overlong UTF-8", "/files/%c0%ae%c0%ae/secret.txt", 400],
    ["bytes that are no UTF-8", "/files/%ff", 400],
    ["double encoding, which is a plain name", "/files/%252e%252e/secret.txt", 404],
    ["another spelling of the route", "/%66iles/../secret.txt", 400],
    ["an absolute form", "http://a/files/../secret.txt", 400],
  ];
  test.each(refused)("%s is refused", async (_why, target, status) => {
    const response = await ask("GET", target);
    expect(response.status).toBe(status);
    expect(response.body).not.toContain("secret");
    if (status === 400) expect((await ask("POST", target, "", "x")).status).toBe(400);
  });

  const dotted: [why: string, target: string, status: number, body: string][] = [
    ["before a segment with a colon", "/files/./07:40.log", 200, "log"],
    ["before a name that is in memory by then", "/files/./a.txt", 200, "Hello, World!"],
    ["in the middle, twice", "/files/folder/././inner.txt", 200, "inner"],
    ["behind another spelling of the route", "/%66iles/./a.txt", 200, "Hello, World!"],
    ["for the folder that it stands in", "/files/folder/.?simple", 200, "inner.txt\n"],
    ["for the folder that it stands in, with a slash", "/files/folder/./?simple", 200, "inner.txt\n"],
    ["for the first folder", "/files/.", 200, ""],
    ["for the first folder, with a slash", "/files/./", 200, ""],
    ["behind a file, which is no folder", "/files/a.txt/.", 404, ""],
    ["before a hidden name", "/files/./.hidden", 404, ""],
    ["before an empty segment", "/files/.//a.txt", 404, ""],
    ["in the path of a route, which means another route", "/./files/a.txt", 404, ""],
  ];
  test.each(dotted)("a plain dot segment names the same folder: %s", async (_why, target, status, body) => {
    mkdirSync(join(root, "folder"), { recursive: true });
    writeFileSync(join(root, "folder", "inner.txt"), "inner");
    writeFileSync(join(root, "07:40.log"), "log");
    const got = await ask("GET", target);
    expect(got.status).toBe(status);
    if (body !== "") expect(got.body).toBe(body);
    expect((await ask("HEAD", target)).status).toBe(status);
    // A writer has to say what it means: a dot segment that a proxy drops would be another name.
    if (target.startsWith("/files/")) expect((await ask("POST", target, "", "x")).status).not.toBe(201);
  });

  test("a link that stays inside is followed", async () => {
    expect((await ask("GET", "/files/stays.txt")).body).toBe("Hello, World!");
  });

  test(
    "a file that changes while it is sent ends the connection instead of lying",
    async () => {
      const path = join(root, "changing.bin");
      writeFileSync(path, Buffer.alloc(64 << 20, "a"));
      const client = await RawClient.connect(started.port);
      await client.send("GET /files/changing.bin HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.until(({ received }) => received.includes("\r\n\r\na"));
      client.pause();
      writeFileSync(path, Buffer.alloc(64 << 20, "b"));
      client.resume();
      await client.untilEnd();
      expect(client.received.length).toBeLessThan(64 << 20);
      expect(client.received.slice(client.received.indexOf("\r\n\r\n"))).not.toContain("b");
      client.close();
    },
    MANY_BYTES_MS,
  );
});

const kernel = needs({ linux: true });

describe.skipIf(kernel.skip)("files of the kernel's own", () => {
  /** Files whose size is a lie. */
  async function askKernel(folder: string, method: string, name: string, fields = ""): Promise<ReadResponse> {
    const server = startServer(application(folder));
    const raw = `${method} /files/${name} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`;
    const reply = await exchange(server.port, raw).finally(() => server.stop());
    return readResponses(reply, [method])[0]!;
  }

  test.each([
    ["/sys", "class/net/lo/address"],
    ["/sys/class/net/lo", "mtu"],
    ["/proc", "version"],
    ["/proc", "sys/kernel/ostype"],
  ])("%s: HEAD of %s tells the length that GET has (RFC 9110 8.6)", async (folder, name) => {
    const [get, head] = [await askKernel(folder, "GET", name), await askKernel(folder, "HEAD", name)];
    expect(get.body).toBe(readFileSync(join(folder, name), "latin1"));
    expect(head.fields.get("content-length")).toBe(String(get.body.length));
  });

  test.each([
    ["/proc/sys/kernel/random", "uuid"],
    ["/proc", "uptime"],
    ["/sys/class/net/lo/statistics", "rx_bytes"],
  ])("%s: %s is another version when it has other bytes (RFC 9110 8.8.3)", async (folder, name) => {
    const began = Date.now();
    const first = await askKernel(folder, "GET", name);
    // The system counts it in hundredths of a second.
    while (readFileSync(join(folder, name), "latin1") === first.body) await Bun.sleep(5);
    const second = await askKernel(folder, "GET", name, `If-None-Match: ${first.fields.get("etag")}\r\n`);
    expect(second.status).toBe(200);
    expect(second.body).not.toBe(first.body);
    expect(Date.parse(first.fields.get("last-modified")!)).toBeGreaterThan(began - 4000);
  });

  test("one that stays as it is keeps its version", async () => {
    const first = await askKernel("/proc", "GET", "version");
    const field = `If-None-Match: ${first.fields.get("etag")}\r\n`;
    expect((await askKernel("/proc", "GET", "version", field)).status).toBe(304);
    expect((await askKernel("/proc", "HEAD", "version")).fields.get("etag")).toBe(first.fields.get("etag")!);
  });
});

describe("POST /files/{path}", () => {
  test("stores the body, creates folders, and answers 201", async () => {
    expect((await ask("POST", "/files/new/deep/b.txt", "", "stored")).status).toBe(201);
    expect(readFileSync(join(root, "new/deep/b.txt"), "utf8")).toBe("stored");
    expect(names(join(root, "new/deep"))).toEqual(["b.txt"]);
  });

  test("stores an empty and a chunked body", async () => {
    expect((await ask("POST", "/files/new/empty")).status).toBe(201);
    expect(statSync(join(root, "new/empty")).size).toBe(0);
    const chunked =
      "POST /files/new/chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    expect(readResponses(await exchange(started.port, chunked))).toMatchObject([{ status: 201 }]);
    expect(readFileSync(join(root, "new/chunked"), "utf8")).toBe("abcde");
  });

  test("replaces a file and keeps its mode", async () => {
    const path = join(root, "replaced.txt");
    writeFileSync(path, "a long old content");
    chmodSync(path, 0o640);
    expect((await ask("POST", "/files/replaced.txt", "", "new")).status).toBe(201);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  const cutOffs: [how: string, body: string, ending: "end" | "reset"][] = [
    ["a client that half-closes", "Content-Length: 1000000\r\n\r\n" + "x".repeat(500_000), "end"],
    ["a client that resets", "Content-Length: 1000000\r\n\r\n" + "x".repeat(500_000), "reset"],
    ["a malformed chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "end"],
  ];
  test.each(cutOffs)(
    "an upload cut off by %s leaves the old file whole and nothing else",
    async (_how, body, ending) => {
      const folder = join(root, "cut");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "f"), "old");
      const client = await RawClient.connect(started.port);
      await client.send("POST /files/cut/f HTTP/1.1\r\nHost: a\r\n" + body);
      if (!body.includes("chunked")) while (names(folder).length < 2) await Bun.sleep(5);
      if (ending === "end") {
        client.end();
        expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 400 }]);
      }
      client.reset();
      while (names(folder).length > 1) await Bun.sleep(5);
      expect(readFileSync(join(folder, "f"), "utf8")).toBe("old");
    },
  );

  const refused: [why: string, target: string, status: number][] = [
    ["a folder's name", "/files/folder", 409],
    ["a path through a file", "/files/a.txt/b", 409],
    ["a name over 255 bytes", "/files/" + "a".repeat(300), 400],
    ["a hidden name", "/files/.new", 404],
    ["our own temporary name", "/files/.mini-http-1", 404],
    ["a path through a link that leaves", "/files/leaves/new.txt", 403],
    ["a new folder behind a link that leaves", "/files/leaves/new/new.txt", 403],
    ["a folder as target", "/files/folder/", 415],
  ];
  test.each(refused)("%s is refused and changes nothing", async (_why, target, status) => {
    const before = [names(root), names(outer.path)];
    expect((await ask("POST", target, "", "x")).status).toBe(status);
    expect([names(root), names(outer.path)]).toEqual(before);
  });

  test("a link that leaves is replaced, not written through", async () => {
    symlinkSync(join(outer.path, "secret.txt"), join(root, "link.txt"));
    expect((await ask("POST", "/files/link.txt", "", "mine")).status).toBe(201);
    expect(readFileSync(join(outer.path, "secret.txt"), "utf8")).toBe("secret");
    expect(readFileSync(join(root, "link.txt"), "utf8")).toBe("mine");
  });

  test("a directory that does not exist yet is created by the first upload", async () => {
    using parent = tempFolder();
    const late = startServer(application(join(parent.path, "x/y")));
    const get = "GET /files/a HTTP/1.1\r\nHost: a\r\n\r\n";
    const post = "POST /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nb";
    expect(readResponses(await exchange(late.port, get + post + get)).map(({ status }) => status)).toEqual([
      404, 201, 200,
    ]);
    await late.stop();
  });

  test("racing uploads to one name leave one of them whole", async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(200_000));
    const replies = await Promise.all(bodies.map((body) => ask("POST", "/files/race/f", "", body)));
    expect(replies.every(({ status }) => status === 201)).toBe(true);
    expect(bodies).toContain(readFileSync(join(root, "race/f"), "latin1"));
    expect(names(join(root, "race"))).toEqual(["f"]);
  });
});

describe.skipIf(needs({ linux: true }).skip)(
  "a small file that the system does not read is an answer, and no fault of ours",
  () => {
    test.each<[string, string, number]>([
      ["an I/O error", "mem", 500],
      ["a file that is only written", "clear_refs", 404],
    ])("%s", async (_what, name, status) => {
      const { port, observer, stop } = startServer(application("/proc/self"));
      const reply = await exchange(port, `GET /files/${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(reply).toStartWith(`HTTP/1.1 ${status} `);
      expect(observer.faults).toEqual([]);
      await stop();
    });
  },
);
