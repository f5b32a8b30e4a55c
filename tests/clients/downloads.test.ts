// Programs that fetch: those that write ./ before names, many ranges at once, and forms made beforehand.

import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const PATIENCE_MS = 60_000;

describe.skipIf(needs({ suite: "clients", programs: ["rclone"] }).skip)("rclone", () => {
  test(
    "copies all files, those with a colon in their name too",
    async () => {
      using folder = tempFolder();
      const [served, copied] = [join(folder.path, "served"), join(folder.path, "copied")];
      mkdirSync(join(served, "logs"), { recursive: true });
      const names = ["2026-11-25T07:40.log", "a b.txt", "a:b:c", "logs/08:00.log", "plain.txt", "ä.txt"];
      for (const name of names) writeFileSync(join(served, name), `content of ${name}`);
      await using server = await RunningProgram.start([served]);
      const remote = ["--config", join(folder.path, "none"), "--http-url", server.url("/files/"), "--retries", "1"];
      const { exitCode, stderr } = await runClient(["rclone", "copy", ...remote, ":http:", copied]);
      expect([exitCode, stderr.match(/ERROR.*/g)]).toEqual([0, null]);
      const found = readdirSync(copied, { recursive: true }).map(String);
      expect(found.filter((name) => name !== "logs").sort()).toEqual(names.toSorted());
      for (const name of names) expect(readFileSync(join(copied, name), "utf8")).toBe(`content of ${name}`);
    },
    PATIENCE_MS,
  );
});

describe.skipIf(needs({ suite: "clients", programs: ["zsync", "zsyncmake"] }).skip)("zsync", () => {
  test(
    "fetches what differs from an old file, in many ranges",
    async () => {
      using folder = tempFolder();
      const [served, own] = [join(folder.path, "served"), join(folder.path, "own")];
      mkdirSync(served);
      mkdirSync(own);
      const bytes = randomBytes(4 * 1024 * 1024);
      writeFileSync(join(served, "image.bin"), bytes);
      expect((await runClient(["zsyncmake", "-u", "image.bin", "image.bin"], { cwd: served })).exitCode).toBe(0);
      const old = Buffer.from(bytes);
      for (let at = 50_000; at < old.length; at += 100_000) old.fill(0, at, at + 3000);
      writeFileSync(join(own, "old.bin"), old);
      await using server = await RunningProgram.start([served]);
      const words = ["zsync", "-q", "-i", "old.bin", "-o", "new.bin", server.url("/files/image.bin.zsync")];
      const { exitCode, stderr } = await runClient(words, { cwd: own });
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(readFileSync(join(own, "new.bin")).equals(bytes)).toBe(true);
      await server.untilLog((log) => /image\.bin HTTP\/1\.1 -> 206/.test(log));
    },
    PATIENCE_MS,
  );
});

describe.skipIf(needs({ suite: "clients", programs: ["curl", "brotli", "zstd", "gzip"] }).skip)(
  "--precompressed",
  () => {
    const programs: [program: string, words: string[], coding: string][] = [
      ["brotli", ["brotli", "-k"], "br"],
      ["zstd", ["zstd", "-q", "-k"], "zstd"],
      ["gzip", ["gzip", "-k"], "gzip"],
    ];
    test.each(programs)("serves what %s makes, whatever it does to the times", async (_program, words, coding) => {
      using folder = tempFolder();
      const path = join(folder.path, "app.js");
      writeFileSync(path, "1;".repeat(1000));
      // A fraction of a second, which no copy of the time keeps.
      utimesSync(path, 1_700_000_000.75, 1_700_000_000.75);
      expect((await runClient([...words, path])).exitCode).toBe(0);
      await using server = await RunningProgram.start(["--precompressed", folder.path]);
      const field = `Accept-Encoding: ${coding}`;
      const { stdout } = await runClient([
        "curl",
        "-s",
        "-D-",
        "-o",
        "/dev/null",
        "-H",
        field,
        server.url("/files/app.js"),
      ]);
      expect(stdout).toContain(`Content-Encoding: ${coding}`);
      const made = readFileSync(
        join(
          folder.path,
          readdirSync(folder.path).find((name) => name !== "app.js")!,
        ),
      );
      expect(stdout).toContain(`Content-Length: ${made.length}\r`);
    });
  },
);

const APT = needs({ suite: "clients", linux: true, programs: ["apt-get", "dpkg-deb", "dpkg-scanpackages"] });
describe.skipIf(APT.skip)("apt", () => {
  test(
    "uses a flat repository, whose names begin with ./",
    async () => {
      using folder = tempFolder();
      const at = (name: string): string => join(folder.path, name);
      mkdirSync(at("package/DEBIAN"), { recursive: true });
      const control =
        "Package: hello-mini\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a test\n";
      writeFileSync(at("package/DEBIAN/control"), control);
      for (const name of ["repository", "state/lists/partial", "cache/archives/partial", "etc"])
        mkdirSync(at(name), { recursive: true });
      await runClient(["dpkg-deb", "--build", at("package"), at("repository/hello-mini_1.0_all.deb")]);
      const scanned = await runClient(["dpkg-scanpackages", "-m", "."], { cwd: at("repository") });
      writeFileSync(at("repository/Packages"), scanned.stdout);
      writeFileSync(at("state/status"), "");
      await using server = await RunningProgram.start([at("repository")]);
      writeFileSync(at("etc/sources.list"), `deb [trusted=yes] ${server.url("/files/")} ./\n`);
      const folders = {
        "Dir::Etc::SourceList": at("etc/sources.list"),
        "Dir::Etc::SourceParts": at("etc/none"),
        "Dir::Etc::Parts": at("etc/none"),
        "Dir::State": at("state"),
        "Dir::State::status": at("state/status"),
        "Dir::Cache": at("cache"),
        "APT::Sandbox::User": "root",
        "Acquire::http::Proxy": "DIRECT",
      };
      const apt = ["apt-get", ...Object.entries(folders).map(([name, value]) => `-o${name}=${value}`)];
      const updated = await runClient([...apt, "update"]);
      expect([updated.exitCode, updated.stderr]).toEqual([0, ""]);
      const fetched = await runClient([...apt, "download", "hello-mini"], { cwd: at("cache") });
      expect([fetched.exitCode, fetched.stderr.match(/^E:.*/gm)]).toEqual([0, null]);
      expect(readFileSync(at("cache/hello-mini_1.0_all.deb"))).toEqual(
        readFileSync(at("repository/hello-mini_1.0_all.deb")),
      );
    },
    PATIENCE_MS,
  );
});
