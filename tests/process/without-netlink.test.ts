// A server that may not know the network addresses of its machine: units of systemd with
// RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6, and filters of containers.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";

const WITHOUT_NETLINK = ["python3", join(import.meta.dir, "../support/without-netlink.py")];
const STACK_LINE = /^\s+at /m;

describe.skipIf(needs({ linux: true, programs: ["python3"] }).skip)("without AF_NETLINK", () => {
  const kinds: [kind: string, flags: string[]][] = [
    ["a server", []],
    ["a server with workers", ["--workers", "2"]],
    ["a server for the network", ["--host", "0.0.0.0"]],
    ["a server with a certificate of its own", ["--tls", "self-signed"]],
    ["a server that would draw its address", ["--qr"]],
  ];
  test.each(kinds)("%s starts, and has no fault to tell of", async (_, flags) => {
    await using program = await RunningProgram.start(flags, { under: WITHOUT_NETLINK });
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(program.log).not.toMatch(STACK_LINE);
    expect(program.log).not.toContain("[ERROR]");
  });
});
