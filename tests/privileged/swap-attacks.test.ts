// A local user who may rename in the served folder exchanges a folder, or a file, with a link that leads out, as fast as
// the system can, while clients work through that name. Nothing outside may be created, changed, deleted, listed or read.
// MINI_HTTP_SWAP_SECONDS is the length of each attack (2).

import { expect, test } from "bun:test";
import { readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { ask } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { COMMAND, programEnvironment, RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { FORM, form } from "../support/upload-requests.ts";
import { Ground, SECRET } from "./ground.ts";
import { Helper, nativeProgram } from "./native-program.ts";

const { skip } = needs({ suite: "privileged", linux: true, programs: ["gcc"] });
const SECONDS = Number(process.env["MINI_HTTP_SWAP_SECONDS"] ?? 2);
const AT_ONCE = 4;
const PATIENCE_MS = SECONDS * 1000 + 30_000;
const GZIP = "Accept-Encoding: gzip\r\n";

/** What a client does again and again; gives what it got. */
type Act = (port: number, serial: number) => Promise<readonly ReadResponse[]>;

async function only(port: number, method: string, target: string, fields = "", body = ""): Promise<ReadResponse[]> {
  return [await ask(port, method, target, fields, body)];
}

/** Several requests on one connection: what the last leaves in memory, the next may find. */
async function pipelined(port: number, ...targets: readonly string[]): Promise<ReadResponse[]> {
  const raw = targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n${GZIP}\r\n`).join("");
  return readResponses(await exchange(port, raw));
}

const THROUGH_A_FOLDER: readonly [what: string, act: Act, flags: readonly string[]][] = [
  ["PUT over a file that is there and there", (port) => only(port, "PUT", "/files/d/x", "", "mine"), []],
  ["PUT of new files", (port, i) => only(port, "PUT", `/files/d/new-${i}`, "", "mine"), []],
  ["PUT of new files only", (port, i) => only(port, "PUT", `/files/d/n-${i}`, "If-None-Match: *\r\n", "mine"), []],
  ["PUT into new folders", (port, i) => only(port, "PUT", `/files/d/made-${i}/deep/f`, "", "mine"), []],
  ["PUT into a folder behind it", (port) => only(port, "PUT", "/files/d/sub/x", "", "mine"), []],
  ["POST of a new file", (port, i) => only(port, "POST", `/files/d/post-${i}`, "", "mine"), []],
  [
    "POST with names that are numbered",
    (port) => only(port, "POST", "/files/d/x", "", "mine"),
    ["--on-duplicate", "rename"],
  ],
  ["a form to it", (port, i) => only(port, "POST", "/files/d/", FORM, form(["x", "mine"], [`form-${i}`, "mine"])), []],
  [
    "a form whose names lead through it",
    (port, i) => only(port, "POST", "/files/", FORM, form(["d/x", "mine"], [`d/f-${i}/g`, "mine"], ["sub/x", "mine"])),
    [],
  ],
  [
    "a form that is refused at its end",
    (port) => only(port, "POST", "/files/d/", FORM, form(["x", "mine"], ["page.txt", "mine"], ["sub", "mine"])),
    [],
  ],
  [
    "DELETE",
    async (port) => [
      ...(await only(port, "PUT", "/files/d/gone", "", "mine")),
      ...(await only(port, "DELETE", "/files/d/gone")),
      ...(await only(port, "DELETE", "/files/d/sub/gone")),
    ],
    ["--allow-delete"],
  ],
  [
    "new folders, and DELETE of them",
    async (port, i) => [
      ...(await only(port, "MKCOL", `/files/d/made-${i}/`)),
      ...(await only(port, "DELETE", `/files/d/made-${i}/`)),
      ...(await only(port, "DELETE", "/files/d/sub/")),
    ],
    ["--allow-delete"],
  ],
  [
    "MOVE into it and out of it",
    async (port, i) => [
      ...(await only(port, "PUT", `/files/moved-${i}`, "", "mine")),
      ...(await only(port, "MOVE", `/files/moved-${i}`, `Destination: /files/d/moved-${i}\r\nOverwrite: F\r\n`)),
      ...(await only(port, "MOVE", "/files/d/x", "Destination: /files/taken\r\n")),
      ...(await only(port, "MOVE", "/files/taken", "Destination: /files/d/x\r\n")),
      ...(await only(port, "MOVE", "/files/d/sub/", `Destination: /files/sub-${i}/\r\nOverwrite: F\r\n`)),
      ...(await only(port, "MOVE", `/files/sub-${i}/`, "Destination: /files/d/sub/\r\nOverwrite: F\r\n")),
    ],
    ["--allow-delete"],
  ],
  ["a search", (port) => only(port, "GET", "/files/d/?search=x"), []],
  ["a search that begins above it", (port) => only(port, "GET", "/files/?search=outside"), []],
  ["the list as JSON", (port) => only(port, "GET", "/files/d/?json"), []],
  ["the list as text", (port) => only(port, "GET", "/files/d/?simple"), []],
  ["the list as a page", (port) => only(port, "GET", "/files/d/", "Accept: text/html\r\n"), []],
  ["GET of a file", (port) => pipelined(port, "/files/d/x", "/files/d/hidden-outside", "/files/d/sub/x"), []],
  [
    "GET with precompressed siblings",
    (port) => pipelined(port, "/files/d/page.txt", "/files/d/x"),
    ["--precompressed"],
  ],
  ["GET of an index", (port) => pipelined(port, "/files/d/", "/files/d/sub/"), ["--index"]],
  ["an index and a list that is HTML", (port) => only(port, "GET", "/files/d/", "Accept: text/html\r\n"), ["--index"]],
];

const THROUGH_A_FILE: readonly [what: string, act: Act, flags: readonly string[]][] = [
  ["PUT", (port) => only(port, "PUT", "/files/x", "", "mine"), []],
  ["PUT under a condition", (port) => only(port, "PUT", "/files/x", "If-Match: *\r\n", "mine"), []],
  ["GET", (port) => pipelined(port, "/files/x", "/files/x"), []],
  ["HEAD", (port) => only(port, "HEAD", "/files/x"), []],
  [
    "a form that is refused at its end",
    (port) => only(port, "POST", "/files/", FORM, form(["x", "mine"], ["d", "mine"])),
    [],
  ],
];

test.skipIf(skip).each(THROUGH_A_FOLDER)(
  "a folder is exchanged with a link, %s: nothing outside is touched",
  async (_, act, flags) => {
    using ground = new Ground();
    ground.write({
      "served/d/x": "ours",
      "served/d/page.txt": "ours",
      "served/d/page.txt.gz": "ours",
      "served/d/sub/x": "ours",
      "served/sub/x": "ours",
      "outside/x": SECRET,
      "outside/gone": SECRET,
      "outside/hidden-outside": SECRET,
      "outside/page.txt": SECRET,
      "outside/page.txt.gz": SECRET,
      "outside/page.txt.br": SECRET,
      "outside/index.html": SECRET,
      "outside/sub/x": SECRET,
      "outside/sub/gone": SECRET,
      "outside/sub/index.html": SECRET,
    });
    symlinkSync(ground.outside, ground.in("l"));
    await attack(ground, [ground.in("d"), ground.in("l")], act, flags);
  },
  PATIENCE_MS,
);

test.skipIf(skip).each(THROUGH_A_FILE)(
  "a file is exchanged with a link, %s: nothing outside is touched",
  async (_, act, flags) => {
    using ground = new Ground();
    ground.write({ "served/x": "ours", "served/d/y": "ours", "outside/x": SECRET });
    symlinkSync(ground.out("x"), ground.in("l"));
    await attack(ground, [ground.in("x"), ground.in("l"), ground.out("x")], act, flags);
  },
  PATIENCE_MS,
);

const noTracer = needs({ suite: "privileged", linux: true, programs: ["strace", "setfacl"] }).skip;

test.skipIf(noTracer).each([
  ["a folder like any other", "-b", []],
  ["a folder that gives new files rights of its own", "-dm", ["u::rwx,g::rwx,o::rwx"]],
])("in %s, a link in the place of a unix socket that begins changes no other file's mode", async (_, option, words) => {
  using ground = new Ground();
  ground.write({ "served/keep": "", "outside/x": SECRET });
  Bun.spawnSync(["setfacl", option, ...words, ground.served]);
  const { mode } = statSync(ground.out("x"));
  // As much time as the attacker could wish for.
  const slowly = ["-e", "trace=chmod,fchmodat", "-e", "inject=chmod,fchmodat:delay_enter=1000000"];
  const tracer = ["strace", "-f", "-qq", "-o", "/dev/null", ...slowly];
  const flags = ["--quiet", "--stop-after", "2s", "--host", `unix:${ground.in("s")}`, "--socket-mode", "666"];
  const program = Bun.spawn([...tracer, ...COMMAND, ...flags], {
    env: programEnvironment(),
    stdio: ["ignore", "ignore", "ignore"],
  });
  const others = (): string[] => readdirSync(ground.served).filter((name) => name !== "keep");
  while (others().length === 0) await Bun.sleep(1);
  const [name = ""] = others();
  rmSync(ground.in(name), { force: true });
  symlinkSync(ground.out("x"), ground.in(name));
  await program.exited;
  expect(statSync(ground.out("x")).mode).toBe(mode);
});

/** Answers hold nothing of the outside; the outside is as it was, and nothing temporary is left anywhere. */
async function attack(ground: Ground, names: readonly string[], act: Act, flags: readonly string[]): Promise<void> {
  const before = ground.outsideState();
  const length = sizeOf(SECRET);
  await using program = await RunningProgram.start(["--directory", ground.served, ...flags]);
  const got = new Map<number, number>();
  const leaks: string[] = [];
  {
    await using _attacker = await Helper.start([nativeProgram("exchange-loop"), ...names]);
    const end = performance.now() + SECONDS * 1000;
    let serial = 0;
    const client = async (): Promise<void> => {
      while (performance.now() < end && leaks.length === 0) {
        for (const { status, fields, body } of await act(program.port, serial++)) {
          got.set(status, (got.get(status) ?? 0) + 1);
          if (body.includes(SECRET) || body.includes("hidden-outside")) leaks.push(`${status} ${body}`);
          if (status === 200 && fields.get("content-length") === length) leaks.push("the size of an outside file");
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
  }
  expect(leaks).toEqual([]);
  expect(ground.outsideChanges(before)).toEqual([]);
  // Some of it has to get through, or the attack shows nothing.
  expect([...got.keys()].filter((status) => status < 300 || status === 409)).not.toEqual([]);
  await ground.untilSwept();
  expect(readdirSync(ground.root).sort()).toEqual(["outside", "served"]);
}

function sizeOf(text: string): string {
  return String(text.length);
}
