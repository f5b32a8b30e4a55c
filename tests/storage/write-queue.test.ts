import { describe, expect, test } from "bun:test";
import { UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { SystemError } from "../../src/storage/system-fault.ts";
import { type FileWriter, WriteQueue } from "../../src/storage/write-queue.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** A file in memory that takes bytes when a test lets it. */
class SlowFile implements FileWriter {
  readonly calls: string[] = [];
  content = "";
  isFast: boolean;
  /** How much one call takes at most. */
  most = Infinity;
  /** What the next call fails with. */
  error: unknown = null;
  #gate = Promise.withResolvers<void>();

  constructor(isOpen = true, isFast = true) {
    this.isFast = isFast;
    if (isOpen) this.#gate.resolve();
  }

  isDirect(): boolean {
    return this.isFast;
  }

  async whole(given: Uint8Array): Promise<number> {
    return this.#take("whole", [given]);
  }

  async at(chunks: readonly Uint8Array[], position: number): Promise<number> {
    expect(position).toBe(this.content.length);
    return this.#take(`${chunks.length} at ${position}`, chunks);
  }

  open(): void {
    this.#gate.resolve();
  }

  async #take(what: string, chunks: readonly Uint8Array[]): Promise<number> {
    this.calls.push(what);
    const text = Buffer.concat(chunks).toString("latin1");
    await this.#gate.promise;
    if (this.error !== null) throw this.error;
    const taken = text.slice(0, this.most);
    this.content += taken;
    return taken.length;
  }
}

describe("how bytes get into the file", () => {
  test.each<[what: string, length: number, chunks: readonly string[], calls: readonly string[]]>([
    ["one chunk that is all goes at once", 5, ["whole"], ["whole"]],
    ["one chunk of more does not", 6, ["whole"], ["1 at 0"]],
    ["nor one of nobody knows how much", UNKNOWN_LENGTH, ["whole"], ["1 at 0"]],
    ["what comes while the disk works goes together", 9, ["one", "two", "six"], ["1 at 0", "2 at 3"]],
    ["nothing is written for nothing", 0, [], []],
  ])("%s", async (_what, length, chunks, calls) => {
    const file = new SlowFile();
    const queue = new WriteQueue(length, file);
    for (const chunk of chunks) void queue.write(bytes(chunk));
    expect(await queue.end()).toBeNull();
    expect([file.content, file.calls]).toEqual([chunks.join(""), [...calls]]);
    expect(queue.size).toBe(file.content.length);
  });

  test.each([1, 2, 3, 7])("a kernel that takes %d bytes at a time is given the rest", async (most) => {
    const file = new SlowFile();
    file.most = most;
    const queue = new WriteQueue(UNKNOWN_LENGTH, file);
    for (const chunk of ["a", "bcd", "", "efghi"]) void queue.write(bytes(chunk));
    expect(await queue.end()).toBeNull();
    expect(file.content).toBe("abcdefghi");
  });

  test("a slow disk is not given a whole file on the loop", async () => {
    const file = new SlowFile(true, false);
    const queue = new WriteQueue(5, file);
    void queue.write(bytes("whole"));
    await queue.end();
    expect(file.calls).toEqual(["1 at 0"]);
  });
});

describe("who writes has to wait", () => {
  test("once a mebibyte waits for the disk, until it is there", async () => {
    const file = new SlowFile(false);
    const queue = new WriteQueue(UNKNOWN_LENGTH, file);
    expect(queue.write(new Uint8Array(MIB - 1))).toBeNull();
    const waiting = queue.write(new Uint8Array(1));
    expect(waiting).toBeInstanceOf(Promise);
    file.open();
    expect(await waiting).toBeNull();
    expect(file.content).toHaveLength(MIB);
    expect(queue.write(new Uint8Array(1))).toBeNull();
    await queue.end();
  });

  test("once all queues together hold sixteen, however little its own holds", async () => {
    const file = new SlowFile(false);
    const others = Array.from({ length: 17 }, () => new WriteQueue(UNKNOWN_LENGTH, file));
    for (const other of others) void other.write(new Uint8Array(MIB - KIB));
    const own = new SlowFile(false);
    const queue = new WriteQueue(UNKNOWN_LENGTH, own);
    const waiting = queue.write(new Uint8Array(1));
    expect(waiting).toBeInstanceOf(Promise);
    own.open();
    expect(await waiting).toBeNull();
    for (const other of others) void other.drop();
    file.error = new SystemError("EIO", "it is over");
    file.open();
    await Promise.all(others.map((other) => other.end()));
    expect(queue.write(new Uint8Array(1))).toBeNull();
    await queue.end();
  });
});

describe("after an error", () => {
  test.each<[code: string, fault: string]>([
    ["ENOSPC", "no-space"],
    ["EDQUOT", "no-space"],
    ["EFBIG", "too-large"],
    ["EIO", "failed"],
  ])("%s: every later call says so, and nothing more is written", async (code, fault) => {
    const file = new SlowFile();
    file.error = new SystemError(code, "of the disk");
    const queue = new WriteQueue(UNKNOWN_LENGTH, file);
    void queue.write(bytes("a"));
    expect(await queue.end()).toBe(fault as "failed");
    file.error = null;
    expect(await queue.write(bytes("b"))).toBe(fault as "failed");
    expect(await queue.end()).toBe(fault as "failed");
    expect(file.content).toBe("");
  });

  test("of ours it is thrown", async () => {
    const file = new SlowFile();
    file.error = new TypeError("our own fault");
    const queue = new WriteQueue(UNKNOWN_LENGTH, file);
    void queue.write(bytes("a"));
    expect(queue.end()).rejects.toThrow("our own fault");
  });
});

test("what is dropped is not written; what the system has in hand is waited for", async () => {
  const file = new SlowFile(false);
  const queue = new WriteQueue(UNKNOWN_LENGTH, file);
  void queue.write(bytes("in hand"));
  void queue.write(bytes("dropped"));
  let isDropped = false;
  const dropping = queue.drop().then(() => (isDropped = true));
  await Bun.sleep(1);
  expect(isDropped).toBe(false);
  file.open();
  await dropping;
  expect(file.content).toBe("in hand");
});
