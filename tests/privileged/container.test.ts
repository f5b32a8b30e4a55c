// As in a container: nothing but the served folder can be written, the user is nobody, and of the environment nothing is
// left, nor of the standard files.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { needs } from "../support/needs.ts";
import { COMMAND } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({
  suite: "privileged",
  root: true,
  linux: true,
  programs: ["unshare", "mount", "setpriv", "prlimit", "curl"],
});

const NOBODY = 65534;
const GIB = 1024 ** 3;
/** What a container of 128 MiB would give. */
const MOST_RESIDENT_KIB = 128 * 1024;
/** Bun itself does not start with 128 MiB of addresses; it reserves more than it ever uses. */
const LEAST_ADDRESSES = 512 * 1024 * 1024;
const PATIENCE_MS = 120_000;

const folder = tempFolder();
const served = join(folder.path, "served");
const ready = join(folder.path, "ready.json");
/** Everything but the folder can be read only, then the program becomes nobody's. */
const CONTAIN = `mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift &&
exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --no-new-privs env -i "$@"`;

beforeAll(() => {
  mkdirSync(served);
  for (const path of [folder.path, served]) {
    chmodSync(path, 0o755);
    chownSync(path, NOBODY, NOBODY);
  }
});
afterAll(() => folder[Symbol.dispose]());

interface Contained extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<number>;
}

async function contain(flags: readonly string[], closed: string, limit: readonly string[]): Promise<Contained> {
  const program = [realpathSync(COMMAND[0]!), ...COMMAND.slice(1)];
  const words = [...limit, ...program, "--port", "0", "--ready-file", ready, ...flags];
  const starter = ["unshare", "--mount", "sh", "-c", CONTAIN, "sh", folder.path, ...words];
  const child = Bun.spawn(["sh", "-c", `exec "$@" ${closed}`, "sh", ...starter], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  while (!existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    await Bun.sleep(10);
  }
  const { pid, urls } = JSON.parse(readFileSync(ready, "utf8")) as { pid: number; urls: [string] };
  const end = (signal: NodeJS.Signals) => (): Promise<number> => {
    child.kill(signal);
    return child.exited;
  };
  return {
    pid,
    url: urls[0],
    stop: end("SIGTERM"),
    async [Symbol.asyncDispose]() {
      await end("SIGKILL")();
      rmSync(ready, { force: true });
      for (const name of readdirSync(served)) rmSync(join(served, name));
    },
  };
}

async function curl(...words: readonly string[]): Promise<string> {
  const child = Bun.spawn(["curl", "--silent", "--show-error", ...words], { stdout: "pipe", stderr: "inherit" });
  return child.stdout.text();
}

function peakKib(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
}

const containers: [what: string, flags: string[], closed: string, limit: string[]][] = [
  ["closed standard input", [], "<&-", []],
  ["closed standard files", [], "<&- >&- 2>&-", []],
  ["closed standard files and two workers", ["--workers", "2"], "<&- >&- 2>&-", []],
  ["few addresses", [], "<&-", ["prlimit", `--as=${LEAST_ADDRESSES}`]],
];

describe.skipIf(skip)("in a container with", () => {
  test.each(containers)(
    "%s, 1 GiB comes and goes",
    async (_what, flags, closed, limit) => {
      await using server = await contain([...flags, served], closed, limit);
      writeFileSync(join(served, "big"), "begin");
      truncateSync(join(served, "big"), GIB);
      const written = "%{http_code} %{size_download}";
      expect(await curl("--output", "/dev/null", "--write-out", written, `${server.url}/files/big`)).toBe(`200 ${GIB}`);
      expect(await curl("--write-out", "%{http_code}", "-T", join(served, "big"), `${server.url}/files/copy`)).toBe(
        "201",
      );
      const { size, uid } = statSync(join(served, "copy"));
      expect([size, uid]).toEqual([GIB, NOBODY]);
      expect(peakKib(server.pid)).toBeLessThan(MOST_RESIDENT_KIB);
      expect(await server.stop()).toBe(0);
      expect(readdirSync(folder.path)).toEqual(["served"]);
    },
    PATIENCE_MS,
  );
});
