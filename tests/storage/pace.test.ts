// Whether calls may stand on the event loop. The mounts are made up, and the clock and what the thread has waited for a
// processor are moved by hand.

import { afterEach, beforeEach, describe, expect, type Mock, spyOn, test } from "bun:test";
import { Pace } from "../../src/storage/pace.ts";

const DISTRUST_MS = 10_000;
const MOST_DISTRUST_MS = 60_000;
const HANGING_MS = 1000;
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
  /** Null: the system does not tell. */
  let delay: number | null = null;
  let looksAtDelay = 0;
  let pace: Pace;

  beforeEach(() => {
    now = 1000;
    delay = null;
    looksAtDelay = 0;
    clock = spyOn(performance, "now").mockImplementation(() => now);
    pace = new Pace(
      () => mounts("ext4 /"),
      () => {
        looksAtDelay += 1;
        return delay;
      },
    );
    pace.look("/srv");
  });
  afterEach(() => clock.mockRestore());

  /** A call on the loop, for some of which the thread had no processor. */
  const call = (ms: number, delayed = 0): void => {
    const start = pace.start();
    now += ms;
    if (delay !== null) delay += delayed;
    pace.took(now - start);
  };
  const took = (...times: readonly number[]): void => times.forEach((ms) => call(ms));

  test.each([
    ["quick ones do not count", [1, 5, 5, 5, 5, 5], true],
    ["two slow ones are chance", [6, 6], true],
    ["three are not", [6, 6, 6], false],
    ["nor is one very slow one", [51], false],
    ["a hundred quick ones and a few outweigh a slow one", [6, 6, ...Array(110).fill(1), 6], true],
    ["fewer do not", [6, 6, ...Array(50).fill(1), 6, 6], false],
    ["more than a hundred outweigh one, and not the next", [6, ...Array(500).fill(1), 6, 6, 6], false],
  ])("slow calls: %s", (_why, times, isDirect) => {
    took(...times);
    expect([pace.isDirect, pace.isLocal]).toEqual([isDirect, true]);
  });

  type Call = readonly [ms: number, delayed?: number];
  const quick = (count: number): readonly Call[] => Array.from({ length: count }, () => [1]);
  const delayed: readonly [why: string, calls: readonly Call[], isDirect: boolean][] = [
    ["what a disk takes counts", [[6], [6], [6]], false],
    ["what lacked a processor does not", [[6, 6], ...Array(50).fill([40, 40])], true],
    ["what is left counts", [[6], [46, 40], [46, 40]], false],
    ["what is left may be little", [[6], ...Array(50).fill([45, 40])], true],
    ["what is left may be much", [[6], [100, 49]], false],
    ["nobody watched the first one: it is one, whatever it took", [[3000, 0], [6]], true],
    ["nor whatever it lacked", [[3000, 3000], [6], [6]], false],
    ["the next one is watched, and a very slow one is three", [[6], [51]], false],
    ["a very slow one that lacked a processor is quick", [[6], [3000, 2999], [6]], true],
    ["and outweighs as a quick one does", [[6], ...Array(100).fill([40, 40]), [6], [6]], true],
    ["when the last one is outweighed, nobody watches again", [[6], ...quick(100), [3000], [6]], true],
    ["and what was lacked before is another call's", [[6], ...quick(100), [1, 9000], [6], [6], [6]], false],
    ["until then each is watched", [[6], ...quick(98), [3000, 3000], [6], [6]], true],
    ["what a quick one lacked is none of the next one's", [[6], [1, 9000], [51]], false],
    ["more may have been lacked than the call took: some at its edges", [[6], [6, 7], [6]], true],
  ];
  test.each(delayed)("the time without a processor: %s", (_why, calls, isDirect) => {
    delay = 1e9;
    for (const each of calls) call(...each);
    expect(pace.isDirect).toBe(isDirect);
  });

  test("while no call is slow, nobody asks what the thread lacked", () => {
    delay = 0;
    took(...Array(1000).fill(5));
    expect(looksAtDelay).toBe(0);
    // After the slow one, before each of those that outweigh it, and no more.
    took(6, ...Array(1000).fill(5));
    expect(looksAtDelay).toBe(101);
  });

  test.each([
    ["never tells", []],
    ["does not tell before a call", [null, null, 7]],
    ["does not tell after it", [null, 7, null]],
  ])("three slow calls are three where the system %s", (_why, told) => {
    const answers = [...told];
    const asking = new Pace(
      () => mounts("ext4 /"),
      () => answers.shift() ?? null,
    );
    asking.look("/srv");
    for (let i = 0; i < 3; i++) {
      expect(asking.isDirect).toBe(true);
      asking.start();
      asking.took(6);
    }
    expect(asking.isDirect).toBe(false);
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

  describe("while those who wait for the pool find it slow", () => {
    const slowOffTheLoop = (ms: number): Promise<void> => pace.watch(Promise.resolve().then(() => void (now += ms)));

    /** From the first slow call to the end of this time. */
    async function staySlow(ms: number): Promise<void> {
      took(6, 100);
      for (const end = now + ms; now < end;) {
        expect(pace.isDirect).toBe(false);
        await slowOffTheLoop(Math.min(HANGING_MS - 1, end - now));
      }
    }

    test("calls are tried on the loop once a minute, where it is known what they wait for", async () => {
      delay = 0;
      await staySlow(MOST_DISTRUST_MS - 1);
      expect(pace.isDirect).toBe(false);
      now += 1;
      expect(pace.isDirect).toBe(true);
    });

    test("what began before the trial says nothing against it", async () => {
      delay = 0;
      await staySlow(MOST_DISTRUST_MS - 1);
      await Promise.all([slowOffTheLoop(400), slowOffTheLoop(400)]);
      expect(pace.isDirect).toBe(true);
    });

    describe("nothing is tried while a disk hangs", () => {
      test("since a call has not ended", async () => {
        delay = 0;
        const hanging = Promise.withResolvers<void>();
        await staySlow(MOST_DISTRUST_MS - HANGING_MS);
        const call = pace.watch(hanging.promise);
        now += 10 * MOST_DISTRUST_MS;
        expect(pace.isDirect).toBe(false);
        hanging.resolve();
        await call;
        now += DISTRUST_MS - 1;
        expect(pace.isDirect).toBe(false);
        now += 1;
        expect(pace.isDirect).toBe(true);
      });

      test("since one took that long just now", async () => {
        delay = 0;
        await staySlow(MOST_DISTRUST_MS - HANGING_MS);
        await slowOffTheLoop(HANGING_MS);
        expect(pace.isDirect).toBe(false);
        now += DISTRUST_MS;
        expect(pace.isDirect).toBe(true);
      });

      test("not since one has begun a moment ago", async () => {
        delay = 0;
        await staySlow(MOST_DISTRUST_MS - HANGING_MS + 1);
        const call = pace.watch(Promise.withResolvers<void>().promise);
        now += HANGING_MS - 1;
        expect(pace.isDirect).toBe(true);
        expect(call).toBeInstanceOf(Promise);
      });
    });

    test("who fails the trial waits for another minute", async () => {
      delay = 0;
      await staySlow(MOST_DISTRUST_MS);
      await staySlow(MOST_DISTRUST_MS);
      expect(pace.isDirect).toBe(true);
    });

    test("nothing is tried where the system does not tell", async () => {
      await staySlow(10 * MOST_DISTRUST_MS);
      expect(pace.isDirect).toBe(false);
    });

    test("a distrust that nothing prolongs ends as ever", async () => {
      delay = 0;
      await staySlow(MOST_DISTRUST_MS / 2);
      now += DISTRUST_MS;
      expect(pace.isDirect).toBe(true);
    });
  });

  test("what the loop lacked is no excuse for a call off it", async () => {
    delay = 0;
    took(6);
    await pace.watch(
      Promise.resolve().then(() => {
        now += 100;
        delay = 100;
      }),
    );
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
