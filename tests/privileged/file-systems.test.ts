// File systems that know less, refuse more, or tell less than the one people have at home: uploads work, versions are told
// apart, what is full is full and nothing else, and each refusal is a sentence.

import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ask, withLength } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { FORM, form } from "../support/upload-requests.ts";
import { Ground, untilSwept } from "./ground.ts";
import { mountFuse, mountImage, mountRamfs, mountTmpfs, type Mounted } from "./mounts.ts";
import { FUSE_PATHS, Helper, nativeProgram, run } from "./native-program.ts";

const suite = { suite: "privileged", linux: true, root: true } as const;
const noFuse = needs({ ...suite, programs: ["gcc", "findmnt"], paths: FUSE_PATHS }).skip;
const noLoop = needs({ ...suite, programs: ["mkfs.ext4", "losetup"], paths: ["/dev/loop-control"] }).skip;
const noRoot = needs(suite).skip;
const noAcl = needs({ ...suite, programs: ["setfacl", "getfacl"] }).skip;
const noTools = needs({ ...suite, programs: ["strace", "setpriv", "chattr", "gcc"] }).skip;

const MIB = 1024 * 1024;
const STACK_LINE = /^\s+at /m;
/** Stamps are up to 2 s ahead there, and a tag is weak for 2 s more. */
const AGED_MS = 4500;
const PATIENCE_MS = 60_000;

/** All kinds of uploads work on the folder, and leave their files and nothing else. */
async function expectUploads(folder: string, ...flags: readonly string[]): Promise<void> {
  await using program = await RunningProgram.start(["--directory", folder, ...flags]);
  const { port } = program;
  const put = (name: string, fields: string, body: string): Promise<number> =>
    ask(port, "PUT", "/files/" + name, fields, body).then(({ status }) => status);
  const send = (...files: readonly (readonly [string, string])[]): Promise<number> =>
    ask(port, "POST", "/files/", FORM, form(...files)).then(({ status }) => status);
  const got = {
    put: await put("put", "", "1"),
    replaced: await put("put", "", "2"),
    exclusive: await put("exclusive", "If-None-Match: *\r\n", "3"),
    again: await put("exclusive", "If-None-Match: *\r\n", "4"),
    posted: (await ask(port, "POST", "/files/posted", "", "5")).status,
    form: await send(["form", "6"], ["folder/form", "7"]),
    replacing: await send(["form", "8"], ["put", "9"]),
    chunked: (await ask(port, "GET", "/files/folder/form")).status,
  };
  expect(got).toEqual({
    put: 201,
    replaced: 204,
    exclusive: 201,
    again: 412,
    posted: 201,
    form: 201,
    replacing: 201,
    chunked: 200,
  });
  await untilSwept(folder);
  const contents = ["put", "exclusive", "posted", "form", "folder/form"].map((name) =>
    readFileSync(join(folder, name), "latin1"),
  );
  expect(contents).toEqual(["9", "3", "5", "8", "7"]);
  expect(program.log).not.toMatch(STACK_LINE);
}

describe.skipIf(noFuse)("a file system that refuses", () => {
  test.each([
    ["times", "utimens=EPERM"],
    ["modes", "chmod=EPERM"],
    ["times and modes, with EACCES", "utimens=EACCES,chmod=EACCES,chown=EACCES"],
    ["times and modes, with ENOSYS", "utimens=ENOSYS,chmod=ENOSYS,chown=ENOSYS"],
    ["times and modes, with ENOTSUP", "utimens=ENOTSUP,chmod=ENOTSUP,chown=ENOTSUP"],
    ...["EPERM", "EACCES", "EROFS", "EXDEV", "EINVAL", "ENOSYS", "ENOTSUP"].map((fault): [string, string] => [
      `hard links, with ${fault}`,
      `link=${fault}`,
    ]),
    ["all that a USB stick does", "link=EPERM,utimens=EPERM,chmod=EPERM,chown=EPERM,symlink=EPERM"],
  ])(
    "%s takes uploads",
    async (_, refused) => {
      await using folder = await mountFuse({ FUSE_REFUSE: refused, FUSE_UID: "1000" });
      await expectUploads(folder.path);
    },
    PATIENCE_MS,
  );

  test.each([
    ["a name that it cannot hold", "name=EINVAL", "PUT", "/files/a:b", [400]],
    ["a name that it cannot write", "name=EILSEQ", "PUT", "/files/a:b", [400]],
    ["a folder name that it cannot hold", "name=EINVAL", "PUT", "/files/c:d/e", [400]],
    ["a read that fails", "read=EIO", "GET", "/files/old", [500, 502, 503]],
    ["a file that is stale", "open=ESTALE", "GET", "/files/old", [404, 500, 503]],
    ["a write that fails", "write=EIO", "PUT", "/files/new", [500, 503, 507]],
  ])("%s is a sentence and no stack trace", async (_, refused, method, target, statuses) => {
    await using folder = await mountFuse({ FUSE_REFUSE: refused });
    writeFileSync(join(folder.backing, "old"), "old");
    await using program = await RunningProgram.start(["--directory", folder.path]);
    const { status, body } = await ask(program.port, method, target, "", method === "PUT" ? "x" : "");
    expect(statuses).toContain(status);
    expect(body).toMatch(/^[^\n]+\.\n$/);
    await Bun.sleep(20);
    expect(program.log).not.toMatch(STACK_LINE);
    await untilSwept(folder.backing);
  });

  test("to remove the temporary name of a stored file has stored the file", async () => {
    await using folder = await mountFuse({ FUSE_REFUSE: "unlink-temporary=EPERM" });
    await using program = await RunningProgram.start(["--directory", folder.path]);
    expect((await ask(program.port, "PUT", "/files/a", "If-None-Match: *\r\n", "x")).status).toBe(201);
    expect(readFileSync(join(folder.backing, "a"), "latin1")).toBe("x");
  });
});

describe.skipIf(noFuse || noAcl)("a file with an access list that is replaced on a FUSE file system", () => {
  const listOf = (path: string): string => run("getfacl", "-cp", path);

  test.each([
    ["keeps it", {}],
    ["keeps it where each operation takes its time", { FUSE_DELAY_MS: "20" }],
    ["gives its owner the same where it cannot be read", { FUSE_REFUSE: "getxattr=ENOTSUP" }],
    ["gives its owner the same where it cannot be set", { FUSE_REFUSE: "setxattr=EPERM" }],
  ])(
    "%s",
    async (what, env) => {
      await using folder = await mountFuse(env);
      const [path, other] = [join(folder.backing, "a"), join(folder.backing, "b")];
      for (const each of [path, other]) writeFileSync(each, "old", { mode: 0o600 });
      run("setfacl", "-m", "u:1234:rw,g::---", path);
      const before = listOf(path);
      await using program = await RunningProgram.start(["--directory", folder.path]);
      const names = ["a", "b", "a"];
      for (const name of names) expect((await ask(program.port, "PUT", "/files/" + name, "", "new")).status).toBe(204);
      expect(readFileSync(path, "latin1")).toBe("new");
      if (what.startsWith("keeps")) expect(listOf(path)).toBe(before);
      expect(listOf(path)).toContain("user::rw-");
      expect(listOf(other)).not.toContain("1234");
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
    },
    PATIENCE_MS,
  );
});

describe("a file system that does not tell its size", () => {
  test.skipIf(noFuse).each([
    ["no blocks", "zero"],
    ["2^63 bytes", "huge"],
  ])("%s is not full", async (_, told) => {
    await using folder = await mountFuse({ FUSE_STATFS: told });
    await expectUploads(folder.path);
    await using program = await RunningProgram.start(["--directory", folder.path, "--min-free", "1M"]);
    expect((await ask(program.port, "PUT", "/files/free", "", "x")).status).toBe(201);
  });

  test.skipIf(noRoot)("a ramfs is not full", async () => {
    await using folder = mountRamfs();
    await expectUploads(folder.path);
  });
});

describe.skipIf(noLoop)("a file system whose times are whole seconds", () => {
  const kinds: readonly [what: string, mount: () => Mounted][] = [
    ["ext4 with small inodes", () => mountImage(32, "mkfs.ext4", "-q", "-I", "128")],
  ];
  test.each(kinds)(
    "%s: no two versions share a tag, and an older one overwrites nothing",
    async (_, mount) => {
      await using folder = mount();
      await using program = await RunningProgram.start(["--directory", folder.path]);
      const { port } = program;
      const tags: string[] = [];
      for (let i = 0; i < 30; i++) {
        const { fields } = await ask(port, "PUT", "/files/a", "", String(i).padStart(2, "0"));
        tags.push(fields.get("etag") ?? "none");
      }
      expect(new Set(tags).size).toBe(30);
      for (const tag of tags.slice(0, -1)) {
        const { status } = await ask(port, "PUT", "/files/a", `If-Match: ${tag.replace("W/", "")}\r\n`, "xx");
        expect(status).toBe(412);
      }
      expect((await ask(port, "GET", "/files/a")).body).toBe("29");
      await Bun.sleep(AGED_MS);
      const strong = (await ask(port, "GET", "/files/a")).fields.get("etag") ?? "none";
      expect(strong).not.toStartWith("W/");
      expect((await ask(port, "PUT", "/files/a", `If-Match: ${strong}\r\n`, "30")).status).toBe(204);
    },
    PATIENCE_MS,
  );

  test.each(kinds)("%s takes uploads", (_, mount) =>
    (async () => {
      await using folder = mount();
      await expectUploads(folder.path);
    })(),
  );
});

describe.skipIf(noRoot)("ten uploads at once and --min-free 32M on a disk of 64 MiB", () => {
  const size = 8 * MIB;
  const content = "x".repeat(size);
  const chunk = size.toString(16) + "\r\n" + content + "\r\n0\r\n\r\n";
  const kinds: readonly [what: string, raw: (i: number) => string][] = [
    ["of a known length", (i) => withLength("PUT", `/files/f${i}`, "", content)],
    ["in chunks", (i) => `PUT /files/f${i} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`],
    ["in forms", (i) => withLength("POST", "/files/", FORM, form([`f${i}`, content]))],
  ];
  test.each(kinds)(
    "%s leave what they have to",
    async (_, raw) => {
      await using disk = mountTmpfs(64);
      await using program = await RunningProgram.start(["--directory", disk.path, "--min-free", "32M"]);
      const texts = Array.from({ length: 10 }, (_, i) => raw(i));
      const clients = await Promise.all(texts.map(() => RawClient.connect(program.port)));
      const half = size / 2;
      // All are told to go on before any has sent much.
      await Promise.all(clients.map((client, i) => client.send(texts[i]!.slice(0, 1000))));
      await Bun.sleep(100);
      await Promise.all(clients.map((client, i) => client.send(texts[i]!.slice(1000, half))));
      await Promise.all(clients.map((client, i) => client.send(texts[i]!.slice(half))));
      for (const client of clients) client.end();
      const statuses = await Promise.all(clients.map((client) => client.untilEnd(PATIENCE_MS)));
      const stored = statuses.filter((text) => text.startsWith("HTTP/1.1 201")).length;
      const { bavail, bsize } = statfsSync(disk.path);
      console.log(`${stored} stored; ${Math.round((bavail * bsize) / MIB)} MiB free`);
      expect(bavail * bsize).toBeGreaterThanOrEqual(32 * MIB);
      expect(stored).toBeGreaterThan(0);
      await untilSwept(disk.path);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(noTools)("a refused form leaves nothing", () => {
  test("a file of another user in a sticky folder", async () => {
    using ground = new Ground();
    run("chmod", "755", ground.root);
    ground.write({ "served/a": "old", "served/foreign": "old" });
    run("chmod", "1777", ground.served);
    run("chown", "65534", ground.in("a"));
    run("chown", "1234", ground.in("foreign"));
    const under = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    await using program = await RunningProgram.start(["--directory", ground.served], { under });
    await expectRefused(program, ground, "foreign");
  });

  test("a file that may not be changed", async () => {
    using ground = new Ground();
    ground.write({ "served/a": "old", "served/fixed": "old" });
    run("chattr", "+i", ground.in("fixed"));
    try {
      await using program = await RunningProgram.start(["--directory", ground.served]);
      await expectRefused(program, ground, "fixed");
    } finally {
      run("chattr", "-i", ground.in("fixed"));
    }
  });

  async function expectRefused(program: RunningProgram, ground: Ground, name: string): Promise<void> {
    for (const files of [
      form(["a", "new"], [name, "new"]),
      form([name, "new"], ["a", "new"]),
      form(["b", "new"], [name, "new"]),
    ]) {
      const { status, body } = await ask(program.port, "POST", "/files/", FORM, files);
      expect([status, body]).toEqual([403, expect.stringMatching(/^[^\n]+\.\n$/)]);
      await ground.untilSwept();
      expect(readdirSync(ground.served).sort()).toEqual(["a", name].sort());
      expect([ground.read("served/a"), ground.read("served/" + name)]).toEqual(["old", "old"]);
    }
    expect(program.log).not.toMatch(STACK_LINE);
  }
});

describe.skipIf(noTools)("what the system says is told", () => {
  test("a folder that is not on the disk is an answer of failure, with --fsync", async () => {
    using ground = new Ground();
    ground.write({ "served/sub/a": "old" });
    await using program = await RunningProgram.start(["--directory", ground.served, "--fsync"]);
    const words = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", ground.in("sub"), "-e", "inject=fsync:error=EIO"];
    await using tracer = Helper.spawn([...words, "-p", String(program.pid)]);
    await untilTraced(program.pid, tracer);
    const { status } = await ask(program.port, "PUT", "/files/sub/a", "", "new");
    expect(status).toBeGreaterThanOrEqual(500);
    expect(program.log).not.toMatch(STACK_LINE);
  });

  test.each([
    ["whole", ""],
    ["compressed", "Accept-Encoding: gzip\r\n"],
  ])(
    "a disk that fails in the middle of a file that is sent %s cuts it, with a line and no stack trace",
    async (_, fields) => {
      using ground = new Ground();
      writeFileSync(ground.in("a.txt"), Buffer.alloc(8 * MIB, "text "));
      await using program = await RunningProgram.start(["--directory", ground.served]);
      const fault = ["-P", ground.in("a.txt"), "-e", "inject=pread64:error=EIO:when=6+"];
      const words = ["strace", "-f", "-qq", "-o", "/dev/null", ...fault];
      await using tracer = Helper.spawn([...words, "-p", String(program.pid)]);
      await untilTraced(program.pid, tracer);
      const client = await RawClient.connect(program.port);
      await client.send(`GET /files/a.txt HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
      const received = await client.untilEnd(PATIENCE_MS);
      client.close();
      expect(received).toStartWith("HTTP/1.1 200 ");
      expect(received.length).toBeLessThan(8 * MIB);
      await program.untilLog((log) => ["CONTENT_UNREADABLE", "(cut off)", "EIO"].every((word) => log.includes(word)));
      expect(program.log).not.toMatch(STACK_LINE);
    },
  );

  test.each([
    ["PUT to it", "PUT"],
    ["DELETE of it", "DELETE"],
  ])("a file that is a mount point, %s: a refusal in a sentence", async (_, method) => {
    using ground = new Ground();
    ground.write({ "served/f": "old", "outside/f": "mounted" });
    run("mount", "--bind", ground.out("f"), ground.in("f"));
    try {
      await using program = await RunningProgram.start(["--directory", ground.served, "--allow-delete"]);
      const { status, body } = await ask(program.port, method, "/files/f", "", method === "PUT" ? "new" : "");
      expect([status >= 400 && status < 500, body]).toEqual([true, expect.stringMatching(/^[^\n]+\.\n$/)]);
      expect(program.log).not.toMatch(STACK_LINE);
      await ground.untilSwept();
      expect(ground.read("outside/f")).toBe("mounted");
    } finally {
      run("umount", "-l", ground.in("f"));
    }
  });

  test("a file under a lease is a refusal in a sentence", async () => {
    using ground = new Ground();
    ground.write({ "served/a": "old" });
    await using _holder = await Helper.start([nativeProgram("hold-lease"), ground.in("a")]);
    await using program = await RunningProgram.start(["--directory", ground.served]);
    const { status, body } = await ask(program.port, "GET", "/files/a");
    expect([status === 500, body]).toEqual([false, expect.stringMatching(/^[^\n]+\.\n$/)]);
    expect(program.log).not.toMatch(STACK_LINE);
  });

  test("another version with the old one's time has another tag", async () => {
    using ground = new Ground();
    ground.write({ "served/a": "one", stamp: "" });
    await using program = await RunningProgram.start(["--directory", ground.served]);
    const tags = new Set<string>();
    for (const content of ["two", "six", "ten"]) {
      run("touch", "-r", ground.in("a"), ground.root + "/stamp");
      tags.add((await ask(program.port, "GET", "/files/a")).fields.get("etag") ?? "none");
      const descriptor = openSync(ground.in("a"), "r+");
      writeSync(descriptor, content, 0);
      closeSync(descriptor);
      run("touch", "-r", ground.root + "/stamp", ground.in("a"));
      const { fields, body } = await ask(program.port, "GET", "/files/a");
      expect(body).toBe(content);
      tags.add(fields.get("etag") ?? "none");
    }
    expect(tags.size).toBe(4);
  });
});

/** A tracer says nothing when it has begun; the kernel does. */
async function untilTraced(pid: number, tracer: Helper): Promise<void> {
  while (!tracer.hasEnded && / *TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/status`, "latin1")))
    await Bun.sleep(2);
}
