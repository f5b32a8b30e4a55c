// Build tools with their cache below /files/: Gradle, Bazel, and sccache with its storage for S3.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Two builds that start a Java machine each, where other tests want the processor, too. */
const PATIENCE_MS = 240_000;
const BUILD_MS = 110_000;
const LOGIN = ["--auth", "ci:long-enough-a-secret@/:rw"];

/** A folder that is served, and one for the sources of what is built. */
class Workshop implements Disposable {
  readonly #folder = tempFolder();
  readonly served = join(this.#folder.path, "served");
  readonly path = join(this.#folder.path, "work");

  constructor(sources: Readonly<Record<string, string>>) {
    mkdirSync(this.served);
    for (const [name, text] of Object.entries(sources)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** A name for what one machine keeps to itself. */
  own(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Runs a tool to its good end; all that it said. */
  async build(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await runClient(words, { cwd: this.path, env, patienceMs: BUILD_MS });
    if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stdout}\n${stderr}`);
    return `${stdout}\n${stderr}`;
  }

  /** Paths of what the server holds. */
  stored(): string[] {
    const entries = readdirSync(this.served, { recursive: true, withFileTypes: true });
    return entries
      .filter((each) => each.isFile() && !each.name.startsWith("."))
      .map((each) => join(each.parentPath, each.name).slice(this.served.length + 1));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

// Only the packages of Debian: elsewhere these names may be of programs that download the real one.
const GRADLE = needs({ suite: "clients", programs: ["gradle", "java"], paths: ["/usr/share/doc/gradle"] });
describe.skipIf(GRADLE.skip)("Gradle", () => {
  const sources = {
    "settings.gradle": `buildCache {
      local { enabled = false }
      remote(HttpBuildCache) {
        url = System.getenv("CACHE_URL")
        push = true
        if (System.getenv("CACHE_USER")) credentials { username = System.getenv("CACHE_USER"); password = System.getenv("CACHE_PASSWORD") }
      }
    }`,
    // The noise of the last cannot be compressed; it comes last, since an error ends the use of the cache.
    "build.gradle": `@CacheableTask
    class Noise extends DefaultTask {
      @Input int bytes
      @OutputFile File out
      @TaskAction void run() { byte[] noise = new byte[bytes]; new Random(bytes).nextBytes(noise); out.bytes = noise }
    }
    [1000, 2000, 3000, 900000].each { n -> task("noise" + n, type: Noise) { bytes = n; out = project.file("out/" + n) } }
    task all { dependsOn([1000, 2000, 3000, 900000].collect { "noise" + it }) }`,
  };

  /** Builds as on a machine that has built nothing; which tasks were found, and what is wrong with the cache. */
  async function build(workshop: Workshop, server: RunningProgram, env: Readonly<Record<string, string>> = {}) {
    for (const name of ["out", ".gradle"]) rmSync(join(workshop.path, name), { recursive: true, force: true });
    const words = ["gradle", "--no-daemon", "--build-cache", "--info", "--console", "plain", "all"];
    const cache = { CACHE_URL: server.url("/files/gradle/"), GRADLE_USER_HOME: workshop.own("gradle") };
    const said = await workshop.build(words, { ...cache, ...env });
    const out = join(workshop.path, "out");
    const sizes = readdirSync(out).map((name) => readFileSync(join(out, name)).length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1000, 2000, 3000, 900_000]);
    return { found: said.match(/\S+(?= FROM-CACHE)/g)?.length ?? 0, wrong: said.match(/response status \d+/g) ?? [] };
  }

  test(
    "finds what it stored, with a name and a password",
    async () => {
      using workshop = new Workshop(sources);
      await using server = await RunningProgram.start([...LOGIN, "--workers", "2", "--evict", "1G", workshop.served]);
      const login = { CACHE_USER: "ci", CACHE_PASSWORD: "long-enough-a-secret" };
      expect(await build(workshop, server, login)).toEqual({ found: 0, wrong: [] });
      expect(await build(workshop, server, login)).toEqual({ found: 4, wrong: [] });
      expect(workshop.stored().filter((path) => !/^gradle\/[0-9a-f]{32}$/.test(path))).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "is told 413 of what is larger than the cache, and finds the rest",
    async () => {
      using workshop = new Workshop(sources);
      await using server = await RunningProgram.start(["--evict", "500K", workshop.served]);
      expect(await build(workshop, server)).toEqual({ found: 0, wrong: ["response status 413"] });
      expect(await build(workshop, server)).toEqual({ found: 3, wrong: ["response status 413"] });
    },
    PATIENCE_MS,
  );
});

const BAZEL = needs({ suite: "clients", programs: ["bazel"], paths: ["/usr/share/doc/bazel-bootstrap"] });
describe.skipIf(BAZEL.skip)("Bazel", () => {
  const sources = {
    WORKSPACE: "",
    BUILD: `[genrule(
      name = "lines%d" % n,
      outs = ["lines%d.txt" % n],
      cmd = "for i in $$(seq %d); do echo line $$i; done > $@" % n,
    ) for n in [0, 1, 50, 100000]]`,
  };

  /** Builds as on a machine that has built nothing; how many actions were found, and what is wrong with the cache. */
  async function build(workshop: Workshop, server: RunningProgram, machine: string, login = "") {
    const own = [`--output_user_root=${workshop.own("bazel")}`, `--output_base=${workshop.own(machine)}`];
    const cache = `--remote_cache=http://${login}127.0.0.1:${server.port}/files/bazel`;
    const said = await workshop.build(["bazel", "--batch", ...own, "build", cache, "//:all"], { USER: "ci" });
    const lines = [0, 1, 50, 100_000].map((n) => readFileSync(join(workshop.path, `bazel-bin/lines${n}.txt`), "utf8"));
    expect(lines.map((text) => text.split("\n").length - 1)).toEqual([0, 1, 50, 100_000]);
    return {
      found: Number(/(\d+) remote cache hit/.exec(said)?.[1] ?? 0),
      wrong: said.match(/^WARNING: .*emote.*/gm) ?? [],
    };
  }

  test(
    "finds what it stored, with a name and a password",
    async () => {
      using workshop = new Workshop(sources);
      await using server = await RunningProgram.start([...LOGIN, "--workers", "2", "--evict", "1G", workshop.served]);
      const login = "ci:long-enough-a-secret@";
      expect(await build(workshop, server, "one", login)).toEqual({ found: 0, wrong: [] });
      expect(await build(workshop, server, "two", login)).toEqual({ found: 4, wrong: [] });
      expect(workshop.stored().filter((path) => !/^bazel\/(?:ac|cas)\/[0-9a-f]{64}$/.test(path))).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "makes again what has gone from the cache",
    async () => {
      using workshop = new Workshop(sources);
      await using server = await RunningProgram.start(["--evict", "1G", workshop.served]);
      await build(workshop, server, "one");
      // The action is still known, but its output has gone.
      for (const path of workshop.stored()) {
        const full = join(workshop.served, path);
        if (readFileSync(full).length > 500_000) rmSync(full);
      }
      expect((await build(workshop, server, "two")).found).toBe(3);
      expect((await build(workshop, server, "three")).found).toBe(4);
    },
    PATIENCE_MS,
  );
});

/** Distributions build sccache without any storage but the disk. */
function whySccacheCannot(): string {
  const { skip, why } = needs({ suite: "clients", programs: ["sccache", "gcc"] });
  if (skip) return why;
  const can = /S3: +true/.test(Bun.spawnSync(["sccache", "--help"]).stdout.toString());
  if (!can) console.warn("skipped: this sccache has no storage for S3");
  return can ? "" : "no storage for S3";
}

describe.skipIf(whySccacheCannot() !== "")("sccache", () => {
  test(
    "finds what it stored with its storage for S3",
    async () => {
      const sources = Object.fromEntries([1, 2, 3, 4].map((n) => [`f${n}.c`, `int f(int a) { return a + ${n}; }\n`]));
      using workshop = new Workshop(sources);
      // It tries its storage with .sccache_check.
      await using server = await RunningProgram.start(["--hidden", "--evict", "1G", workshop.served]);
      const env = {
        SCCACHE_BUCKET: "sccache",
        SCCACHE_ENDPOINT: `http://127.0.0.1:${server.port}/files`,
        SCCACHE_REGION: "auto",
        SCCACHE_S3_USE_SSL: "false",
        SCCACHE_S3_NO_CREDENTIALS: "true",
        SCCACHE_SERVER_UDS: workshop.own("sccache.socket"),
        SCCACHE_DIR: workshop.own("sccache"),
      };
      await workshop.build(["sccache", "--start-server"], env);
      try {
        for (const hits of [0, 4]) {
          await workshop.build(["sccache", "--zero-stats"], env);
          const names = Object.keys(sources);
          await Promise.all(
            names.map((name) => workshop.build(["sccache", "gcc", "-c", name, "-o", `${name}.o`], env)),
          );
          const said = await workshop.build(["sccache", "--show-stats"], env);
          const count = (name: string): number => Number(new RegExp(`^${name} +(\\d+)`, "m").exec(said)?.[1]);
          const counts = ["Cache hits", "Cache misses", "Cache errors", "Cache write errors"].map(count);
          expect(counts).toEqual([hits, 4 - hits, 0, 0]);
        }
      } finally {
        await workshop.build(["sccache", "--stop-server"], env);
      }
    },
    PATIENCE_MS,
  );
});
