// The release workflow as data: what may run, with which rights, and that nothing is attested which the build did not make.

import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { checksums } from "../../.ci/release-papers.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const ROOT = resolve(import.meta.dir, "../..");
const VERIFY = join(ROOT, ".ci/verify-release");
const read = (name: string): Workflow =>
  Bun.YAML.parse(readFileSync(join(ROOT, ".github/workflows", name), "utf8")) as Workflow;
const release = read("release.yml");

describe.each(["ci.yml", "release.yml"])("%s", (name) => {
  const workflow = read(name);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("names actions by commit and images by digest", () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
    for (const { run = "" } of steps.filter((step) => step.run?.includes("docker run"))) {
      expect(run).toMatch(/\s[a-z/]+:[\w.]+@sha256:[0-9a-f]{64}\s/);
    }
  });

  test("may only read, and has no value of the event in a script", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });
});

describe("release.yml", () => {
  test("only the job that publishes may write, after all others", () => {
    const writing = Object.entries(release.jobs).filter(([, job]) => job.permissions !== undefined);
    expect(writing.map(([name]) => name)).toEqual(["publish"]);
    const others = Object.keys(release.jobs).filter((name) => name !== "publish");
    expect([...(release.jobs["publish"]!.needs ?? [])].sort()).toEqual(others.sort());
  });

  test("each job that takes the files compares them with the build's digest before anything else", () => {
    expect(release.jobs["build"]!.outputs).toEqual({ digest: "${{ steps.digest.outputs.digest }}" });
    const takers = Object.values(release.jobs).filter(({ steps }) =>
      steps.some(({ uses }) => uses?.startsWith("actions/download-artifact@")),
    );
    expect(takers).toHaveLength(3);
    for (const { steps } of takers) {
      const taken = steps.findIndex(({ uses }) => uses?.startsWith("actions/download-artifact@"));
      const next = steps[taken + 1]!;
      expect(next.run).toMatch(/^\.ci\/verify-release (dist|release) "\$DIGEST"$/);
      expect(next.env).toEqual({ DIGEST: "${{ needs.build.outputs.digest }}" });
    }
  });

  test("the tests run apart from the build", () => {
    const says = (job: string, words: string): boolean =>
      release.jobs[job]!.steps.some(({ run }) => run?.includes(words));
    expect([says("check", ".ci/run"), says("build", ".ci/run"), says("build", "build.sh --all")]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

const { skip } = needs({ programs: ["git", "sh", "sha256sum"] });

describe.skipIf(skip)(".ci/verify-release", () => {
  let folder: ReturnType<typeof tempFolder>;
  let digest: string;
  beforeEach(() => {
    folder = tempFolder();
    for (const name of ["mini-http-1-linux.tar.gz", "mini-http-1.cdx.json"])
      writeFileSync(join(folder.path, name), name);
    const sums = checksums(folder.path);
    writeFileSync(join(folder.path, "SHA256SUMS"), sums);
    digest = new Bun.CryptoHasher("sha256").update(sums).digest("hex");
  });

  const cases: [why: string, change: (path: string) => void, exitCode: number][] = [
    ["what was built", () => {}, 0],
    ["an archive that was replaced", (path) => writeFileSync(join(path, "mini-http-1-linux.tar.gz"), "evil"), 1],
    [
      "an archive that was replaced, with sums that fit",
      (path) => {
        writeFileSync(join(path, "mini-http-1-linux.tar.gz"), "evil");
        rmSync(join(path, "SHA256SUMS"));
        writeFileSync(join(path, "SHA256SUMS"), checksums(path));
      },
      1,
    ],
    ["a file more", (path) => writeFileSync(join(path, "mini-http-1-evil.tar.gz"), "evil"), 1],
    ["a hidden file more", (path) => writeFileSync(join(path, ".evil"), "evil"), 1],
    ["a folder more", (path) => mkdirSync(join(path, "evil")), 1],
    ["a file less", (path) => rmSync(join(path, "mini-http-1.cdx.json")), 1],
    ["no sums", (path) => rmSync(join(path, "SHA256SUMS")), 1],
  ];
  test.each(cases)("%s", (_, change, exitCode) => {
    change(folder.path);
    expect(Bun.spawnSync([VERIFY, folder.path, digest]).exitCode).toBe(exitCode);
    folder[Symbol.dispose]();
  });

  test.each(["", "0".repeat(64), "x".repeat(64)])("a digest that is not the build's: %p", (other) => {
    expect(Bun.spawnSync([VERIFY, folder.path, other]).exitCode).toBe(1);
    folder[Symbol.dispose]();
  });
});

test.skipIf(skip)("a tag beside main is refused, one on main is not", () => {
  using folder = tempFolder();
  const script = release.jobs["build"]!.steps.find(({ name }) => name === "the tag is on main")!.run!;
  const run = (...words: string[]): number => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
    const command = words[0] === "git" ? ["git", ...identity, ...words.slice(1)] : words;
    return Bun.spawnSync(command, { cwd: folder.path, stderr: "ignore" }).exitCode;
  };
  run("git", "init");
  for (const message of ["one", "two"]) run("git", "commit", "--allow-empty", "-m", message);
  run("git", "update-ref", "refs/remotes/origin/main", "HEAD");
  run("git", "checkout", "--detach", "HEAD~1");
  expect(run("bash", "-c", script)).toBe(0);
  run("git", "commit", "--allow-empty", "-m", "aside");
  expect(run("bash", "-c", script)).toBe(1);
});
