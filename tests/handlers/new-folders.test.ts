// MKCOL (RFC 4918 9.3), and DELETE of what it makes.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerTo, ask, withoutBody } from "../support/ask.ts";
import { FolderHouse } from "../support/folder-house.ts";
import { resolveLocation } from "../support/response-reader.ts";

const house = new FolderHouse((root) => {
  mkdirSync(join(root, "full/sub"), { recursive: true });
  mkdirSync(join(root, "empty"));
  writeFileSync(join(root, "file"), "old");
  symlinkSync("full", join(root, "link"));
  symlinkSync(house.outside, join(root, "out"));
});
const { serve } = house;

const as = (name: string): string => `Authorization: Basic ${Buffer.from(`${name}:pw`).toString("base64")}\r\n`;
const isFolder = (path: string): boolean => statSync(house.at(path)).isDirectory();

describe("MKCOL", () => {
  test.each(["new", "new/", "full/new/", "full/sp%20%C3%A4%2Bx/", "full/a:b", "link/new/"])(
    "/files/%s is a folder that its Location leads to",
    async (path) => {
      const port = serve();
      const made = await answerTo(port, withoutBody("MKCOL", `/files/${path}`));
      expect([made.status, made.body]).toEqual([201, ""]);
      const location = resolveLocation(`/files/${path}`, made);
      expect(location.endsWith("/")).toBe(true);
      expect((await ask(port, "GET", location + "?json")).status).toBe(200);
      expect((await ask(port, "MKCOL", `/files/${path}`)).status).toBe(405);
    },
  );

  const refused: [what: string, path: string, status: number, fields?: string, body?: string][] = [
    ["a folder that is there", "full/", 405],
    ["the same without a slash", "full", 405],
    ["a file that is there", "file", 405],
    ["a link that is there", "link", 405],
    ["the served folder", "", 405],
    ["a parent that is not there", "no/new/", 409],
    ["a parent that is a file", "file/new/", 409],
    ["a parent that is a link to the outside", "out/new/", 403],
    ["a body", "new/", 415, "", "<x/>"],
    ["a chunked body", "new/", 415, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"],
    ["If-None-Match: * and a folder that is there", "full/", 412, "If-None-Match: *\r\n"],
    ["If-None-Match: * and a file that is there", "file", 412, "If-None-Match: *\r\n"],
    ["If-Match: * and nothing there", "new/", 412, "If-Match: *\r\n"],
    ["a dot segment", "full/../new/", 400],
    ["an encoded slash", "full%2Fnew/", 400],
    ["a backslash", "a%5Cb/", 400],
    ["an empty segment", "full//new/", 404],
    ["two slashes at the end", "new//", 404],
    ["a hidden name", ".new/", 404],
    ["a name of ours", ".mini-http-x/", 404],
    ["a name that is too long", "x".repeat(256), 400],
  ];
  test.each(refused)("%s: nothing is made", async (_, path, status, fields = "", body = "") => {
    const port = serve();
    const before = house.names();
    const isChunked = fields.startsWith("Transfer-Encoding");
    const reply = isChunked
      ? await answerTo(port, withoutBody("MKCOL", `/files/${path}`, fields) + body)
      : await ask(port, "MKCOL", `/files/${path}`, fields, body);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatch(/^[^\n]+\n$/);
    expect(house.names()).toEqual(before);
  });

  test("405 says what can be done with what is there", async () => {
    const { fields, body } = await ask(serve(), "MKCOL", "/files/full/");
    expect(fields.get("allow")).not.toContain("MKCOL");
    expect(fields.get("allow")).toContain("GET, HEAD");
    expect(body).toBe("Something has this name already.\n");
  });

  test("If-None-Match: * makes what is not there", async () => {
    expect((await ask(serve(), "MKCOL", "/files/new/", "If-None-Match: *\r\n")).status).toBe(201);
  });

  test("the served folder itself is made for the first one, as for the first upload", async () => {
    rmSync(house.root, { recursive: true });
    expect((await ask(serve(), "MKCOL", "/files/new/")).status).toBe(201);
    expect(isFolder("new")).toBe(true);
  });

  test("of many at once one makes it", async () => {
    const port = serve();
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(port, "MKCOL", "/files/new/")));
    expect(replies.filter(({ status }) => status === 201).length).toBe(1);
    expect(replies.filter(({ status }) => status === 405).length).toBe(9);
  });

  test("a folder counts as a file", async () => {
    const port = serve("--max-files", "5");
    expect((await ask(port, "MKCOL", "/files/one/")).status).toBe(201);
    expect((await ask(port, "MKCOL", "/files/two/")).status).toBe(507);
    expect(existsSync(house.at("two"))).toBe(false);
  });

  const flags: [flags: string[], status: number, line: string][] = [
    [[], 201, ""],
    [["--allow-delete"], 201, ""],
    [["--hidden"], 201, ""],
    [["--fsync"], 201, ""],
    [["--read-only"], 403, "This folder is read-only (--read-only).\n"],
    [
      ["--upload-only"],
      403,
      "Nobody makes folders in a drop box (--upload-only); an upload makes those that it needs.\n",
    ],
  ];
  test.each(flags)("with %j", async (words, status, line) => {
    const reply = await ask(serve(...words), "MKCOL", "/files/new/");
    expect([reply.status, reply.body]).toEqual([status, line]);
    expect(existsSync(house.at("new"))).toBe(status === 201);
  });

  const rights: [rule: string, path: string, status: number][] = [
    ["rw@/", "new/", 201],
    ["read,create@/", "new/", 201],
    ["ro@/", "new/", 401],
    ["read,write@/", "new/", 401],
    ["create@/", "new/", 401],
    ["create@/", "full/", 401],
    ["none@/", "full/", 401],
  ];
  test.each(rights)("whom --anonymous %s allows asks for %s", async (rule, path, status) => {
    expect((await ask(serve("--anonymous", rule), "MKCOL", `/files/${path}`)).status).toBe(status);
  });

  test("a person's own rights reach as far as they do", async () => {
    const port = serve("--anonymous", "ro@/", "--auth", "bob:pw@/full:rw");
    expect((await ask(port, "MKCOL", "/files/full/new/", as("bob"))).status).toBe(201);
    expect((await ask(port, "MKCOL", "/files/new/", as("bob"))).status).toBe(403);
  });

  test("a page of another origin makes none", async () => {
    const reply = await ask(serve(), "MKCOL", "/files/new/", "Origin: http://evil.example\r\n");
    expect(reply.status).toBe(403);
    expect(existsSync(house.at("new"))).toBe(false);
  });

  test("PUT of a folder says how one is made", async () => {
    const reply = await ask(serve(), "PUT", "/files/new/", "", "x");
    expect([reply.status, reply.body]).toEqual([
      409,
      "A folder cannot be put; MKCOL makes one, and a file is named behind the slash.\n",
    ]);
  });
});

describe("DELETE of a folder", () => {
  const rows: [path: string, status: number, fields?: string][] = [
    ["empty/", 204],
    ["empty", 204],
    ["empty/", 412, "If-Match: *\r\n"],
    ["full/", 409],
    ["full", 409],
    ["file/", 404],
    ["none/", 404],
    ["link/", 409],
    ["out/", 404],
    ["", 403],
  ];
  test.each(rows)("/files/%s: %i", async (path, status, fields = "") => {
    const before = house.names();
    const reply = await ask(serve("--allow-delete"), "DELETE", `/files/${path}`, fields);
    expect(reply.status).toBe(status);
    const after = house.names();
    expect(after).toEqual(status === 204 ? before.filter((name) => name !== "empty") : before);
  });

  test("one that only looks empty says so, and one with an upload under way stays", async () => {
    writeFileSync(house.at("empty/.hidden"), "");
    const reply = await ask(serve("--allow-delete"), "DELETE", "/files/empty/");
    expect([reply.status, reply.body]).toEqual([
      409,
      "This folder is not empty (hidden names count too); only an empty one can be deleted.\n",
    ]);
  });

  test("needs --allow-delete", async () => {
    expect((await ask(serve(), "DELETE", "/files/empty/")).status).toBe(403);
    expect(isFolder("empty")).toBe(true);
  });
});
