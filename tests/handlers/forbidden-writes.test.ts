// Every way to write, in every mode: whoever is refused learns which flag or which right it was.

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/ask.ts";
import { FolderHouse } from "../support/folder-house.ts";

const house = new FolderHouse((root) => {
  mkdirSync(join(root, "empty"));
  for (const name of ["file", "other"]) writeFileSync(join(root, name), name);
});
const { serve } = house;

const FORM = "Content-Type: multipart/form-data; boundary=b\r\n";
const SENT = '--b\r\nContent-Disposition: form-data; name="f"; filename="file"\r\n\r\nnew\r\n--b--\r\n';

interface Way {
  readonly method: string;
  readonly target: string;
  readonly fields?: string;
  readonly body?: string;
}

const WAYS = {
  "PUT of a new file": { method: "PUT", target: "/files/new", body: "x" },
  "PUT of a file": { method: "PUT", target: "/files/file", body: "x" },
  POST: { method: "POST", target: "/files/new", body: "x" },
  "a form": { method: "POST", target: "/files/", fields: FORM, body: SENT },
  DELETE: { method: "DELETE", target: "/files/file" },
  "DELETE of a folder": { method: "DELETE", target: "/files/empty/" },
  MKCOL: { method: "MKCOL", target: "/files/made/" },
  MOVE: { method: "MOVE", target: "/files/file", fields: "Destination: /files/new\r\n" },
  "MOVE onto a file": { method: "MOVE", target: "/files/file", fields: "Destination: /files/other\r\n" },
  "MOVE of a folder": { method: "MOVE", target: "/files/empty/", fields: "Destination: /files/made/\r\n" },
} as const satisfies Record<string, Way>;

/** Served, and the status and the flag or right that the answer names. */
async function refusalOf(port: number, way: Way, fields = ""): Promise<string> {
  const { method, target, body = "" } = way;
  const { status, body: line } = await ask(port, method, target, (way.fields ?? "") + fields, body);
  expect(line).toMatch(/^[^\n]+\n$/);
  const named = /(--[a-z-]+)|right "([a-z]+)"/.exec(line);
  return `${status} ${named?.[1] ?? named?.[2] ?? line}`;
}

const LOGGED_IN = `Authorization: Basic ${btoa("bob:pw")}\r\n`;
const named = (...ways: (keyof typeof WAYS)[]): readonly (keyof typeof WAYS)[] => ways;
const ALL = Object.keys(WAYS) as (keyof typeof WAYS)[];
const UPLOADS = named("PUT of a new file", "PUT of a file", "POST", "a form");
const DELETIONS = named("DELETE", "DELETE of a folder");
const MOVES = named("MOVE", "MOVE onto a file", "MOVE of a folder");

describe("what a flag forbids", () => {
  const rows: [flags: string[], ways: readonly (keyof typeof WAYS)[], flag: string][] = [
    [["--read-only"], ALL, "--read-only"],
    [["--upload-only"], [...DELETIONS, ...MOVES, "MKCOL"], "--upload-only"],
    [[], [...DELETIONS, ...MOVES], "--allow-delete"],
  ];
  // Nobody gets past a flag by his rights, and a login would be in vain.
  const rights = ["--auth", "bob:pw@/:read,create,write,delete"];
  test.each(rows)("%j: %j", async (flags, ways, flag) => {
    const [open, guarded] = [serve(...flags), serve(...flags, ...rights)];
    for (const name of ways) {
      expect([name, await refusalOf(open, WAYS[name])]).toEqual([name, `403 ${flag}`]);
      if (flags.length === 0) continue;
      expect([name, await refusalOf(guarded, WAYS[name])]).toEqual([name, `403 ${flag}`]);
      expect([name, await refusalOf(guarded, WAYS[name], LOGGED_IN)]).toEqual([name, `403 ${flag}`]);
    }
    expect(house.names()).toEqual(["empty", "file", "other"]);
  });
});

describe("a right that is missing", () => {
  const rows: [rights: string, ways: readonly (keyof typeof WAYS)[], right: string][] = [
    ["none", [...UPLOADS, "MKCOL"], "create"],
    ["none", DELETIONS, "delete"],
    ["none", MOVES, "read"],
    ["ro", [...UPLOADS, "MKCOL"], "create"],
    ["ro", [...DELETIONS, ...MOVES], "delete"],
    ["read,create", ["PUT of a file", "a form"], "write"],
    ["rw", [...DELETIONS, ...MOVES], "delete"],
    ["read,create,delete", ["PUT of a file", "MOVE onto a file", "a form"], "write"],
    ["read,write,delete", ["PUT of a new file", "POST", "MKCOL", "MOVE", "MOVE of a folder"], "create"],
    ["write", ["PUT of a new file", "POST", "MKCOL"], "create"],
    ["read,delete", [...UPLOADS, ...MOVES, "MKCOL"], "create"],
    ["create", ["MKCOL"], "read"],
    ["create,delete", MOVES, "read"],
  ];
  test.each(rows)("%s: %j", async (rights, ways, right) => {
    const everyone = serve("--anonymous", `${rights}@/`);
    const somebody = serve("--auth", `bob:pw@/:${rights}`);
    for (const name of ways) {
      expect([name, await refusalOf(everyone, WAYS[name])]).toEqual([name, `401 ${right}`]);
      expect([name, await refusalOf(somebody, WAYS[name], LOGGED_IN)]).toEqual([name, `403 ${right}`]);
    }
    expect(house.names()).toEqual(["empty", "file", "other"]);
  });
});
