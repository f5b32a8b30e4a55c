// MOVE (RFC 4918 9.9) of files and folders.

import { describe, expect, test } from "bun:test";
import { existsSync, linkSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/ask.ts";
import { FolderHouse } from "../support/folder-house.ts";

const house = new FolderHouse((root) => {
  mkdirSync(join(root, "full/sub"), { recursive: true });
  mkdirSync(join(root, "empty"));
  writeFileSync(join(root, "file"), "file");
  writeFileSync(join(root, "other"), "other");
  writeFileSync(join(root, "full/in"), "in");
  symlinkSync("file", join(root, "link"));
  symlinkSync("full", join(root, "way"));
  symlinkSync(house.outside, join(root, "out"));
});
const { serve } = house;

const to = (destination: string, more = ""): string => `Destination: ${destination}\r\n${more}`;
describe("MOVE", () => {
  const moved: [from: string, destination: string, there: string, status: number, fields?: string][] = [
    ["file", "/files/new", "new", 201],
    ["file", "new%20name", "new name", 201],
    ["file", "http://a/files/full/new", "full/new", 201],
    ["file", "HTTP://A:80/files/new", "new", 201],
    ["file", "/files/full/../new", "new", 201],
    ["file", "/files/way/new", "full/new", 201],
    ["full/in", "../out-of-it", "out-of-it", 201],
    ["file", "/files/a:b", "a:b", 201],
    ["file", "/files/other", "other", 204],
    ["file", "/files/other", "other", 204, "Overwrite: T\r\n"],
    ["file", "/files/new", "new", 201, "Overwrite: F\r\n"],
    ["file", "/files/new", "new", 201, "If-Match: *\r\n"],
    ["full/", "/files/new/", "new/", 201],
    ["full", "/files/new", "new/", 201],
    ["full/", "../empty/below/", "empty/below/", 201],
    ["empty/", "/files/full/empty", "full/empty/", 201],
    ["link", "/files/new", "new", 201],
  ];
  test.each(moved)("of %s to %s", async (from, destination, there, status, fields = "") => {
    const before = house.names();
    const reply = await ask(serve("--allow-delete"), "MOVE", `/files/${from}`, to(destination, fields));
    expect([reply.status, reply.body]).toEqual([status, ""]);
    const [path, goal] = [from.replace(/\/$/, ""), there.replace(/\/$/, "")];
    expect(existsSync(house.at(path))).toBe(false);
    const expected = before
      .filter((name) => status === 201 || name !== there)
      .map((name) => (name === path || name.startsWith(path + "/") ? goal + name.slice(path.length) : name));
    expect(house.names()).toEqual(expected.toSorted());
  });

  test("keeps the content, and tells the new tag", async () => {
    const port = serve("--allow-delete");
    const reply = await ask(port, "MOVE", "/files/file", to("/files/new"));
    expect(house.read("new")).toBe("file");
    const seen = await ask(port, "GET", "/files/new");
    expect(seen.fields.get("etag")?.replace("W/", "")).toBe(reply.fields.get("etag")?.replace("W/", ""));
    expect((await ask(port, "GET", "/files/file")).status).toBe(404);
  });

  test("of a link keeps the link", async () => {
    await ask(serve("--allow-delete"), "MOVE", "/files/link", to("/files/new"));
    expect(readlinkSync(house.at("new"))).toBe("file");
  });

  // As a move leaves it that was killed between its two steps: `rename` does nothing with two names of one file.
  test.each([
    ["file", "twin", "twin"],
    ["file", "full/twin", "full/twin"],
    ["file", "full/FILE", "full/FILE"],
    ["link", "twin-link", "twin-link"],
  ])("of %s onto another name of the same file, %s, takes the old name away", async (from, twin, there) => {
    linkSync(house.at(from), house.at(twin));
    const reply = await ask(serve("--allow-delete"), "MOVE", `/files/${from}`, to(`/files/${twin}`));
    expect(reply.status).toBe(204);
    expect(house.names()).not.toContain(from);
    expect(house.read(there)).toBe("file");
  });

  const refused: [what: string, from: string, destination: string | null, status: number, fields?: string][] = [
    ["nothing to move", "none", "/files/new", 404],
    ["a file asked for as a folder", "file/", "/files/new", 404],
    ["a file that is to be a folder", "file", "/files/new/", 404],
    ["no Destination", "file", null, 400],
    ["an empty Destination", "file", "", 400],
    ["a Destination that is no URL", "file", "http://[", 400],
    ["a raw byte", "file", "/files/\xe4", 400],
    ["a backslash", "file", "/files\\new", 400],
    ["a query", "file", "/files/new?x", 400],
    ["another server", "file", "http://other.example/files/new", 502],
    ["another port", "file", "http://a:81/files/new", 502],
    ["another scheme", "file", "https://a/files/new", 502],
    ["a server without a scheme", "file", "//other.example/files/new", 502],
    ["no server at all", "file", "file:///files/new", 502],
    ["another path", "file", "/echo/new", 403],
    ["a path above", "file", "../new", 403],
    ["the folder's own address", "file", "/files/", 403],
    ["the folder itself", "", "/files/new", 403],
    ["a name that is refused", "file", "/files/%5C", 400],
    ["an encoded slash", "file", "/files/a%2Fb", 400],
    ["a hidden name", "file", "/files/.new", 404],
    ["a name of ours", "file", "/files/.mini-http-x", 404],
    ["a name that is too long", "file", "/files/" + "x".repeat(256), 400],
    ["a parent that is not there", "file", "/files/no/new", 409],
    ["a parent that is a file", "file", "/files/other/new", 409],
    ["a parent that lies outside", "file", "/files/out/new", 403],
    // RFC 4918 9.9.4, whatever is said of names that are taken.
    ["its own name", "file", "/files/file", 403],
    ["its own name, at no price", "file", "/files/file", 403, "Overwrite: F\r\n"],
    ["its own name by a link", "full/in", "/files/way/in", 403],
    ["a folder's own name", "full/", "/files/full", 403],
    ["a name that is taken", "file", "/files/other", 412, "Overwrite: F\r\n"],
    ["a folder's name", "file", "/files/empty", 409],
    ["a folder's name, at no price", "file", "/files/empty", 412, "Overwrite: F\r\n"],
    ["an empty folder onto another", "full/", "/files/empty/", 409],
    ["a folder onto a file", "full/", "/files/file", 409],
    ["a folder onto a link", "full/", "/files/link", 409],
    ["a folder into itself", "full/", "/files/full/sub/new", 409],
    ["a folder into itself by a link", "full/", "/files/way/sub/new", 409],
    ["a link to another folder", "link", "/files/full/link", 403],
    ["Overwrite that is neither", "file", "/files/new", 400, "Overwrite: maybe\r\n"],
    ["another version", "file", "/files/new", 412, 'If-Match: "none"\r\n'],
  ];
  test.each(refused)("%s: nothing moves", async (_, from, destination, status, fields = "") => {
    const before = [house.names(), house.read("file"), house.read("other")];
    const destined = destination === null ? fields : to(destination, fields);
    const reply = await ask(serve("--allow-delete"), "MOVE", `/files/${from}`, destined);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatch(/^[^\n]+\n$/);
    expect([house.names(), house.read("file"), house.read("other")]).toEqual(before);
  });

  test("with a body moves nothing", async () => {
    expect((await ask(serve("--allow-delete"), "MOVE", "/files/file", to("/files/new"), "x")).status).toBe(415);
  });

  test.each([
    [[], 403],
    [["--read-only"], 403],
    [["--upload-only"], 403],
    [["--allow-delete"], 201],
    [["--allow-delete", "--fsync"], 201],
    [["--allow-delete", "--hidden"], 201],
  ])("with %j", async (flags, status) => {
    expect((await ask(serve(...flags), "MOVE", "/files/file", to("/files/new"))).status).toBe(status);
  });

  test.each([["error"], ["rename"]])("with --on-duplicate %s takes no file's place", async (way) => {
    const port = serve("--allow-delete", "--on-duplicate", way);
    expect((await ask(port, "MOVE", "/files/file", to("/files/other"))).status).toBe(409);
    expect(house.read("other")).toBe("other");
  });

  test("of a page of another origin moves nothing", async () => {
    const fields = to("/files/new", "Origin: http://evil.example\r\n");
    expect((await ask(serve("--allow-delete"), "MOVE", "/files/file", fields)).status).toBe(403);
  });

  test("behind a trusted proxy is of the server that the client sees", async () => {
    const port = serve("--allow-delete", "--trusted-proxies", "127.0.0.1", "--allowed-host", "a.example");
    const told = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n";
    expect((await ask(port, "MOVE", "/files/file", to("http://a/files/new", told))).status).toBe(502);
    expect((await ask(port, "MOVE", "/files/file", to("https://a.example/files/new", told))).status).toBe(201);
  });
});

describe("the rights that a MOVE needs", () => {
  const rows: [rules: string[], from: string, destination: string, status: number][] = [
    [["read,create,write,delete@/"], "file", "/files/other", 204],
    [["read,create,delete@/"], "file", "/files/new", 201],
    // What makes a name asks for one right, and what takes a file's place for another, as PUT does.
    [["read,create,delete@/"], "file", "/files/other", 401],
    [["read,write,delete@/"], "file", "/files/other", 204],
    [["read,write,delete@/"], "file", "/files/new", 401],
    [["read,write,delete@/"], "full/", "/files/new/", 401],
    [["read,write,delete@/"], "full/", "/files/empty/", 409],
    [["read,delete@/", "write@/other"], "file", "/files/other", 204],
    [["read,delete@/", "write@/full"], "file", "/files/full/in", 204],
    [["create,delete@/"], "file", "/files/new", 401],
    [["read,create@/"], "file", "/files/new", 401],
    [["read,delete@/"], "file", "/files/new", 401],
    [["read,delete@/", "read,create@/empty"], "file", "/files/empty/new", 201],
    [["read,delete@/", "create@/empty"], "file", "/files/empty/new", 401],
    [["read,create,delete@/", "none@/full"], "file", "/files/full/new", 401],
    [["read,create,delete@/", "none@/full"], "full/in", "/files/new", 401],
    // Of a folder all that is in it moves.
    [["read,create,delete@/", "none@/full/sub"], "full/", "/files/new/", 401],
    [["read,create,delete@/", "read@/full/sub"], "full/", "/files/new/", 401],
    [["read,create,delete@/", "none@/new/sub"], "full/", "/files/new/", 401],
    [["read,create,delete@/"], "full/", "/files/new/", 201],
    // What is not there is refused as what is.
    [["read,create@/"], "none", "/files/new", 401],
    [["read,create,delete@/", "none@/full"], "file", "/files/full/none/new", 401],
  ];
  test.each(rows)("%j: %s to %s", async (rules, from, destination, status) => {
    const flags = rules.flatMap((rule) => ["--anonymous", rule]);
    expect((await ask(serve(...flags), "MOVE", `/files/${from}`, to(destination))).status).toBe(status);
  });
});

describe("many at once", () => {
  test("for one name: one has it, and no file is lost", async () => {
    const port = serve("--allow-delete");
    const count = 40;
    for (let i = 0; i < count; i++) writeFileSync(house.at(`from-${i}`), String(i));
    const replies = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        ask(port, "MOVE", `/files/from-${i}`, to("/files/goal", "Overwrite: F\r\n")),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412)).toHaveLength(count - 1);
    expect(house.names().filter((name) => name.startsWith("from-"))).toHaveLength(count - 1);
  });

  test("of one file: one moves it", async () => {
    const port = serve("--allow-delete");
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ask(port, "MOVE", "/files/file", to(`/files/goal-${i}`))),
    );
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, ...new Array<number>(39).fill(404)]);
    expect(house.names().filter((name) => name.startsWith("goal-"))).toHaveLength(1);
  });

  test("in a circle end, and nothing is lost", async () => {
    const port = serve("--allow-delete");
    for (const name of ["a", "b", "c"]) writeFileSync(house.at(name), name);
    const circle = ["a", "b", "c"];
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        circle.map((name, i) =>
          ask(port, "MOVE", `/files/${name}`, to(`/files/${circle[(i + 1) % 3]}`, "Overwrite: F\r\n")),
        ),
      );
    }
    expect(circle.map((name) => house.read(name)).toSorted()).toEqual(circle);
  });
});
