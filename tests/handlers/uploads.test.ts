// One body to one name, where writes.test.ts leaves off: refusals before the body, conditions that fail at the commit,
// drop boxes that tell nothing, accounts that add up, versions that can be told apart.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { storeBody } from "../../src/handlers/uploads.ts";
import { type HttpRequest, HttpResponse } from "../../src/http/message.ts";
import type { Storage, Upload } from "../../src/storage/storage.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { application } from "../support/app.ts";
import { ask, statusOf, withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { readResponses, resolveLocation } from "../support/response-reader.ts";
import { startServer } from "../support/start-server.ts";
import { firstAnswer, FORM, form, HeldUpload, inChunks, UploadHouse } from "../support/upload-requests.ts";
import { PLAIN_NAMES, ObjectName } from "../../src/storage/object-name.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const EXPECT = "Expect: 100-continue\r\n";
const LONG_NAME = "a".repeat(251) + ".txt";

describe("before the body", () => {
  const WITH_LENGTH = "Content-Length: 100000\r\n";
  const CHUNKED = "Transfer-Encoding: chunked\r\n";
  const cases: [why: string, flags: string[], line: string, fields: string, status: number][] = [
    ["POST to what is there, only if nothing is", [], "POST /files/old.txt", "If-None-Match: *\r\n" + WITH_LENGTH, 412],
    ["PUT to nothing, only if something is", [], "PUT /files/a", "If-Match: *\r\n" + CHUNKED, 412],
    [
      "PUT to what is younger",
      [],
      "PUT /files/old.txt",
      "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n" + CHUNKED,
      412,
    ],
    ["PUT to nothing in no folder, only if something is", [], "PUT /files/n/e/w", 'If-Match: "a"\r\n' + CHUNKED, 412],
    ["POST through a file", [], "POST /files/old.txt/a", CHUNKED, 409],
    ["PUT through a file, deep", [], "PUT /files/old.txt/a/b/c", WITH_LENGTH, 409],
    ["PUT to a folder's path", [], "PUT /files/folder/", CHUNKED, 409],
    ["PUT of a part", [], "PUT /files/a", "Content-Range: bytes 0-9/10\r\n" + CHUNKED, 400],
    ["a name over 255 bytes", [], "PUT /files/" + "a".repeat(256), WITH_LENGTH, 400],
    ["a name over 255 bytes of UTF-8", [], "PUT /files/" + "%C3%A4".repeat(128), WITH_LENGTH, 400],
    ["a name over 255 bytes in a folder that is to come", [], "PUT /files/new/" + "a".repeat(256), WITH_LENGTH, 400],
    ["a path over 4096 bytes", [], "PUT /files/" + "aa/".repeat(2000) + "a", WITH_LENGTH, 400],
    ["a name with NUL", [], "PUT /files/a%00", CHUNKED, 400],
    ["a hidden name", [], "POST /files/.a", CHUNKED, 404],
    ["a name of ours with --hidden", ["--hidden"], "PUT /files/.mini-http-", CHUNKED, 404],
    ["a name of ours in a folder with --hidden", ["--hidden"], "PUT /files/folder/.mini-http-a", CHUNKED, 404],
    ["a folder of ours with --hidden", ["--hidden"], "PUT /files/.mini-http-a/b", CHUNKED, 404],
    ["over the quota by its length", ["--quota", "100002"], "PUT /files/a", WITH_LENGTH, 507],
    ["over --max-files", ["--max-files", "2"], "PUT /files/a", CHUNKED, 507],
    ["less free than --min-free, with a length", ["--min-free", "500T"], "PUT /files/a", WITH_LENGTH, 507],
    ["less free than --min-free, without a length", ["--min-free", "500T"], "PUT /files/a", CHUNKED, 507],
    ["over --max-body-size", ["--max-body-size", "1K"], "PUT /files/a", "Content-Length: 1025\r\n", 413],
    ["read-only", ["--read-only"], "POST /files/a", CHUNKED, 403],
    ["a duplicate for POST", ["--on-duplicate", "error"], "POST /files/old.txt", CHUNKED, 409],
    ["a coding", [], "POST /files/a", "Content-Encoding: gzip\r\n" + CHUNKED, 415],
    ["two codings, one of them none", [], "PUT /files/a", "Content-Encoding: identity, gzip\r\n" + CHUNKED, 415],
    ["what is no form to a folder", [], "POST /files/folder/", "Content-Type: text/plain\r\n" + CHUNKED, 415],
    ["a form without a boundary", [], "POST /files/", "Content-Type: multipart/form-data\r\n" + CHUNKED, 400],
    ["POST of a part", [], "POST /files/old.txt", "Content-Range: bytes 0-9/20\r\n" + CHUNKED, 400],
    ["a part by the upload draft", [], "PUT /files/old.txt", "Upload-Complete: ?0\r\n" + WITH_LENGTH, 400],
    ["a part by tus", [], "POST /files/old.txt", "Tus-Resumable: 1.0.0\r\nUpload-Length: 9\r\n" + WITH_LENGTH, 400],
    ["a form that is a part", [], "POST /files/", FORM + "Upload-Offset: 10\r\n" + CHUNKED, 400],
    ["a form to a name", [], "POST /files/inbox", FORM + CHUNKED, 400],
    ["a form to a file's name, by PUT", [], "PUT /files/old.txt", FORM + WITH_LENGTH, 400],
    [
      "a form without a boundary to a name",
      [],
      "POST /files/a",
      "Content-Type: Multipart/Form-Data\r\n" + CHUNKED,
      400,
    ],
    ["PUT without any length", [], "PUT /files/old.txt", "", 411],
    ["POST without any length", [], "POST /files/a", "", 411],
    ["a form without any length", [], "POST /files/", FORM, 411],
    ["a page elsewhere", [], "PUT /files/a", "Sec-Fetch-Site: cross-site\r\n" + CHUNKED, 403],
  ];
  test.each(cases)("%s is refused, and no 100 is sent", async (_why, flags, line, fields, status) => {
    await using house = new UploadHouse();
    const before = house.names();
    const limits = flags[0] === "--max-body-size" ? { maxBody: KIB } : { maxRequestLine: 16 * KIB };
    const port = house.serve(flags, limits);
    expect(await firstAnswer(port, `${line} HTTP/1.1\r\nHost: a\r\n${EXPECT}${fields}\r\n`)).toBe(`HTTP/1.1 ${status}`);
    expect(house.names()).toEqual(before);
  });

  const welcome: [why: string, flags: string[], line: string, fields: string][] = [
    ["a length", [], "PUT /files/a", "Content-Length: 5\r\n"],
    ["chunks", [], "POST /files/a", CHUNKED],
    ["a form", [], "POST /files/", FORM + CHUNKED],
    ["a condition that holds", [], "PUT /files/a", "If-None-Match: *\r\nContent-Length: 5\r\n"],
    ["a duplicate that is renamed", ["--on-duplicate", "rename"], "POST /files/old.txt", CHUNKED],
    ["a whole file by the upload draft", [], "PUT /files/a", "Upload-Complete: ?1\r\n" + WITH_LENGTH],
    ["exactly the quota", ["--quota", "100003"], "PUT /files/a", WITH_LENGTH],
    ["exactly --max-files", ["--max-files", "3"], "PUT /files/a", WITH_LENGTH],
  ];
  test.each(welcome)("%s is asked for with 100", async (_why, flags, line, fields) => {
    await using house = new UploadHouse();
    const port = house.serve(flags);
    expect(await firstAnswer(port, `${line} HTTP/1.1\r\nHost: a\r\n${EXPECT}${fields}\r\n`)).toBe("HTTP/1.1 100");
    await house.untilNames("folder", "old.txt");
  });
});

test("a form to a name is told where forms go", async () => {
  await using house = new UploadHouse();
  const { status, body } = await ask(house.serve(), "POST", "/files/inbox", FORM, form(["a", "1"]));
  expect({ status, body }).toEqual({ status: 400, body: "A form goes to a folder; end the path with a slash.\n" });
  expect(house.names()).toEqual(["folder", "old.txt"]);
});

describe("without Content-Length and Transfer-Encoding", () => {
  test.each(["HTTP/1.0", "HTTP/1.1"])(
    "a PUT by %s leaves the file as it is, and Content-Length: 0 empties it",
    async (version) => {
      await using house = new UploadHouse();
      const port = house.serve();
      const head = `PUT /files/old.txt ${version}\r\nHost: a\r\n`;
      const [refused] = readResponses(await exchange(port, head + "\r\n"));
      expect(refused).toMatchObject({ status: 411, body: expect.stringContaining("Content-Length") });
      expect(house.content("old.txt")).toBe("old");
      expect(await statusOf(port, head + "Content-Length: 0\r\n\r\n")).toBe(204);
      expect(house.content("old.txt")).toBe("");
    },
  );
});

describe("at the commit", () => {
  const TAG = (port: number): Promise<string> =>
    ask(port, "HEAD", "/files/old.txt").then(({ fields }) => `If-Match: ${fields.get("etag")!}\r\n`);
  type Meanwhile = (house: UploadHouse, port: number) => unknown;
  const OLD_TIME = new Date(1_000_000_000_000).toUTCString();

  /** The upload is begun, then something happens, then its last byte comes. CONDITION is an If-Match of the file's tag. */
  const cases: [
    why: string,
    flags: string[],
    line: string,
    fields: string,
    meanwhile: Meanwhile,
    status: number,
    old: string | null,
  ][] = [
    [
      "the tag's version is replaced by another upload",
      [],
      "PUT /files/old.txt",
      "CONDITION",
      (_, port) => ask(port, "PUT", "/files/old.txt", "", "other"),
      412,
      "other",
    ],
    [
      "the tag's version is replaced by another program",
      [],
      "POST /files/old.txt",
      "CONDITION",
      (house) => {
        house.write("other", "other");
        renameSync(house.path("other"), house.path("old.txt"));
      },
      412,
      "other",
    ],
    [
      "the tag's version is written over in place",
      [],
      "PUT /files/old.txt",
      "CONDITION",
      (house) => house.write("old.txt", "longer than it was"),
      412,
      "longer than it was",
    ],
    [
      "the tag's version is deleted",
      ["--allow-delete"],
      "PUT /files/old.txt",
      "CONDITION",
      (_, port) => ask(port, "DELETE", "/files/old.txt"),
      412,
      null,
    ],
    [
      "the tag's version becomes a folder",
      [],
      "PUT /files/old.txt",
      "CONDITION",
      (house) => {
        rmSync(house.path("old.txt"));
        mkdirSync(house.path("old.txt"));
      },
      412,
      "(folder)",
    ],
    [
      "what was old gets young",
      [],
      "PUT /files/old.txt",
      `If-Unmodified-Since: ${OLD_TIME}\r\n`,
      (_, port) => ask(port, "PUT", "/files/old.txt", "", "other"),
      412,
      "other",
    ],
    ["nothing happens to the tag's version", [], "PUT /files/old.txt", "CONDITION", () => {}, 204, "new"],
    [
      "another program makes what should not be",
      [],
      "POST /files/a",
      "If-None-Match: *\r\n",
      (house) => house.write("a", "a"),
      412,
      "old",
    ],
    [
      "another program makes a link to nowhere where nothing should be",
      [],
      "PUT /files/a",
      "If-None-Match: *\r\n",
      (house) => symlinkSync("nowhere", house.path("a")),
      412,
      "old",
    ],
    ["a folder takes the name", [], "PUT /files/a", "", (house) => mkdirSync(house.path("a")), 409, "old"],
    ["a file takes the name of a parent", [], "PUT /files/a/b", "", (house) => house.write("a", ""), 409, "old"],
    [
      "a link that leaves takes the name of a parent",
      [],
      "PUT /files/a/b",
      "",
      (house) => symlinkSync("/tmp", house.path("a")),
      403,
      "old",
    ],
    [
      "someone else is first and duplicates are errors",
      ["--on-duplicate", "error"],
      "PUT /files/a",
      "",
      (_, port) => ask(port, "PUT", "/files/a", "", "first"),
      409,
      "old",
    ],
    [
      "someone else is first and the last one wins",
      [],
      "PUT /files/old.txt",
      "",
      (_, port) => ask(port, "PUT", "/files/old.txt", "", "first"),
      204,
      "new",
    ],
    [
      "what would have been replaced is gone",
      ["--allow-delete"],
      "PUT /files/old.txt",
      "",
      (_, port) => ask(port, "DELETE", "/files/old.txt"),
      201,
      "new",
    ],
  ];
  test.each(cases)("%s", async (_why, flags, line, template, meanwhile, status, old) => {
    await using house = new UploadHouse();
    const port = house.serve(flags);
    utimesSync(house.path("old.txt"), 1_000_000_000, 1_000_000_000);
    const fields = template === "CONDITION" ? await TAG(port) : template;
    const [method, target] = line.split(" ") as [string, string];
    const held = await HeldUpload.begin(port, withLength(method, target, fields, "new"));
    await house.untilUnderWay(1);
    await meanwhile(house, port);
    const before = house.names().filter((name) => !name.includes(".mini-http-"));
    const reply = await held.finish();
    expect(reply.status).toBe(status);
    await house.untilUnderWay(0);
    if (status >= 400) expect(house.names()).toEqual(before);
    const there = house.names().includes("old.txt");
    const now = !there ? null : statSync(house.path("old.txt")).isDirectory() ? "(folder)" : house.content("old.txt");
    expect(now).toBe(old);
  });

  test("of two uploads to one tag the first complete one wins, and the other is 412", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const fields = await TAG(port);
    const first = await HeldUpload.begin(port, withLength("PUT", "/files/old.txt", fields, "begun first"));
    const second = await HeldUpload.begin(port, inChunks("PUT", "/files/old.txt", fields, "begun second"));
    await house.untilUnderWay(2);
    expect((await second.finish()).status).toBe(204);
    expect((await first.finish()).status).toBe(412);
    expect(house.content("old.txt")).toBe("begun second");
    await house.untilNames("folder", "old.txt");
  });

  test("32 uploads to one name without conditions: all succeed, and the last is whole", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const size = 300 * KIB;
    const held = await Promise.all(
      Array.from({ length: 32 }, (_, i) => {
        const body = String.fromCharCode(65 + i).repeat(size + i);
        const raw = i % 2 === 0 ? withLength("PUT", "/files/new", "", body) : inChunks("PUT", "/files/new", "", body);
        return HeldUpload.begin(port, raw);
      }),
    );
    await house.untilUnderWay(32);
    const statuses = await Promise.all(held.map(async (each) => (await each.finish()).status));
    expect(statuses.sort()).toEqual([201, ...Array.from({ length: 31 }, () => 204)].sort());
    const content = house.content("new");
    expect(content).toBe(content[0]!.repeat(size + content.charCodeAt(0) - 65));
    await house.untilNames("folder", "new", "old.txt");
  });
});

describe("DELETE", () => {
  const cases: [why: string, target: string, fields: string, status: number][] = [
    ["of nothing with a condition is 404, not 412", "/files/none", "If-Match: *\r\n", 404],
    ["through a file", "/files/old.txt/a", "", 404],
    ["in a folder that is not there", "/files/none/a", "", 404],
    ["of a file with a slash behind", "/files/old.txt/", "", 404],
    ["of the directory itself", "/files/", "", 403],
    ["of a bad name", "/files/%2e%2e/old.txt", "", 400],
    ["of a link that leaves", "/files/leaves", "", 404],
    ["through a link that leaves", "/files/outside/other.txt", "", 404],
    ["of a link to nowhere", "/files/nowhere", "", 404],
    ["of a named pipe", "/files/pipe", "", 404],
    ["of a link to a file", "/files/link", "", 204],
    ["if it is another version", "/files/old.txt", 'If-Match: "other"\r\n', 412],
    ["if nothing is there", "/files/old.txt", "If-None-Match: *\r\n", 412],
  ];
  test.each(cases)("%s", async (_why, target, fields, status) => {
    await using house = new UploadHouse();
    symlinkSync("/etc/hostname", house.path("leaves"));
    symlinkSync("..", house.path("outside"));
    writeFileSync(house.path("../other.txt"), "not served");
    symlinkSync("none", house.path("nowhere"));
    symlinkSync("old.txt", house.path("link"));
    Bun.spawnSync(["mkfifo", house.path("pipe")]);
    const before = house.names();
    const reply = await ask(house.serve(["--allow-delete"]), "DELETE", target, fields);
    expect(reply.status).toBe(status);
    expect(house.names()).toEqual(before.filter((name) => status !== 204 || name !== "link"));
    expect(house.content("old.txt")).toBe("old");
    expect(house.content("../other.txt")).toBe("not served");
  });

  test("of a file that someone reads leaves the reader the whole of it", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--allow-delete"]);
    const size = 20 * MIB;
    house.write("large.bin", "x".repeat(size));
    const reader = await RawClient.connect(port);
    await reader.send("GET /files/large.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await reader.until(({ received }) => received.length > 1000);
    reader.pause();
    expect((await ask(port, "DELETE", "/files/large.bin")).status).toBe(204);
    reader.resume();
    const [response] = readResponses(await reader.untilEnd());
    expect(response!.body.length).toBe(size);
    reader.close();
  });
});

describe("what a request itself says of a name that is taken", () => {
  const rows: [flags: string[], method: string, target: string, status: number, there: string[]][] = [
    [[], "POST", "/files/old.txt?on-duplicate=rename", 201, ["old (1).txt", "old.txt"]],
    [[], "POST", "/files/old.txt?on-duplicate=error", 409, ["old.txt"]],
    [[], "PUT", "/files/old.txt?on-duplicate=error", 409, ["old.txt"]],
    // PUT makes what it names, and nothing else.
    [[], "PUT", "/files/old.txt?on-duplicate=rename", 409, ["old.txt"]],
    [[], "POST", "/files/old.txt?on-duplicate=other", 201, ["old.txt"]],
    [["--on-duplicate", "error"], "POST", "/files/old.txt?on-duplicate=rename", 201, ["old (1).txt", "old.txt"]],
    // Nobody may do more than the server.
    [["--on-duplicate", "error"], "POST", "/files/old.txt?on-duplicate=overwrite", 409, ["old.txt"]],
    [["--read-only"], "POST", "/files/old.txt?on-duplicate=rename", 403, ["old.txt"]],
    // The right to replace makes no other name.
    [["--anonymous", "read,write@/"], "POST", "/files/old.txt?on-duplicate=rename", 409, ["old.txt"]],
  ];
  test.each(rows)("%j: %s %s is %d", async (flags, method, target, status, there) => {
    await using house = new UploadHouse();
    const port = house.serve(flags);
    expect(await statusOf(port, withLength(method, target, "", "new"))).toBe(status);
    expect(house.names().filter((name) => name.endsWith(".txt"))).toEqual(there);
  });

  test("holds for all files of a form", async () => {
    await using house = new UploadHouse();
    const sent = form(["old.txt", "new"], ["other.txt", "other"]);
    const reply = await ask(house.serve([]), "POST", "/files/?on-duplicate=rename", FORM, sent);
    expect(reply.body).toBe("old (1).txt\nother.txt\n");
  });
});

describe("--on-duplicate rename", () => {
  test("30 at once get 30 names, each with its own content", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--on-duplicate", "rename"]);
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ask(port, "POST", "/files/old.txt", "", `content ${i}`)),
    );
    for (const [i, stored] of replies.entries()) {
      const got = await ask(port, "GET", resolveLocation("/files/old.txt", stored));
      const etag = stored.fields.get("etag");
      expect([stored.status, got.body, got.fields.get("etag")]).toEqual([201, `content ${i}`, etag]);
    }
    expect(house.names()).toHaveLength(32);
    expect(house.content("old.txt")).toBe("old");
  });

  test("finds a name for a file whose own name is as long as may be", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--on-duplicate", "rename"]);
    expect((await ask(port, "POST", "/files/" + LONG_NAME, "", "first")).status).toBe(201);
    expect((await ask(port, "POST", "/files/" + LONG_NAME, "", "second")).status).toBe(201);
    expect(house.content(LONG_NAME)).toBe("first");
  });
});

describe("--upload-only tells nothing of what is there", () => {
  /** The same request to something that is there and to nothing must have the same answer. */
  const pairs: [why: string, method: string, there: string, nothing: string, fields: string, body: string][] = [
    ["PUT to a file's name", "PUT", "/files/old.txt", "/files/new.txt", "", "x"],
    ["PUT to a folder's name", "PUT", "/files/folder", "/files/new", "", "x"],
    ["PUT into a folder", "PUT", "/files/folder/a", "/files/new/a", "", "x"],
    ["PUT through a file", "PUT", "/files/old.txt/a", "/files/new.txt/a", "", "x"],
    ["PUT through a link that leaves", "PUT", "/files/leaves/a", "/files/new/a", "", "x"],
    ["PUT to a link that leaves", "PUT", "/files/leaves", "/files/new", "", "x"],
    ["PUT to a name as long as may be", "PUT", "/files/" + LONG_NAME, "/files/" + LONG_NAME.replace("a", "b"), "", "x"],
    ["PUT to a folder's path", "PUT", "/files/folder/", "/files/new/", "", "x"],
    ["PUT if nothing is there", "PUT", "/files/old.txt", "/files/new.txt", "If-None-Match: *\r\n", "x"],
    ["PUT if something is there", "PUT", "/files/old.txt", "/files/new.txt", "If-Match: *\r\n", "x"],
    [
      "PUT if it is old",
      "PUT",
      "/files/old.txt",
      "/files/new.txt",
      "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
      "x",
    ],
    ["POST to a file's name", "POST", "/files/old.txt", "/files/new.txt", "", "x"],
    ["a form into a folder", "POST", "/files/folder/", "/files/new/", FORM, form(["a", "x"])],
    ["a form through a file", "POST", "/files/old.txt/", "/files/new.txt/", FORM, form(["a", "x"])],
    ["a form of a browser", "POST", "/files/folder/", "/files/new/", FORM + "Accept: text/html\r\n", form(["a", "x"])],
    ["GET of a file", "GET", "/files/old.txt", "/files/new.txt", "", ""],
    ["GET of a folder", "GET", "/files/folder/", "/files/new/", "", ""],
    ["GET of a folder without its slash", "GET", "/files/folder", "/files/new", "", ""],
    ["HEAD of a file", "HEAD", "/files/old.txt", "/files/new.txt", "", ""],
    ["DELETE of a file", "DELETE", "/files/old.txt", "/files/new.txt", "", ""],
    ["OPTIONS of a file", "OPTIONS", "/files/old.txt", "/files/new.txt", "", ""],
  ];
  test.each(pairs)("%s", async (_why, method, there, nothing, fields, body) => {
    await using house = new UploadHouse();
    house.write(LONG_NAME, "long");
    symlinkSync("/tmp", house.path("leaves"));
    const port = house.serve(["--upload-only"]);
    const strip = async (target: string): Promise<unknown> => {
      const reply = await ask(port, method, target, fields, body);
      return [reply.status, [...reply.fields].filter(([name]) => name !== "date" && name !== "connection"), reply.body];
    };
    expect(await strip(there)).toEqual(await strip(nothing));
    expect([house.content("old.txt"), house.content(LONG_NAME)]).toEqual(["old", "long"]);
  });

  const counted: [why: string, method: string, target: string, fields: string, body: (first: string) => string][] = [
    ["PUT below it", "PUT", "/files/FIRST/a/f", "", () => "x"],
    ["a form below it", "POST", "/files/FIRST/", FORM, () => form(["a/f", "x"])],
    ["a form with it and another", "POST", "/files/", FORM, (first) => form([first + "/f", "x"], ["other/f", "x"])],
  ];
  test.each(counted)("nor by the count of new folders: %s", async (_why, method, target, fields, body) => {
    await using house = new UploadHouse();
    const port = house.serve(["--upload-only", "--max-new-folders", "1"]);
    const answers = ["folder", "new"].map(async (first) => {
      const reply = await ask(port, method, target.replace("FIRST", first), fields, body(first));
      return [reply.status, reply.body];
    });
    const [there, nothing] = await Promise.all(answers);
    expect(there).toEqual(nothing!);
  });
});

describe("--min-free", () => {
  const cases: [why: string, raw: string][] = [
    ["PUT with a length", withLength("PUT", "/files/old.txt", "", "new")],
    ["PUT of chunks", inChunks("PUT", "/files/old.txt", "", "new")],
    ["an empty PUT", withLength("PUT", "/files/old.txt")],
    ["a form", withLength("POST", "/files/", FORM, form(["old.txt", "new"]))],
  ];
  test.each(cases)("%s is 507 on a disk that has less", async (_why, raw) => {
    await using house = new UploadHouse();
    expect(await statusOf(house.serve(["--min-free", "500T"]), raw)).toBe(507);
    expect(house.content("old.txt")).toBe("old");
    await house.untilNames("folder", "old.txt");
  });
});

describe("--quota", () => {
  test("counts what was there before the server, hidden or not, at any depth", async () => {
    await using house = new UploadHouse();
    mkdirSync(house.path("folder/deep"));
    house.write("folder/deep/.hidden", "x".repeat(5000));
    house.write("folder/a", "x".repeat(4000));
    const port = house.serve(["--quota", "10000"]);
    expect(await statusOf(port, withLength("PUT", "/files/b", "", "x".repeat(998)))).toBe(507);
    expect(await statusOf(port, withLength("PUT", "/files/b", "", "x".repeat(997)))).toBe(201);
    expect(await statusOf(port, withLength("PUT", "/files/c", "", ""))).toBe(201);
    expect(await statusOf(port, withLength("PUT", "/files/d", "", "x"))).toBe(507);
  });

  test("is given back by what is replaced, deleted, cut or refused", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--quota", "10003", "--allow-delete"]);
    for (let i = 0; i < 8; i++) {
      expect(await statusOf(port, withLength("PUT", "/files/a", "", "x".repeat(5000)))).toBe(i === 0 ? 201 : 204);
      expect(await statusOf(port, inChunks("PUT", "/files/b", "", "x".repeat(5000)))).toBe(201);
      expect(await statusOf(port, inChunks("PUT", "/files/c", "", "x"))).toBe(507);
      expect(await statusOf(port, withLength("DELETE", "/files/b"))).toBe(204);
      for (const raw of [withLength, inChunks].map((make) => make("PUT", "/files/c", "", "x".repeat(5000)))) {
        const held = await HeldUpload.begin(port, raw);
        await house.untilUnderWay(1);
        held.reset();
        await house.untilUnderWay(0);
      }
      const refused = withLength("PUT", "/files/a", 'If-Match: "other"\r\n', "x".repeat(5000));
      expect(await statusOf(port, refused)).toBe(412);
    }
    await house.untilNames("a", "folder", "old.txt");
  });

  test("is kept by the last byte of a body without a length, and not refused before", async () => {
    await using house = new UploadHouse();
    const size = 3 * MIB;
    const port = house.serve(["--quota", String(size + 3)]);
    expect(await statusOf(port, inChunks("PUT", "/files/old.txt", "", "x".repeat(size + 1), 10_000))).toBe(507);
    expect(house.content("old.txt")).toBe("old");
    await house.untilNames("folder", "old.txt");
    expect(await statusOf(port, inChunks("PUT", "/files/new", "", "x".repeat(size), 10_000))).toBe(201);
  });

  test("lets small bodies without a length in, however many are under way", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--quota", "10M"]);
    const held: HeldUpload[] = [];
    for (let i = 0; i < 30; i++)
      held.push(await HeldUpload.begin(port, inChunks("PUT", `/files/f${i}`, "", "x".repeat(100_000), 10_000)));
    await Bun.sleep(50);
    const statuses = await Promise.all(held.map(async (each) => (await each.finish()).status));
    expect(statuses).toEqual(Array.from({ length: 30 }, () => 201));
  });

  test("counts 40 uploads at once, no byte more", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--quota", "100003"]);
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const make = i % 2 === 0 ? withLength : inChunks;
        return statusOf(port, make("PUT", `/files/f${i}`, "", "x".repeat(5000)));
      }),
    );
    const stored = house.names().filter((name) => name.startsWith("f") && name !== "folder").length;
    expect(statuses.filter((status) => status === 201)).toHaveLength(stored);
    expect(stored).toBeLessThanOrEqual(20);
    expect(stored).toBeGreaterThan(0);
  });

  test.each(["DELETE", "PUT"])("%s of a link does not give back what it led to", async (method) => {
    await using house = new UploadHouse();
    house.write("large", "x".repeat(9000));
    symlinkSync("large", house.path("link"));
    const port = house.serve(["--quota", "10000", "--allow-delete"]);
    expect(await statusOf(port, withLength(method, "/files/link"))).toBe(204);
    expect(await statusOf(port, withLength("PUT", "/files/more", "", "x".repeat(2000)))).toBe(507);
  });
});

describe("--max-files", () => {
  test("counts uploads under way; what is replaced or deleted makes room", async () => {
    await using house = new UploadHouse();
    // The folder counts as a file does.
    const port = house.serve(["--max-files", "3", "--allow-delete"]);
    const held = await HeldUpload.begin(port, inChunks("PUT", "/files/a", "", "xx"));
    await house.untilUnderWay(1);
    expect(await statusOf(port, withLength("PUT", "/files/b", "", "x"))).toBe(507);
    expect(await statusOf(port, inChunks("PUT", "/files/old.txt", "", "x"))).toBe(204);
    held.reset();
    await house.untilUnderWay(0);
    expect(await statusOf(port, inChunks("PUT", "/files/b", "", "x"))).toBe(201);
    expect(await statusOf(port, inChunks("PUT", "/files/c", "", "x"))).toBe(507);
    expect(await statusOf(port, withLength("DELETE", "/files/b"))).toBe(204);
    expect(await statusOf(port, inChunks("POST", "/files/c", "", "x"))).toBe(201);
  });

  test("does not count links, and so gives nothing back for them", async () => {
    await using house = new UploadHouse();
    for (const name of ["one", "two"]) symlinkSync("old.txt", house.path(name));
    const port = house.serve(["--max-files", "2", "--allow-delete"]);
    expect(await statusOf(port, withLength("DELETE", "/files/one"))).toBe(204);
    expect(await statusOf(port, withLength("PUT", "/files/a", "", "x"))).toBe(507);
    expect(await statusOf(port, withLength("PUT", "/files/two", "", "x"))).toBe(507);
  });

  test("holds for a form of too many", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--max-files", "4"]);
    const three = form(["a", "1"], ["b", "2"], ["c", "3"]);
    expect((await ask(port, "POST", "/files/", FORM, three)).status).toBe(507);
    await house.untilNames("folder", "old.txt");
    const two = form(["a", "1"], ["old.txt", "new"], ["b", "3"]);
    expect((await ask(port, "POST", "/files/", FORM, two)).status).toBe(201);
  });
});

describe("the stored file", () => {
  test("is the body, byte for byte, however it is cut", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("latin1");
    const body = all.repeat(6000);
    for (const size of [0, 1, 255, 65_536, 65_537, 262_144, 262_145, 1_048_575, 1_048_576, 1_048_577, body.length]) {
      const content = body.slice(0, size);
      for (const raw of [
        withLength("PUT", "/files/a", "", content),
        inChunks("PUT", "/files/a", "", content, 997),
        inChunks("POST", "/files/a", "", content, 70_001),
        withLength("POST", "/files/", FORM, form(["a", content])),
      ]) {
        expect([201, 204]).toContain(await statusOf(port, raw));
        expect([size, house.content("a") === content]).toEqual([size, true]);
      }
    }
  });

  test("is what a request behind it on the same connection gets", async () => {
    await using house = new UploadHouse();
    const raw =
      withLength("PUT", "/files/a", "", "first") +
      withLength("GET", "/files/a") +
      inChunks("PUT", "/files/a", "", "second") +
      withLength("GET", "/files/a") +
      withLength("PUT", "/files/a", "If-None-Match: *\r\n", "refused") +
      withLength("GET", "/files/a");
    const responses = readResponses(await exchange(house.serve(), raw));
    expect(responses.map(({ status, body }) => (status === 200 ? body : status))).toEqual([
      201,
      "first",
      204,
      "second",
      412,
      "second",
    ]);
    expect(responses[3]!.fields.get("etag")).toBe(responses[2]!.fields.get("etag"));
  });

  test("does not change what someone is reading", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const size = 20 * MIB;
    house.write("large.bin", "a".repeat(size));
    const reader = await RawClient.connect(port);
    await reader.send("GET /files/large.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await reader.until(({ received }) => received.length > 1000);
    reader.pause();
    expect(await statusOf(port, withLength("PUT", "/files/large.bin", "", "b".repeat(size)))).toBe(204);
    reader.resume();
    const [response] = readResponses(await reader.untilEnd());
    expect(response!.body === "a".repeat(size)).toBe(true);
    reader.close();
  });

  test("takes the place of a link, not of what the link leads to", async () => {
    await using house = new UploadHouse();
    symlinkSync("old.txt", house.path("inside"));
    symlinkSync("/etc/hostname", house.path("outside"));
    const port = house.serve();
    symlinkSync("nowhere", house.path("dangling"));
    // Where a GET finds nothing, a PUT creates (RFC 9110 9.3.4).
    for (const [name, status] of Object.entries({ inside: 204, outside: 201, dangling: 201 })) {
      expect((await ask(port, "PUT", "/files/" + name, "", "new")).status).toBe(status);
      expect((await ask(port, "GET", "/files/" + name)).body).toBe("new");
    }
    expect(house.content("old.txt")).toBe("old");
  });

  test("does not take the place of a named pipe", async () => {
    await using house = new UploadHouse();
    Bun.spawnSync(["mkfifo", house.path("pipe")]);
    const port = house.serve();
    expect((await ask(port, "PUT", "/files/pipe", "", "new")).status).toBe(409);
    expect(statSync(house.path("pipe")).isFIFO()).toBe(true);
  });

  test("drops setuid and setgid, as the system does when content is written", async () => {
    await using house = new UploadHouse();
    chmodSync(house.path("old.txt"), 0o6755);
    expect((await ask(house.serve(), "PUT", "/files/old.txt", "", "new")).status).toBe(204);
    expect(statSync(house.path("old.txt")).mode & 0o7777).toBe(0o755);
  });

  test("an encoded slash behind the prefix is no way to another name", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--allow-delete"]);
    for (const target of ["/files%2Ffolder/old.txt", "/files%2F../old.txt", "/files%2f/old.txt", "/%66iles%2F/old.txt"])
      for (const method of ["GET", "PUT", "POST", "DELETE"])
        expect([target, method, (await ask(port, method, target, "", "x")).status]).toEqual([target, method, 400]);
    expect(house.content("old.txt")).toBe("old");
    expect((await ask(port, "GET", "/%66iles/old.txt")).body).toBe("old");
    expect(house.names()).toEqual(["folder", "old.txt"]);
  });

  test("lies no deeper than the system finds at once", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    expect((await ask(port, "PUT", `/files/${"d/".repeat(127)}f`, "", "x")).status).toBe(201);
    expect((await ask(port, "PUT", `/files/${"d/".repeat(128)}f`, "", "x")).status).toBe(400);
    expect((await ask(port, "PUT", `/files/${"e/".repeat(128)}f`, "", "x")).status).toBe(400);
    expect(house.names().some((name) => name.startsWith("e"))).toBe(false);
  });

  test("a directory that is a link may be turned to another one", async () => {
    await using house = new UploadHouse();
    for (const version of ["v1", "v2"]) {
      mkdirSync(house.path(version));
      house.write(version + "/a.txt", version);
    }
    symlinkSync("v1", house.path("current"));
    const server = startServer(application(house.path("current")));
    expect((await ask(server.port, "GET", "/files/a.txt")).body).toBe("v1");
    symlinkSync("v2", house.path("next"));
    renameSync(house.path("next"), house.path("current"));
    expect((await ask(server.port, "GET", "/files/a.txt")).body).toBe("v2");
    expect((await ask(server.port, "PUT", "/files/b/c.txt", "", "new")).status).toBe(201);
    expect((await ask(server.port, "GET", "/files/b/c.txt")).body).toBe("new");
    expect(house.content("v2/b/c.txt")).toBe("new");
    await server.stop();
  });

  const modes: [why: string, flags: string[], before: number, after: number][] = [
    ["read-only for all", [], 0o444, 0o444],
    ["executable", [], 0o755, 0o755],
    ["for nobody", [], 0o000, 0o000],
    ["wider than --chmod", ["--chmod", "0600"], 0o666, 0o666],
  ];
  test.each(modes)("keeps a mode that is %s", async (_why, flags, before, after) => {
    await using house = new UploadHouse();
    chmodSync(house.path("old.txt"), before);
    const port = house.serve(flags);
    for (const raw of [
      withLength("PUT", "/files/old.txt", "", "x"),
      withLength("POST", "/files/", FORM, form(["old.txt", "y"], ["other", "z"])),
    ]) {
      expect(await statusOf(port, raw)).toBeLessThan(300);
      expect(statSync(house.path("old.txt")).mode & 0o7777).toBe(after);
    }
  });

  test("has the mode of --chmod when it is new, also under a new name", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--chmod", "0640", "--on-duplicate", "rename"]);
    await ask(port, "PUT", "/files/new/put", "", "x");
    await ask(port, "POST", "/files/old.txt", "", "x");
    await ask(port, "POST", "/files/", FORM, form(["old.txt", "x"]));
    for (const name of ["new/put", "old (1).txt", "old (2).txt"])
      expect([name, statSync(house.path(name)).mode & 0o7777]).toEqual([name, 0o640]);
  });
});

describe("versions", () => {
  const times: [why: string, seconds: number][] = [
    ["now", Date.now() / 1000],
    ["long ago", 1],
    ["before 1970", -1_000_000.5],
    ["in the future", Date.now() / 1000 + 1_000_000.123456],
    ["far in the future", 9_999_999_999.999999],
    ["at the last second of the file system", 15_032_385_534.5],
  ];
  test.each(times)("are each younger than the one before, which is from %s", async (_why, seconds) => {
    await using house = new UploadHouse();
    const port = house.serve();
    utimesSync(house.path("old.txt"), seconds, seconds);
    let before = statSync(house.path("old.txt"), { bigint: true }).mtimeNs;
    const tags = new Set<string>();
    for (let i = 0; i < 20; i++) {
      tags.add((await ask(port, "PUT", "/files/old.txt", "", "same")).fields.get("etag")!);
      const now = statSync(house.path("old.txt"), { bigint: true }).mtimeNs;
      expect([i, now > before]).toEqual([i, true]);
      before = now;
    }
    expect(tags.size).toBe(20);
  });

  test("of one content differ by all ways in", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--allow-delete"]);
    const tags: (string | undefined)[] = [];
    const note = async (): Promise<void> => void tags.push((await ask(port, "HEAD", "/files/a")).fields.get("etag"));
    for (let i = 0; i < 12; i++) {
      await ask(port, "PUT", "/files/a", "", "same");
      await note();
      await ask(port, "POST", "/files/a", "", "same");
      await note();
      await ask(port, "POST", "/files/", FORM, form(["a", "same"], ["b", "x"]));
      await note();
      await ask(port, "DELETE", "/files/a");
      await ask(port, "POST", "/files/", FORM, form(["a", "same"]));
      await note();
    }
    expect(new Set(tags).size).toBe(48);
    expect(tags).not.toContain(undefined);
  });
});

describe("uploads under way", () => {
  test("can be neither seen, read, replaced nor deleted", async () => {
    await using house = new UploadHouse();
    const port = house.serve(["--hidden", "--allow-delete"]);
    const held = await HeldUpload.begin(port, withLength("PUT", "/files/folder/a", "", "secret"));
    const [path] = await house.untilUnderWay(1);
    for (const [method, status] of [
      ["GET", 404],
      ["HEAD", 404],
      ["PUT", 404],
      ["POST", 404],
      ["DELETE", 404],
    ] as const)
      expect([method, (await ask(port, method, "/files/" + path, "", "")).status]).toEqual([method, status]);
    const formed = await ask(port, "POST", "/files/", FORM, form([path!, "x"]));
    expect(formed.status).toBe(404);
    for (const query of ["?simple", "?json", ""])
      expect((await ask(port, "GET", "/files/folder/" + query)).body).not.toContain(".mini-http-");
    expect((await held.finish()).status).toBe(201);
    expect(house.content("folder/a")).toBe("secret");
  });

  const cuts: [why: string, cut: (client: RawClient) => void][] = [
    ["a reset", (client) => client.reset()],
    ["an end", (client) => client.end()],
    ["a malformed chunk", (client) => void client.send("not a chunk\r\n")],
  ];
  test.each(cuts)("leave no file and no folder behind when they are cut by %s", async (_why, cut) => {
    await using house = new UploadHouse();
    const port = house.serve();
    const client = await RawClient.connect(port);
    await client.send("PUT /files/new/deep/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    await house.untilUnderWay(1);
    const other = await RawClient.connect(port);
    await other.send("PUT /files/old.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    await house.untilUnderWay(2);
    cut(client);
    cut(other);
    await house.untilNames("folder", "old.txt");
    expect(house.content("old.txt")).toBe("old");
    client.close();
    other.close();
  });

  test("over the number of files that may be open are 503, and those before them succeed", async () => {
    await using house = new UploadHouse();
    const port = house.serveOpening(100);
    const held: HeldUpload[] = [];
    // One after the other: each has folders open for a moment.
    for (let i = 0; i < 100; i++) {
      held.push(await HeldUpload.begin(port, withLength("PUT", `/files/many/f${i}`, "", "xx")));
      await house.untilUnderWay(i + 1);
    }
    const refused = await ask(port, "PUT", "/files/many/more", "", "x");
    expect([refused.status, refused.fields.get("retry-after")]).toEqual([503, "1"]);
    held.pop()!.reset();
    await house.untilUnderWay(99);
    expect((await ask(port, "PUT", "/files/many/more", "", "x")).status).toBe(201);
    for (const each of held) expect((await each.finish()).status).toBe(201);
    expect(readdirSync(house.path("many"))).toHaveLength(100);
  });

  test("are given up when the storage has a fault of its own at the end", async () => {
    let aborts = 0;
    const upload: Upload = {
      add: async () => null,
      write: () => null,
      finish: () => Promise.reject(new Error("a fault of ours")),
      commit: async () => [],
      abort: async () => void (aborts += 1),
    };
    const storage = { upload: () => upload } as unknown as Storage;
    const name = ObjectName.parse("a", PLAIN_NAMES) as ObjectName;
    const settings = { rules: PLAIN_NAMES, onDuplicate: "overwrite", uploadOnly: false, maxFormParts: 10 } as const;
    const server = startServer(async (request: HttpRequest): Promise<HttpResponse> => {
      return storeBody(storage, name, request, settings);
    });
    expect((await ask(server.port, "PUT", "/files/a", "", "x")).status).toBe(500);
    expect(aborts).toBe(1);
    await server.stop();
  });
});

describe("a form that is refused", () => {
  const part = (head: string, content: string): string =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
  const GOOD = part('name=f; filename="good.txt"', "good");
  const named: [why: string, flags: string[], body: string, status: number, line: string][] = [
    [
      "a name that is taken",
      ["--on-duplicate", "error"],
      GOOD + part('name=f; filename="old.txt"', "new"),
      409,
      'Part 2 ("old.txt") of the form: There is a file of this name already.',
    ],
    [
      "a name that could mean another place, with bytes for a terminal",
      [],
      GOOD + part("name=f; filename*=utf-8''%1B%5B2J%C3%A4", "x"),
      400,
      'Part 2 ("\\x1b[2J\\xc3\\xa4") of the form: This is no name for a file: it could mean another place.',
    ],
    [
      "content without a file name",
      [],
      part("name=comment", "hello") + part('name=f; filename=""', "lost") + GOOD,
      400,
      "Part 2 of the form: It has content, but its file name is empty.",
    ],
    [
      "an encoded word among other text",
      [],
      GOOD + GOOD.replace("good.txt", "=?utf-8?B?YQ==?=.txt"),
      400,
      "Part 2 of the form: The file name is in a form that cannot be read; send it in UTF-8, as filename or filename*.",
    ],
    [
      "a script's count of the file's parts",
      [],
      part("name=dztotalchunkcount", "12") + GOOD,
      400,
      "Part 1 of the form: It says that the file beside it is only a part; send each file whole, in one form.",
    ],
    [
      "such a count behind the file",
      [],
      part("name=chunks", "1") + GOOD + part("name=resumableTotalChunks", "100000000000"),
      400,
      "Part 3 of the form: It says that the file beside it is only a part; send each file whole, in one form.",
    ],
    [
      "a quota",
      ["--quota", "20"],
      part('name=f; filename="large"', "x".repeat(100)),
      507,
      'Part 1 ("large") of the form: The folder would hold more than its quota allows.',
    ],
  ];
  test.each(named)("says which part it was: %s", async (_why, flags, body, status, line) => {
    await using house = new UploadHouse();
    const answer = await ask(house.serve(flags), "POST", "/files/", FORM, body + "--b--\r\n");
    expect([answer.status, answer.body]).toEqual([status, line + "\n"]);
    expect(house.names()).toEqual(["folder", "old.txt"]);
  });

  test("is none when an input without a file comes along", async () => {
    await using house = new UploadHouse();
    const body =
      part('name=f; filename=""', "") +
      GOOD +
      part("name=comment", "hello") +
      part("name=flowTotalChunks", "1") +
      "--b--\r\n";
    expect((await ask(house.serve(), "POST", "/files/", FORM, body)).status).toBe(201);
    expect(house.content("good.txt")).toBe("good");
  });

  test("tells of a file name only its last segment when it is a path of the client's machine", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    expect((await ask(port, "POST", "/files/", FORM, form(["C:\\dir\\a.txt", "1"]))).body).toBe("a.txt\n");
    const dotnet = `--b\r\nContent-Disposition: form-data; name=f; filename="=?utf-8?B?w6QvYg==?="; filename*=utf-8''%C3%A4b\r\n\r\n2\r\n`;
    expect((await ask(port, "POST", "/files/", FORM, dotnet + "--b--\r\n")).body).toBe(
      Buffer.from("äb\n").toString("latin1"),
    );
  });

  test("is answered at once, not when more of it has come", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const part = '--b\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\n';
    const client = await RawClient.connect(port);
    await client.send(`POST /files/ HTTP/1.1\r\nHost: a\r\n${FORM}Content-Length: 100000\r\n\r\n${part}`);
    expect(await client.until((each) => each.received.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 400 ");
    client.reset();
  });
});

describe("what the system refuses", () => {
  // The system lets nobody link, and remove from a folder of others, what belongs to somebody else; root may everything.
  const { skip } = needs({ root: true });
  const NOBODY = 65534;

  test.skipIf(skip)("a deletion leaves no descriptor open", async () => {
    await using house = new UploadHouse();
    house.write("big", "");
    truncateSync(house.path("big"), 20 * MIB);
    const port = house.serve(["--allow-delete"]);
    const open = (): number => readdirSync("/proc/self/fd").length;
    chmodSync(dirname(house.root), 0o755);
    await ask(port, "GET", "/files/old.txt");
    const before = open();
    process.seteuid!(NOBODY);
    try {
      for (let i = 0; i < 20; i++) expect((await ask(port, "DELETE", "/files/big")).status).toBe(403);
    } finally {
      process.seteuid!(0);
    }
    expect(open()).toBeLessThan(before + 10);
  });

  test.skipIf(skip)("a form replaces several files that may not be linked, or none of them", async () => {
    await using house = new UploadHouse();
    house.write("other.txt", "other");
    for (const path of [dirname(house.root), house.root]) chmodSync(path, 0o777);
    const port = house.serve();
    process.seteuid!(NOBODY);
    try {
      const body = form(["old.txt", "1"], ["other.txt", "2"]);
      expect((await ask(port, "POST", "/files/", FORM, body)).status).toBe(201);
      const broken = form(["old.txt", "3"], ["folder", "4"]);
      expect((await ask(port, "POST", "/files/", FORM, broken)).status).toBe(409);
    } finally {
      process.seteuid!(0);
    }
    expect([house.content("old.txt"), house.content("other.txt")]).toEqual(["1", "2"]);
    expect(house.names()).toEqual(["folder", "old.txt", "other.txt"]);
  });
});
