// Whether calls may stand on the event loop. The mounts are made up, and the clock is moved by hand.

import { afterEach, beforeEach, describe, expect, type Mock, spyOn, test } from "bun:test";
import { Pace } from "../../src/storage/pace.ts";

const DISTRUST_MS = 10_000;
const LOOK_MS = 5000;

/** Lines as in /proc/self/mountinfo: "type point". */
function mounts(...lines: readonly string[]): string {
  return lines
    .map((line, i) => {
      const [type, point] = line.split(" ");
      return `${i + 20} 1 0:${i} / ${point} rw,relatime shared:1 - ${type} source rw`;
    })
    .join("\n");
}

describe("calls are local", () => {
  const cases: readonly [why: string, path: string, mounts: string, isLocal: boolean][] = [
    ["on a disk", "/srv", mounts("ext4 /"), true],
    ["in memory", "/run/x", mounts("ext4 /", "tmpfs /run"), true],
    ["not on a network", "/srv", mounts("ext4 /", "nfs4 /srv"), false],
    ["not below its mount", "/srv/a/b", mounts("ext4 /", "cifs /srv"), false],
    ["beside it", "/srv2", mounts("ext4 /", "cifs /srv"), true],
    ["not on a program's", "/home/me/cloud", mounts("ext4 /", "fuse.sshfs /home/me/cloud"), false],
    ["not on a kind that nobody knows", "/srv", mounts("ext4 /", "newfs /srv"), false],
    ["not where something else is mounted inside", "/srv", mounts("ext4 /", "nfs4 /srv/share"), false],
    [
      "where a disk is mounted on a network's folder",
      "/net/a/disk",
      mounts("ext4 /", "nfs4 /net/a", "xfs /net/a/disk"),
      true,
    ],
    ["by the later of two mounts on one place", "/srv", mounts("ext4 /", "nfs4 /srv", "ext4 /srv"), true],
    ["not under the later of two", "/srv", mounts("ext4 /", "ext4 /srv", "nfs4 /srv"), false],
    ["a blank in the name", "/my files", mounts("ext4 /", "nfs4 /my\\040files"), false],
    ["a backslash in the name", "/a\\b", mounts("ext4 /", "nfs4 /a\\134b"), false],
    ["where the system tells nothing", "/srv", "", true],
    ["where it tells what cannot be read", "/srv", "nothing to see\n\n", true],
    ["everywhere, with a network somewhere", "", mounts("ext4 /", "nfs4 /srv"), false],
    ["everywhere, with disks only", "", mounts("ext4 /", "proc /proc", "tmpfs /run"), true],
  ];
  test.each(cases)("%s", (_why, path, lines, isLocal) => {
    const pace = new Pace(() => lines);
    pace.look(path);
    expect([pace.isLocal, pace.isDirect]).toEqual([isLocal, isLocal]);
  });
});

describe("with a clock", () => {
  let now = 1000;
  let clock: Mock<() => number>;
  let pace: Pace;

  beforeEach(() => {
    now = 1000;
    clock = spyOn(performance, "now").mockImplementation(() => now);
    pace = new Pace(() => mounts("ext4 /"));
    pace.look("/srv");
  });
  afterEach(() => clock.mockRestore());

  const took = (...times: readonly number[]): void => times.forEach((ms) => pace.took(ms));

  test.each([
    ["quick ones do not count", [1, 5, 5, 5, 5, 5], true],
    ["two slow ones are chance", [6, 6], true],
    ["three are not", [6, 6, 6], false],
    ["nor is one very slow one", [51], false],
    ["a hundred quick ones and a few outweigh a slow one", [6, 6, ...Array(110).fill(1), 6], true],
    ["fewer do not", [6, 6, ...Array(50).fill(1), 6, 6], false],
  ])("slow calls: %s", (_why, times, isDirect) => {
    took(...times);
    expect([pace.isDirect, pace.isLocal]).toEqual([isDirect, true]);
  });

  test("a slow file system is trusted again after a while", () => {
    took(100);
    now += DISTRUST_MS - 1;
    expect(pace.isDirect).toBe(false);
    now += 1;
    expect(pace.isDirect).toBe(true);
    took(6, 6);
    expect(pace.isDirect).toBe(true);
  });

  test("what stays slow off the loop stays off it", async () => {
    took(100);
    now += DISTRUST_MS - 1;
    await pace.watch(Promise.resolve().then(() => void (now += 100)));
    expect(pace.isDirect).toBe(false);
    now += DISTRUST_MS - 1;
    expect(pace.isDirect).toBe(false);
  });

  test("a call that fails is timed, too", async () => {
    const failing = pace.watch(
      Promise.resolve().then(() => {
        now += 100;
        throw new Error("EIO");
      }),
    );
    expect(await failing.catch((error: Error) => error.message)).toBe("EIO");
    expect(pace.isDirect).toBe(false);
  });

  test("mounts are looked at now and then, and for another path at once", () => {
    let looks = 0;
    const looking = new Pace(() => mounts(looks++ === 0 ? "ext4 /" : "nfs4 /"));
    for (let i = 0; i < 5; i++) looking.look("/srv");
    now += LOOK_MS - 1;
    looking.look("/srv");
    expect([looks, looking.isDirect]).toEqual([1, true]);
    now += 1;
    looking.look("/srv");
    expect([looks, looking.isDirect]).toEqual([2, false]);
    looking.look("/other");
    expect(looks).toBe(3);
  });
});
