import { describe, expect, spyOn, test } from "bun:test";
import type { StatsFs } from "node:fs";
import { UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { CallQueue } from "../../src/storage/call-queue.ts";
import { type Claim, LocalCoordinator, NOTHING, type UsageLimits } from "../../src/storage/coordinator.ts";
import { DescriptorBudget } from "../../src/storage/descriptor-budget.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { Folder } from "../../src/storage/folder.ts";
import { Pace } from "../../src/storage/pace.ts";
import { NO_DESCRIPTOR } from "../../src/storage/real-path.ts";
import { Reservation } from "../../src/storage/reservation.ts";
import { SystemError } from "../../src/storage/system-fault.ts";

const MIB = 1024 * 1024;
const NO_LIMITS: UsageLimits = { bytes: null, files: null, minFree: 0 };
const quota = (bytes: number, files: number | null = null): UsageLimits => ({ bytes, files, minFree: 0 });
const minFree = (bytes: number): UsageLimits => ({ bytes: null, files: null, minFree: bytes });

/** A disk that says what a test tells it to, and a server with limits on it. */
class Disk implements Disposable {
  readonly coordinator: LocalCoordinator;
  readonly calls = new FileCalls(new Pace(() => ""), new CallQueue(1), { hasLeft: false });
  free: number;
  asked = 0;
  readonly #statfs;

  constructor(limits: UsageLimits, free = Infinity) {
    this.coordinator = new LocalCoordinator(limits, async () => NOTHING);
    this.free = free;
    this.#statfs = spyOn(FileCalls.prototype, "statfs").mockImplementation(() => {
      this.asked += 1;
      if (this.free < 0) throw new SystemError("ENOSYS", "this file system does not tell");
      const isKnown = Number.isFinite(this.free);
      return { blocks: isKnown ? 1 : 0, bavail: isKnown ? this.free : 0, bsize: 1 } as StatsFs;
    });
  }

  reservation(length: number): Reservation {
    const folder = new Folder(NO_DESCRIPTOR, "/nowhere", new DescriptorBudget(1));
    return new Reservation(this.coordinator, this.calls, folder, length);
  }

  [Symbol.dispose](): void {
    this.#statfs.mockRestore();
  }
}

describe("the beginning of a file", () => {
  const [ok, full, over] = [null, "no-space", "over-quota"] as const;
  test.each<
    [what: string, limits: UsageLimits, free: number, length: number, fault: typeof ok | typeof full | typeof over]
  >([
    ["that fits on the disk", NO_LIMITS, 100, 100, ok],
    ["that does not", NO_LIMITS, 100, 101, full],
    ["of unknown length: the disk says when it is full", NO_LIMITS, 0, UNKNOWN_LENGTH, ok],
    ["on a disk that does not tell", NO_LIMITS, Infinity, 1e15, ok],
    ["on a disk that refuses to tell", NO_LIMITS, -1, 1e15, ok],
    ["as large as the quota", quota(100), Infinity, 100, ok],
    ["larger than the quota", quota(100), Infinity, 101, over],
    ["of unknown length, with a quota", quota(100), Infinity, UNKNOWN_LENGTH, ok],
    ["empty, with a quota of nothing", quota(0), Infinity, 0, ok],
    ["where there may be no file", quota(100, 0), Infinity, 0, over],
    ["that leaves what is to stay free", minFree(100), 200, 100, ok],
    ["that does not leave it", minFree(100), 199, 100, full],
    ["of unknown length that leaves it for a mebibyte", minFree(100), MIB + 100, UNKNOWN_LENGTH, ok],
    ["of unknown length that does not", minFree(100), MIB + 99, UNKNOWN_LENGTH, full],
  ])("%s", async (_what, limits, free, length, fault) => {
    using disk = new Disk(limits, free);
    expect(await disk.reservation(length).begin(1)).toBe(fault);
  });

  test("asks the disk nothing where nothing is limited, nor announced", async () => {
    using disk = new Disk(NO_LIMITS, 0);
    const reservation = disk.reservation(UNKNOWN_LENGTH);
    await reservation.begin(1);
    expect(await reservation.grow(1e12)).toBeNull();
    expect(disk.asked).toBe(0);
  });
});

describe("a file that grows", () => {
  test("holds what has come, and not what was announced", async () => {
    using disk = new Disk(quota(100));
    const [one, other] = [disk.reservation(100), disk.reservation(100)];
    expect([await one.begin(1), await other.begin(1)]).toEqual([null, null]);
    expect(await one.grow(60)).toBeNull();
    expect(await other.grow(40)).toBeNull();
    expect(await one.grow(61)).toBe("over-quota");
    expect(await other.grow(41)).toBe("over-quota");
  });

  test("holds nothing twice: what is refused is not held, what is there is not asked for again", async () => {
    using disk = new Disk(quota(100));
    const reservation = disk.reservation(UNKNOWN_LENGTH);
    await reservation.begin(1);
    expect(await reservation.grow(101)).toBe("over-quota");
    for (const size of [100, 100, 50]) expect(await reservation.grow(size)).toBeNull();
  });

  test.each<[what: string, length: number, sizes: readonly number[], asked: number]>([
    ["once for a small one", 100, [50, 100], 1],
    ["each eight mebibytes of a large one", 24 * MIB, [MIB, 8 * MIB, 8 * MIB + 1, 16 * MIB, 24 * MIB], 3],
    ["each mebibyte while nobody knows how much will come", UNKNOWN_LENGTH, [1, MIB, MIB + 1, 2 * MIB], 2],
    ["once for a large step", UNKNOWN_LENGTH, [10 * MIB], 2],
  ])("asks the disk %s", async (_what, length, sizes, asked) => {
    using disk = new Disk(minFree(1), 1e12);
    const reservation = disk.reservation(length);
    await reservation.begin(1);
    for (const size of sizes) expect(await reservation.grow(size)).toBeNull();
    expect(disk.asked).toBe(asked);
  });

  test("stops where the disk is nearly full, whatever it was when the file began", async () => {
    using disk = new Disk(minFree(100), 1e9);
    const reservation = disk.reservation(UNKNOWN_LENGTH);
    await reservation.begin(1);
    disk.free = 100;
    expect(await reservation.grow(MIB)).toBeNull();
    expect(await reservation.grow(MIB + 1)).toBe("no-space");
  });
});

describe("the end of a file", () => {
  const all: Claim = { bytes: 100, files: 1, ahead: 0 };
  const isFree = async ({ coordinator }: Disk, bytes: number): Promise<boolean> =>
    (await coordinator.reserve({ claim: { ...all, bytes }, announced: 0, free: Infinity })) === null;

  test.each<[what: string, change: number, free: number]>([
    ["that is not stored frees all", 0, 100],
    ["that is stored leaves what it takes", 60, 40],
    ["that replaces a larger one frees the rest", -10, 110],
  ])("%s", async (_what, change, free) => {
    using disk = new Disk(quota(100));
    const reservation = disk.reservation(UNKNOWN_LENGTH);
    await reservation.begin(1);
    await reservation.grow(80);
    reservation.settle({ bytes: change, files: 0 });
    reservation.settle({ bytes: -1000, files: 0 });
    expect(await isFree(disk, free + 1)).toBe(false);
    expect(await isFree(disk, free)).toBe(true);
  });
});
