// A local user who may rename and link in the served folder: what she puts in the place of a temporary file, of a target
// or of the directory itself gives her nothing, and nothing outside is touched.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { ask, withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { FORM, form, HeldUpload } from "../support/upload-requests.ts";
import { Ground, SECRET } from "./ground.ts";
import { Helper, run } from "./native-program.ts";

const suite = { suite: "privileged", linux: true } as const;
const { skip } = needs({ ...suite, programs: ["mkfifo", "sh"] });
const noAcl = needs({ ...suite, programs: ["setfacl", "getfacl"] }).skip;
const noRoot = needs({ ...suite, root: true, programs: ["setpriv", "mkfifo"] }).skip;
const PERMISSIONS = 0o7777;
const LONG_AGO = 1_000_000_000;
const HOT_AFTER_MS = 2100;
const BODY = "0123456789";

const modeOf = (path: string): string => (lstatSync(path).mode & PERMISSIONS).toString(8);

describe.skipIf(skip)("the temporary file of an upload is renamed away", () => {
  const decoys: readonly [decoy: string, put: (ground: Ground, path: string) => void][] = [
    ["a link to a private file", (ground, path) => symlinkSync(ground.out("key"), path)],
    ["a file of hers", (_, path) => writeFileSync(path, "hers")],
    ["a link to nowhere", (ground, path) => symlinkSync(ground.out("none"), path)],
    ["a pipe", (_, path) => void run("mkfifo", path)],
    ["a folder", (_, path) => mkdirSync(path)],
    ["nothing", () => {}],
  ];
  const uploads: readonly [what: string, raw: string][] = [
    ["PUT", withLength("PUT", "/files/a", "", BODY)],
    ["PUT of a new file", withLength("PUT", "/files/b", "If-None-Match: *\r\n", BODY)],
    ["a form", withLength("POST", "/files/", FORM, form(["a", BODY]))],
  ];
  test.each(decoys.flatMap(([decoy, put]) => uploads.map(([what, raw]) => [decoy, what, put, raw] as const)))(
    "%s takes its place, %s: nothing outside is touched, and nothing of hers is published",
    async (_, __, put, raw) => {
      using ground = new Ground();
      ground.write({ "served/a": "old", "outside/key": SECRET });
      chmodSync(ground.in("a"), 0o666);
      chmodSync(ground.out("key"), 0o600);
      utimesSync(ground.out("key"), LONG_AGO, LONG_AGO);
      const before = ground.outsideState();
      await using program = await RunningProgram.start(["--directory", ground.served]);
      const upload = await HeldUpload.begin(program.port, raw);
      await until(
        () => ground.temporaries().length > 0,
        PATIENCE_MS,
        () => "no temporary file",
      );
      const [temporary] = ground.temporaries();
      renameSync(temporary!, ground.in("stolen"));
      put(ground, temporary!);
      const { status, body } = await upload.finish();
      expect(ground.outsideChanges(before)).toEqual([]);
      expect((await ask(program.port, "GET", "/-/health")).status).toBe(200);
      expect(body).not.toContain(SECRET);
      for (const name of ["a", "b"]) {
        const stats = lstatSync(ground.in(name), { throwIfNoEntry: false });
        if (stats === undefined) continue;
        // A pipe is not read: that would wait for ever.
        expect([name, stats.isFile()]).toEqual([name, true]);
        expect(["old", BODY]).toContain(readFileSync(ground.in(name), "latin1"));
      }
      const target = raw.includes("/files/b") ? "b" : "a";
      if (status < 300) expect(readFileSync(ground.in(target), "latin1")).toBe(BODY);
      else expect(status).toBeLessThan(504);
    },
  );
});

/** A server of another user than the one who makes the links: the system lets nobody link her files then. */
const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

describe.skipIf(noRoot)("a form whose last file cannot be stored, as another user", () => {
  const targets: readonly [what: string, put: (ground: Ground) => void][] = [
    ["a link to a private file", (ground) => symlinkSync(ground.out("key"), ground.in("b"))],
    [
      "a link to a pipe",
      (ground) => {
        run("mkfifo", "-m", "666", ground.out("pipe"));
        symlinkSync(ground.out("pipe"), ground.in("b"));
      },
    ],
    ["a large file of hers", (ground) => void run("truncate", "-s", "3G", ground.in("b"))],
  ];
  test.each(targets)("%s is as before, is not copied, and nobody waits", async (_, put) => {
    using ground = new Ground();
    run("chmod", "755", ground.root);
    ground.write({ "outside/key": SECRET });
    run("chown", "-R", "65534", ground.outside);
    chmodSync(ground.out("key"), 0o600);
    chmodSync(ground.served, 0o777);
    put(ground);
    run("chown", "-h", "1234", ground.in("b"));
    const inode = lstatSync(ground.in("b")).ino;
    const before = ground.outsideState();
    await using program = await RunningProgram.start(["--directory", ground.served], { under: AS_NOBODY });
    const raw = withLength("POST", "/files/", FORM, form(["b", "new"], ["c", "new"]));
    const upload = await HeldUpload.begin(program.port, raw);
    await until(
      () => ground.temporaries().length > 0,
      PATIENCE_MS,
      () => "no temporary file",
    );
    mkdirSync(ground.in("c"));
    const answer = upload.finish().then(({ status }) => status);
    await Bun.sleep(50);
    const health = ask(program.port, "GET", "/-/health").then(({ status }) => status);
    const late = Bun.sleep(PATIENCE_MS).then(() => "late");
    expect(await Promise.race([health, late])).toBe(200);
    expect(await Promise.race([answer, late])).toBe(409);
    expect(lstatSync(ground.in("b")).ino).toBe(inode);
    expect(ground.outsideChanges(before)).toEqual([]);
    await ground.untilSwept();
    if (lstatSync(ground.in("b")).isSymbolicLink())
      expect((await ask(program.port, "GET", "/files/b")).status).toBe(404);
  });
});

describe.skipIf(skip)("what an upload has written is its owner's alone until it is whole", () => {
  test.each<[what: string, before: number | null, flags: readonly string[], after: string]>([
    ["a new file", null, [], "644"],
    ["a private file that is replaced", 0o600, [], "600"],
    ["a readable file that is replaced", 0o644, [], "644"],
    ["a new file under --chmod 0600", null, ["--chmod", "0600"], "600"],
    ["a new file under --chmod 0640", null, ["--chmod", "0640"], "640"],
  ])("%s", async (_, before, flags, after) => {
    using ground = new Ground();
    if (before !== null) {
      ground.write({ "served/a": "old" });
      chmodSync(ground.in("a"), before);
    }
    for (const raw of [
      withLength("PUT", "/files/a", "", BODY),
      withLength("POST", "/files/", FORM, form(["a", BODY])),
    ]) {
      await using program = await RunningProgram.start(["--directory", ground.served, ...flags]);
      await HeldUpload.begin(program.port, raw);
      await until(
        () => ground.temporaries().length > 0,
        PATIENCE_MS,
        () => "no temporary file",
      );
      const [temporary] = ground.temporaries();
      expect(modeOf(temporary!)).toBe("600");
      program.kill("SIGKILL");
      await program.exited;
      expect(modeOf(temporary!)).toBe("600");
      unlinkSync(temporary!);
    }
    await using program = await RunningProgram.start(["--directory", ground.served, ...flags]);
    expect((await ask(program.port, "PUT", "/files/a", "", BODY)).status).toBe(before === null ? 201 : 204);
    expect(modeOf(ground.in("a"))).toBe(after);
  });
});

describe.skipIf(noAcl)("a file with an ACL that is replaced", () => {
  test.each([
    ["PUT", withLength("PUT", "/files/a", "", BODY)],
    ["a form", withLength("POST", "/files/", FORM, form(["a", BODY], ["b", BODY]))],
  ])("%s gives its group no more than before", async (_, raw) => {
    using ground = new Ground();
    ground.write({ "served/a": "old" });
    chmodSync(ground.in("a"), 0o600);
    run("setfacl", "-m", "u:1234:rw,g::---", ground.in("a"));
    await using program = await RunningProgram.start(["--directory", ground.served]);
    const upload = await HeldUpload.begin(program.port, raw);
    expect((await upload.finish()).status).toBeLessThan(300);
    expect(run("getfacl", "-cp", ground.in("a"))).toContain("group::---");
    expect(modeOf(ground.in("a")).at(-1)).toBe("0");
  });
});

describe.skipIf(skip)("links and moved folders", () => {
  test("a served directory that is a link is judged by where it leads now", async () => {
    using ground = new Ground();
    ground.write({ "r1/a": "one", "r1/secret": SECRET, "r2/a": "two" });
    symlinkSync(ground.root + "/r1/secret", ground.root + "/r2/x");
    symlinkSync("r1", ground.root + "/cur");
    await using program = await RunningProgram.start(["--directory", ground.root + "/cur"]);
    expect((await ask(program.port, "GET", "/files/a")).body).toBe("one");
    symlinkSync("r2", ground.root + "/next");
    renameSync(ground.root + "/next", ground.root + "/cur");
    expect((await ask(program.port, "GET", "/files/x")).status).toBe(404);
    expect((await ask(program.port, "GET", "/files/a")).body).toBe("two");
    expect((await ask(program.port, "GET", "/files/x")).status).toBe(404);
  });

  test.each([
    ["h", "/files/h/f"],
    ["p", "/files/p/h/f"],
  ])("a hot file is not served once its folder %s is out of the directory", async (moved, target) => {
    using ground = new Ground();
    ground.write({ ["served" + target.slice("/files".length)]: SECRET });
    await Bun.sleep(HOT_AFTER_MS);
    await using program = await RunningProgram.start(["--directory", ground.served]);
    for (let i = 0; i < 3; i++) expect((await ask(program.port, "GET", target)).status).toBe(200);
    renameSync(ground.in(moved), ground.out(moved));
    symlinkSync(ground.out(moved), ground.in(moved));
    expect((await ask(program.port, "GET", target)).status).toBe(404);
  });

  test.each([
    ["a file behind it", "GET", "/files/gitlink/config"],
    ["its list", "GET", "/files/gitlink/?json"],
    ["a link to a file with a dot", "GET", "/files/envlink"],
    ["an upload through it", "PUT", "/files/gitlink/hooks"],
  ])("a link to a name with a dot opens it for nobody: %s", async (_, method, target) => {
    using ground = new Ground();
    ground.write({ "served/.git/config": SECRET, "served/.env": SECRET });
    symlinkSync(".git", ground.in("gitlink"));
    symlinkSync(".env", ground.in("envlink"));
    await using program = await RunningProgram.start(["--directory", ground.served]);
    const { status, body } = await ask(program.port, method, target, "", method === "PUT" ? "x" : "");
    expect([status >= 400 && status < 500, body.includes(SECRET)]).toEqual([true, false]);
    expect(lstatSync(ground.in(".git/hooks"), { throwIfNoEntry: false })).toBeUndefined();
    await using open = await RunningProgram.start(["--directory", ground.served, "--hidden"]);
    if (method === "GET") expect((await ask(open.port, method, target)).status).toBe(200);
  });

  test.each([
    ["a link to a pipe outside", "GET", "/files/pipe", "outside", []],
    ["HEAD of it", "HEAD", "/files/pipe", "outside", []],
    ["the list with it", "GET", "/files/?json", "outside", []],
    ["a pipe inside", "GET", "/files/pipe", "inside", []],
    ["a pipe as a precompressed sibling", "GET", "/files/page.txt", "page.txt.gz", ["--precompressed"]],
    ["a pipe as an index", "GET", "/files/", "index.html", ["--index"]],
    ["a form that replaces the link", "POST", "/files/", "outside", []],
  ] as const)("a writer that waits at a pipe is not woken: %s", async (_, method, target, where, flags) => {
    using ground = new Ground();
    ground.write({ "served/page.txt": "page" });
    const pipe = where === "outside" ? ground.out("pipe") : ground.in(where === "inside" ? "pipe" : where);
    run("mkfifo", pipe);
    if (where === "outside") symlinkSync(pipe, ground.in("pipe"));
    await using writer = Helper.spawn(["sh", "-c", 'echo x > "$0"', pipe]);
    await using program = await RunningProgram.start(["--directory", ground.served, ...flags]);
    await Bun.sleep(100);
    const fields = method === "POST" ? FORM : "Accept-Encoding: gzip\r\n";
    const body = method === "POST" ? form(["pipe", "new"], ["page.txt", "new"]) : "";
    const client = await RawClient.connect(program.port);
    await client.send(withLength(method, target, fields, body));
    client.end();
    await client.untilEnd();
    await Bun.sleep(50);
    expect(writer.hasEnded).toBe(false);
    expect(statSync(pipe).isFIFO()).toBe(true);
  });
});
