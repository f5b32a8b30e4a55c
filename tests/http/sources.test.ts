// Sources made of others: what they give, and that each is closed once.

import { describe, expect, test } from "bun:test";
import type { ByteSource } from "../../src/http/byte-source.ts";
import { bytesSource, ClosingSource, JoinedSource, readWhole } from "../../src/http/sources.ts";

const KIB = 1024;

/** Gives its text in pieces, in a window of its own that the next read overwrites, and counts its ends. */
class LendingSource implements ByteSource {
  readonly length: number;
  readonly offsets: number[] = [];
  closed = 0;
  readonly #text: string;
  readonly #window: Buffer;
  #at = 0;

  constructor(text: string, windowBytes = 3) {
    this.length = text.length;
    this.#text = text;
    this.#window = Buffer.alloc(windowBytes);
  }

  async read(): Promise<Uint8Array | null> {
    const length = this.#window.write(this.#text.slice(this.#at, this.#at + this.#window.length), "latin1");
    this.#at += length;
    return length === 0 ? null : this.#window.subarray(0, length);
  }

  putBack(offset: number): boolean {
    this.offsets.push(offset);
    this.#at = offset;
    return true;
  }

  close(): void {
    this.closed += 1;
  }
}

/** The chunks, one char per byte. */
async function chunksOf(source: ByteSource): Promise<string[]> {
  const chunks: string[] = [];
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read())
    chunks.push(Buffer.from(chunk).toString("latin1"));
  return chunks;
}

describe("bytesSource", () => {
  test("gives its bytes at once, and then its end", () => {
    const bytes = Buffer.from("abc");
    const source = bytesSource(bytes);
    expect([source.length, source.read(), source.read(), source.read()]).toEqual([3, bytes, null, null]);
  });

  test("of nothing is at its end", () => {
    expect(bytesSource(new Uint8Array(0)).read()).toBeNull();
  });
});

describe("ClosingSource", () => {
  test("closes its source, and then the owner", () => {
    const order: string[] = [];
    const source: ByteSource = { length: 1, read: () => null, close: () => void order.push("source") };
    new ClosingSource(source, { close: () => void order.push("owner") }).close();
    expect(order).toEqual(["source", "owner"]);
  });

  test("passes on what is put back, where the source can take it", () => {
    const lending = new LendingSource("abcdef");
    expect(new ClosingSource(lending, { close: () => {} }).putBack(2)).toBe(true);
    expect(lending.offsets).toEqual([2]);
    expect(new ClosingSource(bytesSource(Buffer.from("a")), { close: () => {} }).putBack(0)).toBe(false);
  });
});

describe("JoinedSource", () => {
  test("gathers small pieces, and copies what is only lent", async () => {
    const pieces = [Buffer.from("<"), new LendingSource("abcdefgh"), Buffer.from("|"), new LendingSource("ij")];
    expect(await chunksOf(new JoinedSource(pieces, 12))).toEqual(["<abcdefgh|ij"]);
  });

  const large = "L".repeat(65 * KIB);
  const orders: [why: string, texts: string[], chunks: string[]][] = [
    ["a large one between small ones", ["a", large, "b"], ["a", large, "b"]],
    ["large ones first and last", [large, "a", large], [large, "a", large]],
    ["small ones that are too much together", ["a".repeat(40 * KIB), "b".repeat(40 * KIB)], ["a", "b"]],
    ["nothing", [], []],
  ];
  const shorten = (text: string): string => (text.length > KIB ? text[0]! : text);
  for (const isSource of [true, false])
    test.each(orders)(`keeps the order of %s, as ${isSource ? "sources" : "bytes"}`, async (_why, texts, chunks) => {
      const make = (text: string): ByteSource | Uint8Array =>
        isSource ? new LendingSource(text, 128 * KIB) : Buffer.from(text);
      const length = texts.reduce((sum, text) => sum + text.length, 0);
      const given = await chunksOf(new JoinedSource(texts.map(make), length));
      expect(given.map(shorten)).toEqual(chunks.map(shorten));
      expect(given.join("")).toBe(texts.join(""));
    });

  test("reads again from what was put back, counted from its own beginning, in large pieces alone", async () => {
    const second = new LendingSource(large, 64 * KIB);
    const source = new JoinedSource([Buffer.from("head"), second], 4 + large.length);
    await source.read();
    expect(source.putBack(1)).toBe(false);
    await source.read();
    expect(source.putBack(4 + 10)).toBe(true);
    expect(second.offsets).toEqual([10]);
    expect((await chunksOf(source)).join("")).toBe(large.slice(10));
  });

  test("closes each of its sources once, read or not", async () => {
    const sources = [new LendingSource("a"), new LendingSource(large), new LendingSource("b")];
    const joined = new JoinedSource(sources, 2 + large.length);
    await joined.read();
    joined.close();
    expect(sources.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });
});

describe("readWhole", () => {
  test("gives all, and closes", async () => {
    const source = new LendingSource("abcdefgh");
    expect(Buffer.from(await readWhole(source)).toString()).toBe("abcdefgh");
    expect(source.closed).toBe(1);
  });

  test("closes what breaks", async () => {
    const source = new LendingSource("abc");
    source.read = () => Promise.reject(new Error("broken"));
    expect(readWhole(source)).rejects.toThrow("broken");
    await Bun.sleep(0);
    expect(source.closed).toBe(1);
  });
});
