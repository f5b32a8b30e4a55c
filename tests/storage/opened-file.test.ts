import { describe, expect, test } from "bun:test";
import { appendFileSync, closeSync, constants, fstatSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallQueue } from "../../src/storage/call-queue.ts";
import { DescriptorBudget } from "../../src/storage/descriptor-budget.ts";
import { FileCalls } from "../../src/storage/file-calls.ts";
import { LocalFile } from "../../src/storage/opened-file.ts";
import { Pace } from "../../src/storage/pace.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CLIENT = { hasLeft: false };
const SIZE = 600 * 1024;
const FUSE_MOUNT = "1 0 0:1 / / rw - fuse x rw";
const LOCAL_MOUNT = "1 0 0:1 / / rw - ext4 x rw";

/** Real calls, and which descriptors they were for. */
class NotedCalls extends FileCalls {
  readonly closed: number[] = [];
  /** Looks at a file that was closed before. */
  late = 0;

  override close(descriptor: number): ReturnType<FileCalls["close"]> {
    this.closed.push(descriptor);
    return super.close(descriptor);
  }

  override closeLater(descriptor: number): ReturnType<FileCalls["closeLater"]> {
    this.closed.push(descriptor);
    return super.closeLater(descriptor);
  }

  /** Called with each look at a file, and awaited when it was closed before. */
  onLook: (isLate: boolean) => Promise<void> = () => Promise.resolve();

  override fstat(descriptor: number): ReturnType<FileCalls["fstat"]> {
    const isLate = this.closed.includes(descriptor);
    const looked = this.onLook(isLate);
    if (!isLate) return super.fstat(descriptor);
    this.late += 1;
    return looked.then(() => super.fstat(descriptor));
  }
}

interface Opened {
  readonly file: LocalFile;
  readonly calls: NotedCalls;
  readonly budget: DescriptorBudget;
  readonly descriptor: number;
  readonly path: string;
}

/** As a file that is being written. */
function openIn(folder: string, mounts: string): Opened {
  const path = join(folder, "a");
  writeFileSync(path, Buffer.alloc(SIZE, "a"));
  const pace = new Pace(() => mounts);
  pace.look(folder);
  const calls = new NotedCalls(pace, new CallQueue(2), CLIENT);
  const budget = new DescriptorBudget(1);
  budget.takeOrThrow();
  const descriptor = openSync(path, constants.O_RDONLY);
  const stats = fstatSync(descriptor, { bigint: true });
  const beginning = { length: 1, sum: Bun.hash.crc32("a") };
  const file = new LocalFile(
    descriptor,
    stats,
    { folder, path, root: folder, isDirect: true },
    calls,
    budget,
    beginning,
  );
  return { file, calls, budget, descriptor, path };
}

type Leaving = (file: LocalFile, calls: NotedCalls, path: string) => Promise<unknown>;

/** Each begins a read, closes the file while the system has it in hand, and waits for its outcome. */
const LEAVINGS: readonly [when: string, leave: Leaving][] = [
  [
    "the first piece is read",
    (file) => {
      const source = file.range(0, SIZE);
      const read = source.read();
      source.close();
      file.close();
      return Promise.resolve(read);
    },
  ],
  [
    "a later piece is read",
    async (file) => {
      const source = file.range(0, SIZE);
      await source.read();
      const read = source.read();
      source.close();
      file.close();
      await read;
    },
  ],
  [
    "it is looked at, behind the first piece,",
    (file, calls) => {
      const source = file.range(0, SIZE);
      calls.onLook = () => {
        calls.onLook = () => Promise.resolve();
        source.close();
        file.close();
        return Promise.resolve();
      };
      return Promise.resolve(source.read());
    },
  ],
  [
    "the window is being filled",
    (file) => {
      const read = file.readAt(new Uint8Array(SIZE), SIZE, 0);
      file.close();
      return read;
    },
  ],
  [
    "it is read once more, since it has grown",
    async (file, calls, path) => {
      const source = file.range(0, SIZE, true);
      for (let left = SIZE; left > SIZE / 2;) left -= (await source.read())!.length;
      appendFileSync(path, "more");
      calls.onLook = () => {
        source.close();
        file.close();
        return Promise.resolve();
      };
      while ((await source.read()) !== null);
    },
  ],
  [
    "all of it is read",
    (file) => {
      const read = file.content(SIZE);
      file.close();
      return read;
    },
  ],
];

describe.each([
  ["at once", LOCAL_MOUNT],
  ["on the thread pool", FUSE_MOUNT],
])("with calls %s, a client that leaves while", (_, mounts) => {
  test.each(LEAVINGS)("%s has the file closed once, and nobody looks at it afterwards", async (_when, leave) => {
    using folder = tempFolder();
    const { file, calls, budget, descriptor, path } = openIn(folder.path, mounts);
    // The bytes go nowhere, whether the read fails or not.
    await leave(file, calls, path).catch(() => {});
    // A close that is on the pool.
    while (!budget.take()) await Bun.sleep(1);
    expect(calls.closed).toEqual([descriptor]);
    expect(calls.late).toBe(0);
    // Its place was given back once: it is taken again, and there is no other.
    expect(budget.take()).toBe(false);
  });
});

test("a descriptor's number that another file got meanwhile stays that file's", async () => {
  using folder = tempFolder();
  const { file, calls, budget, descriptor } = openIn(folder.path, FUSE_MOUNT);
  const other = join(folder.path, "other");
  writeFileSync(other, "the other");
  const others: number[] = [];
  calls.onLook = async (isLate) => {
    while (isLate && !others.includes(descriptor)) {
      await Bun.sleep(0);
      others.push(openSync(other, constants.O_RDONLY));
    }
  };
  const read = file.readAt(new Uint8Array(SIZE), SIZE, 0).catch(() => {});
  file.close();
  await read;
  while (!budget.take()) await Bun.sleep(1);
  while (!others.includes(descriptor)) others.push(openSync(other, constants.O_RDONLY));
  expect(calls.closed).toEqual([descriptor]);
  for (const opened of others) expect(fstatSync(opened).size).toBe("the other".length);
  for (const opened of others) closeSync(opened);
});
