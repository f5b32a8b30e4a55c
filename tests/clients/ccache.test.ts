// ccache with its remote storage below /files/: what one machine compiled, another gets without compiling it.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const PATIENCE_MS = 120_000;
const SOURCES = 5;
const NAME_PASSWORD = "ci:long-enough-a-secret";
const TOKEN = "long-enough-a-token-0123";

/** What ccache counted. */
type Counts = Readonly<Record<"hit" | "miss" | "error" | "timeout" | "write", number>>;

/** Nothing went wrong, and so many results were found or stored. */
const found = (hit: number, miss: number) => expect.objectContaining({ hit, miss, error: 0, timeout: 0 });

/** Where ccache keeps its objects. */
const storage = (server: RunningProgram, path: string): string => server.url(`/files/${path}`);

/** A folder with C files, and with the local cache of one machine after the other. */
class Project implements Disposable {
  readonly #folder = tempFolder();
  readonly served = join(this.#folder.path, "served");

  constructor() {
    mkdirSync(this.served);
    writeFileSync(join(this.#folder.path, "scale.h"), "#ifndef SCALE\n#define SCALE 1\n#endif\n");
    for (let i = 0; i < SOURCES; i++) {
      const text = `#include "scale.h"\nint f${i}(int a) { return a * ${i} + SCALE; }\n`;
      writeFileSync(join(this.#folder.path, `f${i}.c`), text);
    }
  }

  /** Compiles all of it at once on a machine that has nothing yet; the results are compared with the compiler's own. */
  async compile(remote: string, words: readonly string[] = [], machine = "machine"): Promise<Counts> {
    this.forget(machine);
    await Promise.all(Array.from({ length: SOURCES }, (_, i) => this.compileOne(i, remote, words, machine)));
    return this.counts(machine);
  }

  async compileOne(i: number, remote: string, words: readonly string[] = [], machine = "machine"): Promise<void> {
    const [cached, plain] = [`${machine}-${i}.o`, `plain-${machine}-${i}.o`];
    const source = ["-c", `f${i}.c`, ...words];
    const made = await this.run(["ccache", "gcc", ...source, "-o", cached], remote, machine);
    expect([made.exitCode, made.stderr]).toEqual([0, ""]);
    await this.run(["gcc", ...source, "-o", plain], remote, machine);
    expect(this.read(cached).equals(this.read(plain))).toBe(true);
  }

  run(words: readonly string[], remote: string, machine: string, env: Record<string, string> = {}) {
    const own = { CCACHE_DIR: join(this.#folder.path, machine), CCACHE_REMOTE_STORAGE: remote };
    return runClient(words, { cwd: this.#folder.path, env: { ...own, ...env } });
  }

  async counts(machine = "machine"): Promise<Counts> {
    const { stdout } = await this.run(["ccache", "--print-stats"], "", machine);
    const count = (name: string): number =>
      Number(new RegExp(`^remote_storage_${name}\t(\\d+)$`, "m").exec(stdout)?.[1]);
    return {
      hit: count("hit"),
      miss: count("miss"),
      error: count("error"),
      timeout: count("timeout"),
      write: count("write"),
    };
  }

  /** As a machine that was not here before. */
  forget(machine = "machine"): void {
    rmSync(join(this.#folder.path, machine), { recursive: true, force: true });
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.#folder.path, name, ".."), { recursive: true });
    writeFileSync(join(this.#folder.path, name), text);
  }

  read(name: string): Buffer {
    return readFileSync(join(this.#folder.path, name));
  }

  /** Paths of what the server holds, without the order of use that it keeps for itself. */
  stored(): string[] {
    const entries = readdirSync(this.served, { recursive: true, withFileTypes: true });
    return entries
      .filter((each) => each.isFile() && !each.name.startsWith(".mini-http-"))
      .map((each) => join(each.parentPath, each.name));
  }

  storedBytes(): number {
    return this.stored().reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

describe.skipIf(needs({ suite: "clients", programs: ["ccache", "gcc"] }).skip)("ccache", () => {
  const ways: [attributes: string, path: RegExp, flags: string[]][] = [
    ["layout=flat", /^c\/[0-9a-v]{33}$/, []],
    ["layout=subdirs", /^c\/[0-9a-v]{2}\/[0-9a-v]{31}$/, []],
    ["layout=bazel", /^c\/ac\/[0-9a-f]{64}$/, []],
    ["layout=subdirs", /^c\/[0-9a-v]{2}\/[0-9a-v]{31}$/, ["--workers", "2", "--evict", "1G"]],
    ["layout=subdirs|keep-alive=false", /^c\/[0-9a-v]{2}\/[0-9a-v]{31}$/, []],
    [`layout=flat|bearer-token=${TOKEN}`, /^c\/[0-9a-v]{33}$/, ["--token", `ci:${TOKEN}@/:rw`]],
  ];
  test.each(ways)(
    "with %s finds what another machine stored at %p",
    async (attributes, path, flags) => {
      using project = new Project();
      await using server = await RunningProgram.start([...flags, project.served]);
      const remote = `${storage(server, "c")}|${attributes}`;
      expect(await project.compile(remote)).toEqual(found(0, SOURCES));
      expect(await project.compile(remote)).toEqual(found(SOURCES, 0));
      const stored = project.stored().map((each) => each.slice(project.served.length + 1));
      // A manifest and a result for each.
      expect([stored.length, stored.filter((each) => !path.test(each))]).toEqual([2 * SOURCES, []]);
    },
    PATIENCE_MS,
  );

  test(
    "compiles right while its cache is too small for what it stores",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start(["--evict", "4K", project.served]);
      for (const scale of [1, 2, 3]) {
        const counts = await project.compile(storage(server, "c"), [`-DSCALE=${scale}`]);
        expect([counts.error, counts.timeout]).toEqual([0, 0]);
      }
      await server.untilLog((log) => /Removed \d+ files, \d+ bytes \(least recently read, --evict\)/.test(log));
      // A small file is one of two that fit: it is still there for whoever compiles it again.
      await project.compileOne(0, storage(server, "c"));
      project.forget();
      await project.compileOne(0, storage(server, "c"));
      expect(await project.counts()).toEqual(found(1, 0));
      expect(project.storedBytes()).toBeLessThanOrEqual(4096);
      expect(server.log).not.toMatch(/ -> (?:507|5\d\d) |\[ERROR\]/);
    },
    PATIENCE_MS,
  );

  test(
    "on several machines at once stores and finds the same objects",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start(["--workers", "2", "--evict", "1M", project.served]);
      const machines = ["one", "two", "three"];
      const first = await Promise.all(machines.map((machine) => project.compile(storage(server, "c"), [], machine)));
      for (const { error, timeout } of first) expect([error, timeout]).toEqual([0, 0]);
      const second = await Promise.all(machines.map((machine) => project.compile(storage(server, "c"), [], machine)));
      expect(second).toEqual(machines.map(() => found(SOURCES, 0)));
      expect(project.stored()).toHaveLength(2 * SOURCES);
    },
    PATIENCE_MS,
  );

  test(
    "that may only read finds what one stored that may write",
    async () => {
      using project = new Project();
      const flags = ["--auth", `${NAME_PASSWORD}@/:rw`, "--anonymous", "ro@/", project.served];
      await using server = await RunningProgram.start(flags);
      const remote = storage(server, "c");
      const stored = await project.compile(remote.replace("//", `//${NAME_PASSWORD}@`));
      expect(stored).toEqual(found(0, SOURCES));
      expect(await project.compile(`${remote}|read-only`)).toEqual(found(SOURCES, 0));
      // Without the word it tries to store, is told 401, and compiles all the same.
      const { error, write } = await project.compile(remote, ["-DSCALE=2"]);
      expect([error, write]).toEqual([SOURCES, 0]);
      expect(project.stored()).toHaveLength(2 * SOURCES);
    },
    PATIENCE_MS,
  );

  test(
    "replaces what was damaged on the disk",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start([project.served]);
      const remote = storage(server, "c");
      await project.compile(remote);
      expect(await project.compile(remote)).toEqual(found(SOURCES, 0));
      for (const path of project.stored()) writeFileSync(path, readFileSync(path).fill(0, 40, 44));
      const repaired = await project.compile(remote);
      expect([repaired.error, repaired.write]).toEqual([0, 2 * SOURCES]);
      expect(await project.compile(remote)).toEqual({ hit: SOURCES, miss: 0, error: 0, timeout: 0, write: 0 });
    },
    PATIENCE_MS,
  );

  test(
    "asks with HEAD before it shares what it has, and stores again what it must not believe",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start([project.served]);
      const [remote, words] = [storage(server, "c"), ["ccache", "gcc", "-c", "f0.c"]];
      await project.run(words, "", "machine");
      const asked = async (env: Record<string, string>): Promise<string[]> => {
        const before = server.log.length;
        expect((await project.run(words, remote, "machine", env)).exitCode).toBe(0);
        const log = await server.untilLog((each) => each.includes("[DISCONNECTED]", before));
        return [...log.slice(before).matchAll(/\] (\w+) \S+ HTTP\/1\.1 -> (\d+)/g)].map(
          ([, way, status]) => `${way} ${status}`,
        );
      };
      expect(await asked({ CCACHE_RESHARE: "1" })).toEqual(["HEAD 404", "PUT 201", "HEAD 404", "PUT 201"]);
      expect(await asked({ CCACHE_RESHARE: "1" })).toEqual(["HEAD 200", "HEAD 200"]);
      expect(await asked({ CCACHE_RECACHE: "1" })).toContain("PUT 204");
    },
    PATIENCE_MS,
  );

  test(
    "removes a manifest that misled it",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start(["--allow-delete", project.served]);
      project.write("old/limit.h", "#define LIMIT 1\n");
      project.write("new/none.h", "");
      project.write("main.c", '#include "limit.h"\nint limit(void) { return LIMIT; }\n');
      const words = ["ccache", "gcc", "-Inew", "-Iold", "-c", "main.c"];
      await project.run(words, storage(server, "c"), "machine");
      // Now another header comes first, which the manifest does not know; and its result has been evicted.
      project.write("new/limit.h", "#define LIMIT 2\n");
      project.forget();
      const IS_RESULT = 0;
      for (const path of project.stored()) if (readFileSync(path)[3] === IS_RESULT) rmSync(path);
      expect((await project.run(words, storage(server, "c"), "machine")).exitCode).toBe(0);
      // The version decides whether it names one that is there.
      await server.untilLog((log) => /DELETE \/files\/c\/\S+ HTTP\/1\.1 -> (?:204|404) /.test(log));
    },
    PATIENCE_MS,
  );

  test(
    "may clean up the folder that is served",
    async () => {
      using project = new Project();
      await using server = await RunningProgram.start([project.served]);
      const remote = storage(server, "c");
      await project.compile(remote);
      const trim = ["ccache", "--trim-dir", project.served, "--trim-max-size", "0", "--trim-method", "mtime"];
      expect((await project.run(trim, "", "machine")).exitCode).toBe(0);
      expect(project.stored()).toEqual([]);
      expect(await project.compile(remote)).toEqual(found(0, SOURCES));
      expect(await project.compile(remote)).toEqual(found(SOURCES, 0));
    },
    PATIENCE_MS,
  );
});
