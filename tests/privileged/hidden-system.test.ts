// A server that is told next to nothing of its machine: no network addresses, and of /proc only processes (ProcSubset=pid of
// systemd).

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const programs = ["unshare", "mount", "python3"];
const { skip } = needs({ suite: "privileged", root: true, linux: true, programs });
const HIDE = 'mount --make-rprivate / && mount -t proc -o subset=pid proc /proc && exec "$@"';
const WITHOUT_NETLINK = ["python3", join(import.meta.dir, "../support/without-netlink.py")];

test.skipIf(skip).each([["1"], ["2"]])("%s workers take uploads", async (workers) => {
  using folder = tempFolder();
  const under = ["unshare", "--mount", "bash", "-c", HIDE, "bash", ...WITHOUT_NETLINK];
  await using program = await RunningProgram.start(["--directory", folder.path, "--workers", workers], { under });
  expect((await ask(program.port, "PUT", "/files/a", "", "text")).status).toBe(201);
  expect((await ask(program.port, "GET", "/files/a")).body).toBe("text");
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  expect(readdirSync(folder.path)).toEqual(["a"]);
  expect(program.log).not.toMatch(/^\s+at /m);
});
