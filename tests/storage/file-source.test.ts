// A file's bytes as a stream: what it tells whoever answers for them, when windows are scarce and pieces come back.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ContentChanged, ContentUnreadable } from "../../src/http/byte-source.ts";
import { FileSource, type PieceReader } from "../../src/storage/file-source.ts";
import { type GrowingFile, GrowingContent } from "../../src/storage/growing-file.ts";
import { readWindows, WINDOW_BYTES } from "../../src/storage/read-windows.ts";
import { SystemError } from "../../src/storage/system-fault.ts";

const SIZE = 2 * WINDOW_BYTES + 1000;
const CONTENT = Buffer.alloc(SIZE, "0123456789abcdefg");

/** Pieces of a made-up file, and what was told to have left. */
class Pieces implements PieceReader {
  readonly taken: Buffer[] = [];
  reads: number[] = [];

  readAt(window: Uint8Array, length: number, position: number): Promise<number> {
    this.reads.push(position);
    window.set(CONTENT.subarray(position, position + length));
    return Promise.resolve(length);
  }

  noteTaken(bytes: Uint8Array): void {
    this.taken.push(Buffer.from(bytes));
  }
}

/** Reads all of the source; of each piece the client takes so many bytes at a time. */
async function drain(source: FileSource, bytesAtOnce: number): Promise<Buffer> {
  const got: Buffer[] = [];
  let offset = 0;
  for (let piece = await source.read(); piece !== null; piece = await source.read()) {
    const taken = piece.subarray(0, bytesAtOnce);
    got.push(Buffer.from(taken));
    offset += taken.length;
    if (taken.length < piece.length) expect(source.putBack(offset)).toBe(true);
  }
  source.close();
  return Buffer.concat(got);
}

describe("while windows are scarce", () => {
  let others: Uint8Array[] = [];
  beforeEach(async () => {
    while (!readWindows.isScarce) others.push(await readWindows.borrow());
  });
  afterEach(() => {
    for (const window of others) readWindows.giveBack(window);
    others = [];
  });

  test.each([WINDOW_BYTES, WINDOW_BYTES - 1, 100_000, 70_001])(
    "a client that takes %d bytes at a time gets all of them, and all but the last piece is told in order",
    async (bytesAtOnce) => {
      const pieces = new Pieces();
      expect((await drain(new FileSource(pieces, 0, SIZE), bytesAtOnce)).equals(CONTENT)).toBe(true);
      const told = Buffer.concat(pieces.taken);
      expect(told.equals(CONTENT.subarray(0, told.length))).toBe(true);
      expect(told.length).toBe(pieces.reads.at(-1)!);
    },
  );

  test("a part begins where it begins, again and again", async () => {
    const pieces = new Pieces();
    const got = await drain(new FileSource(pieces, 1234, WINDOW_BYTES + 5000), 200_000);
    expect(got.equals(CONTENT.subarray(1234, 1234 + WINDOW_BYTES + 5000))).toBe(true);
    expect(pieces.reads[0]).toBe(1234);
  });

  /** A file whose first byte can be rewritten, and that is never again what it was. */
  class Growing implements GrowingFile {
    readonly isClosed = false;
    readonly content = Buffer.from(CONTENT);
    bytesRead = 0;

    readRaw(window: Uint8Array, length: number, position: number): Promise<number> {
      window.set(this.content.subarray(position, position + length));
      this.bytesRead += length;
      return Promise.resolve(length);
    }
    isUnchanged(): Promise<boolean> {
      return Promise.resolve(false);
    }
    during<T>(work: () => Promise<T>): Promise<T> {
      return work();
    }
  }

  const beginning = { length: 1, sum: Bun.hash.crc32(CONTENT.subarray(0, 1)) };

  test("a file that grew is read once more for its last piece, and only once however often that comes back", async () => {
    const file = new Growing();
    const source = new FileSource(new GrowingContent(file, beginning, 0, SIZE), 0, SIZE);
    expect((await drain(source, WINDOW_BYTES)).equals(CONTENT)).toBe(true);
    const once = file.bytesRead;
    file.bytesRead = 0;
    const again = new FileSource(new GrowingContent(file, beginning, 0, SIZE), 0, SIZE);
    // The last piece, of 1000 bytes, comes ten times.
    let offset = 0;
    for (let i = 0; i < 2; i++) offset += (await again.read())!.length;
    for (; offset < SIZE; offset += 100) {
      await again.read();
      if (offset + 100 < SIZE) expect(again.putBack(offset + 100)).toBe(true);
    }
    expect(await again.read()).toBeNull();
    again.close();
    expect(file.bytesRead - once).toBeLessThan(10_000);
  });

  test("what was proved and put back is not given when it is written anew", async () => {
    const file = new Growing();
    const source = new FileSource(new GrowingContent(file, beginning, 0, SIZE), 0, SIZE);
    let offset = 0;
    for (let i = 0; i < 2; i++) offset += (await source.read())!.length;
    await source.read();
    expect(source.putBack(offset + 10)).toBe(true);
    file.content[SIZE - 1] = 0;
    await expect(source.read()).rejects.toBeInstanceOf(ContentChanged);
    source.close();
  });
});

describe("a read that fails", () => {
  const failing = (error: Error): PieceReader => ({ readAt: () => Promise.reject(error) });
  const errors: readonly [what: string, error: Error, expected: (thrown: unknown) => boolean][] = [
    [
      "by the system is content that cannot be read",
      new SystemError("EIO", ""),
      (it) => it instanceof ContentUnreadable,
    ],
    ["by a network that forgot it, too", new SystemError("ESTALE", ""), (it) => it instanceof ContentUnreadable],
    ["by a change is a change", new ContentChanged(), (it) => it instanceof ContentChanged],
    ["by a fault of ours stays one", new TypeError("ours"), (it) => it instanceof TypeError],
    [
      "by how Bun was called, too",
      Object.assign(new Error("ours"), { code: "ERR_OUT_OF_RANGE" }),
      (it) => !(it instanceof ContentUnreadable),
    ],
  ];
  test.each(errors)("%s, and the window goes back", async (_what, error, isExpected) => {
    for (let i = 0; i < 100; i++) {
      const source = new FileSource(failing(error), 0, SIZE);
      const thrown = await source.read().catch((it: unknown) => it);
      expect(isExpected(thrown)).toBe(true);
      source.close();
    }
    expect(readWindows.isScarce).toBe(false);
  });
});

test("while there are enough windows a piece stays where it is", async () => {
  const source = new FileSource(new Pieces(), 0, SIZE);
  await source.read();
  expect(source.putBack(10)).toBe(false);
  source.close();
});

test("a source of nothing is at its end at once", async () => {
  const pieces = new Pieces();
  const source = new FileSource(pieces, 5, 0);
  expect(await source.read()).toBeNull();
  source.close();
  expect(pieces.reads).toEqual([]);
});
