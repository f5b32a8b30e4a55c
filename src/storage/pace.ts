// Whether calls on the served directory may stand on the event loop: on a local file system yes, until it shows itself
// slow; where a call can wait for a network or for another program, never.

import { readFileSync } from "node:fs";
import { delayOfLoop, type ReadDelay } from "./processor-delay.ts";
import { liesIn } from "./real-path.ts";

/** File systems of this machine's own disks and memory. All others may wait for somebody. */
const LOCAL: ReadonlySet<string> = new Set(
  (
    "ext2 ext3 ext4 xfs btrfs zfs tmpfs ramfs overlay f2fs vfat msdos exfat ntfs3 jfs reiserfs bcachefs nilfs2 hfsplus " +
    "ufs minix squashfs erofs iso9660 udf devtmpfs rootfs proc sysfs devpts cgroup cgroup2 securityfs debugfs tracefs " +
    "bpf mqueue pstore hugetlbfs configfs fusectl binfmt_misc nsfs efivarfs"
  ).split(" "),
);

/** A call that takes longer than this holds others up. */
const SLOW_MS = 5;
/** One that takes so long tells as much as several. */
const VERY_SLOW_MS = 50;
/** So many quick calls outweigh a slow one. */
const QUICK_FOR_SLOW = 100;
/** Three slow calls make a slow file system; where nobody tells why, one in a thousand is slow for no fault of its own. */
const MOST_SLOWNESS = 3 * QUICK_FOR_SLOW;
/** How long a file system that was slow is not trusted. */
const DISTRUST_MS = 10_000;
/** How long calls on the pool can prolong that: they wait for threads as well, and under load they never cease to. */
const MOST_DISTRUST_MS = 60_000;
/** One that takes so long waits for no thread: its disk hangs, and on the loop everybody would wait for it. */
const HANGING_MS = 1000;
/** Mounts come and go; a look at them costs about as much as twenty calls. */
const LOOK_MS = 5000;
const FIELD_TYPE = 0;
const FIELD_MOUNT_POINT = 4;
const NO_TIME = -Infinity;

/** The pace of one served directory. */
export class Pace {
  #isLocal = true;
  #path = "";
  #looked = NO_TIME;
  #slowUntil = NO_TIME;
  /** When calls on the loop are judged again, whatever those on the pool took. */
  #trial = Infinity;
  /** When those on the pool began that have not ended, the oldest first. */
  readonly #begun = new Set<{ readonly at: number }>();
  /** When the last one ended that took as long as if the disk hung. */
  #hungAt = NO_TIME;
  /** Slow calls of late, each worth so many quick ones; above zero, calls on the loop are watched. */
  #slowness = 0;
  /** What the thread had waited for a processor before the call that is watched. */
  #delayBefore: number | null = null;
  readonly #readMounts: () => string;
  readonly #readDelay: ReadDelay;

  /**
   * `readMounts` gives what the system says of its mounts; empty where it does not (then all count as local). `readDelay`
   * tells how long the thread that makes the calls has waited for a processor.
   */
  constructor(readMounts: () => string = readMountInfo, readDelay: ReadDelay = delayOfLoop()) {
    this.#readMounts = readMounts;
    this.#readDelay = readDelay;
  }

  /** True on this machine's own disks and memory. */
  get isLocal(): boolean {
    return this.#isLocal;
  }

  /** True when calls may be made at once. */
  get isDirect(): boolean {
    if (!this.#isLocal || this.#slowUntil === NO_TIME) return this.#isLocal;
    const now = performance.now();
    return now >= this.#slowUntil && !this.#hangs(now);
  }

  /** Looks, now and then, at what is mounted at this real path and below it; an empty path stands for everywhere. */
  look(path: string): void {
    const now = performance.now();
    if (path === this.#path && now - this.#looked < LOOK_MS) return;
    this.#path = path;
    this.#looked = now;
    this.#isLocal = isLocal(path, this.#readMounts());
  }

  /**
   * The time, right before a call that is made at once; `took` follows. Calls on the loop do not nest. A look at the delay
   * costs two thirds of a call, so there is one only after a call that was slow.
   */
  start(): number {
    if (this.#slowness > 0) this.#delayBefore = this.#readDelay();
    return performance.now();
  }

  /** A call that was made at once took so long. The time for which the thread had no processor does not count. */
  took(ms: number): void {
    this.#count(ms <= SLOW_MS ? ms : this.#withoutDelay(ms));
  }

  /**
   * The same for one that was made on the pool, with all that it waited for: what stays slow stays off the loop, but for
   * a trial now and then. What ends after that has begun says nothing against it, unless the disk hangs.
   */
  async watch<T>(call: Promise<T>): Promise<T> {
    const begun = { at: performance.now() };
    this.#begun.add(begun);
    try {
      return await call;
    } finally {
      const now = performance.now();
      this.#begun.delete(begun);
      if (now - begun.at >= HANGING_MS) this.#hungAt = now;
      if (now < this.#trial) this.#count(now - begun.at);
    }
  }

  #hangs(now: number): boolean {
    if (now - this.#hungAt < DISTRUST_MS) return true;
    // Asked before each call: on the loop nothing waits on the pool, and there is no need to look for the oldest.
    if (this.#begun.size === 0) return false;
    const [oldest] = this.#begun;
    return oldest !== undefined && now - oldest.at >= HANGING_MS;
  }

  /** Of a slow call that nobody watched the system tells nothing afterwards: it counts as one, and the next is watched. */
  #withoutDelay(ms: number): number {
    const before = this.#delayBefore;
    this.#delayBefore = null;
    const now = this.#readDelay();
    if (now === null) return ms;
    return this.#slowness === 0 || before === null ? Math.min(ms, VERY_SLOW_MS) : ms - (now - before);
  }

  #count(ms: number): void {
    if (ms <= SLOW_MS) {
      if (this.#slowness > 0) this.#slowness -= 1;
      return;
    }
    this.#slowness += ms > VERY_SLOW_MS ? MOST_SLOWNESS : QUICK_FOR_SLOW;
    if (this.#slowness >= MOST_SLOWNESS) this.#distrust();
  }

  /** Where the system does not tell what a call waited for, a trial would be no better than the calls on the pool. */
  #distrust(): void {
    const now = performance.now();
    if (this.isDirect) this.#trial = this.#readDelay() === null ? Infinity : now + MOST_DISTRUST_MS;
    this.#slowness = 0;
    this.#slowUntil = Math.min(now + DISTRUST_MS, this.#trial);
  }
}

/** Only the mount that holds the path, and those below it, are of interest. */
function isLocal(path: string, mounts: string): boolean {
  let holder = "";
  let type = "";
  for (const line of mounts.split("\n")) {
    const [before, after] = line.split(" - ");
    const mount = before?.split(" ")[FIELD_MOUNT_POINT];
    const mountType = after?.split(" ")[FIELD_TYPE];
    if (mount === undefined || mountType === undefined) continue;
    const point = unescape(mount);
    if (liesIn(point, path) && point !== path && !LOCAL.has(mountType)) return false;
    // Of two mounts on one place the later hides the earlier.
    if (!liesIn(path, point) || point.length < holder.length) continue;
    holder = point;
    type = mountType;
  }
  return holder === "" || LOCAL.has(type);
}

/** Blanks and the like are written as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** No file system is asked for this, so it never waits. */
function readMountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}
