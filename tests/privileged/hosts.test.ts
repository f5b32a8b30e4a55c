// A host name with several addresses, as /etc/hosts gives them: a file of our own in a mount namespace of our own.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({ suite: "privileged", root: true, linux: true, programs: ["bash", "mount", "unshare"] });

const HOSTS = `127.0.0.1 localhost
127.0.0.2 two.test
127.0.0.3 two.test
127.0.0.4 part.test
198.51.100.1 part.test
198.51.100.1 none.test
198.51.100.2 none.test
`;

/** Bash that becomes the program where this machine's names are `HOSTS`. */
function withHosts(folder: string): string {
  const hosts = join(folder, "hosts");
  writeFileSync(hosts, HOSTS);
  const enter = `mount --bind ${hosts} /etc/hosts; exec "$@"`;
  return `set -- unshare --mount bash -c '${enter}' bash "$@"`;
}

describe.skipIf(skip)("--host NAME with several addresses", () => {
  test.each([[], ["--workers", "2"]])("listens on all of them: %j", async (...flags) => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--host", "two.test", ...flags], {
      before: withHosts(folder.path),
    });
    for (const address of ["127.0.0.2", "127.0.0.3"]) {
      const reply = await fetch(`http://${address}:${program.port}/echo/a`);
      expect(await reply.text()).toBe("a");
    }
    expect(program.log).not.toContain("also stands for");
  });

  test.each([[], ["--workers", "2"]])("says which of them this machine does not have: %j", async (...flags) => {
    using folder = tempFolder();
    await using program = await RunningProgram.start(["--host", "part.test", ...flags], {
      before: withHosts(folder.path),
    });
    expect(await (await fetch(`http://127.0.0.4:${program.port}/echo/a`)).text()).toBe("a");
    const warnings = program.log.match(/\[WARNING\] .*/g);
    expect(warnings).toEqual(["[WARNING] part.test also stands for 198.51.100.1, which this machine does not have."]);
  });

  test("is one line and exit code 1 when it has none of them", async () => {
    using folder = tempFolder();
    const { exitCode, stderr } = await runProgram(["--host", "none.test"], { before: withHosts(folder.path) });
    expect([exitCode, stderr]).toEqual([
      1,
      "mini-http: Cannot listen: none.test is not an address of this machine; choose another with --host.\n",
    ]);
  });
});
