import { describe, expect, test } from "bun:test";
import { AsciiLine } from "../../src/observe/ascii-line.ts";
import { LineQueue, MAX_BATCH_BYTES, MAX_PENDING_BYTES } from "../../src/observe/line-queue.ts";

const notice = (dropped: number): string => `dropped ${dropped}\n`;

/** Lines of `bytes` bytes each, told apart by their numbers. */
const lineOf = (number: number, bytes: number): string => `${String(number).padStart(bytes - 1, "0")}\n`;

/** Takes everything out, as a writer would that never fails. */
function drain(queue: LineQueue): string[] {
  const batches: string[] = [];
  for (let [batch] = queue.front(true, 1); batch !== undefined; [batch] = queue.front(true, 1)) {
    batches.push(Buffer.from(batch).toString("latin1"));
    queue.took(batch.length);
  }
  return batches;
}

describe("batches", () => {
  test("hold whole lines, in order, and at most 4096 bytes", () => {
    const queue = new LineQueue(notice);
    const lines = Array.from({ length: 500 }, (_, number) => lineOf(number, 20 + (number % 90)));
    for (const line of lines) queue.add(line);
    const batches = drain(queue);
    expect(batches.join("")).toBe(lines.join(""));
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
      expect(batch).toEndWith("\n");
    }
    expect(batches.length).toBeLessThan(12);
  });

  test("may be exactly 4096 bytes", () => {
    const queue = new LineQueue(notice);
    for (let number = 0; number < 4; number++) queue.add(lineOf(number, MAX_BATCH_BYTES / 4));
    expect(drain(queue).map((batch) => batch.length)).toEqual([MAX_BATCH_BYTES]);
  });

  test("of a longer line hold it alone", () => {
    const queue = new LineQueue(notice);
    const sizes = [10, 9000, 10];
    for (const [number, size] of sizes.entries()) queue.add(lineOf(number, size));
    expect(drain(queue).map((batch) => batch.length)).toEqual(sizes);
  });

  test("are only given before they are full when that is asked for", () => {
    const queue = new LineQueue(notice);
    queue.add("a\n");
    expect(queue.fullBatches).toBe(0);
    expect(queue.front(false, 1)).toEqual([]);
    expect(queue.front(true, 1)).toHaveLength(1);
  });

  test("that were taken in part come again without that part", () => {
    const queue = new LineQueue(notice);
    queue.add("abcdef\n");
    queue.front(true, 1);
    queue.took(4);
    expect(queue.pendingBytes).toBe(7);
    expect(drain(queue)).toEqual(["ef\n"]);
    expect(queue.pendingBytes).toBe(0);
  });

  test("several at a time are taken across their borders", () => {
    const queue = new LineQueue(notice);
    for (let number = 0; number < 3; number++) queue.add(lineOf(number, 3000));
    expect(queue.front(true, 64).map((batch) => batch.length)).toEqual([3000, 3000, 3000]);
    queue.took(4000);
    expect(queue.front(true, 64).map((batch) => batch.length)).toEqual([2000, 3000]);
  });

  test("keep a line that was lent, and the next one", () => {
    const queue = new LineQueue(notice);
    const line = new AsciiLine();
    for (const text of ["a\n", "bc\n", "d\n"]) {
      line.clear();
      line.text(text);
      queue.add(line);
    }
    queue.add("e\n");
    expect(queue.pendingBytes).toBe(9);
    expect(drain(queue)).toEqual(["a\nbc\nd\ne\n"]);
  });
});

describe("the memory of batches is used again", () => {
  const SIZE = 1024;

  test("never while they wait to be written", () => {
    const queue = new LineQueue(notice);
    for (let number = 0; number < 8; number++) queue.add(lineOf(number, SIZE));
    const inHand = queue.front(true, 64);
    const before = inHand.map((batch) => Buffer.from(batch).toString("latin1"));
    for (let number = 100; number < 200; number++) queue.add(lineOf(number, SIZE));
    expect(inHand.map((batch) => Buffer.from(batch).toString("latin1"))).toEqual(before);
  });

  test("not while the output has a part of one", () => {
    const queue = new LineQueue(notice);
    for (let number = 0; number < 8; number++) queue.add(lineOf(number, SIZE));
    queue.front(true, 64);
    queue.took(5 * SIZE);
    for (let number = 8; number < 40; number++) queue.add(lineOf(number, SIZE));
    const lines = Array.from({ length: 35 }, (_, i) => lineOf(i + 5, SIZE));
    expect(drain(queue).join("")).toBe(lines.join(""));
  });

  test("by all sizes of lines in turn", () => {
    const queue = new LineQueue(notice);
    const sizes = [10, 4096, 9000, 4095, 20, 4097, 1, 3000, 3000];
    for (let round = 0; round < 5; round++) {
      const lines = sizes.map((size, number) => lineOf(round * 100 + number, size + 5));
      for (const line of lines) queue.add(line);
      expect(drain(queue).join("")).toBe(lines.join(""));
    }
  });

  test("after a burst too", () => {
    const queue = new LineQueue(notice);
    for (const burst of [900, 30, 900]) {
      const lines = Array.from({ length: burst }, (_, number) => lineOf(number, SIZE));
      for (const line of lines) queue.add(line);
      expect(drain(queue).join("")).toBe(lines.join(""));
    }
  });
});

describe("when too much waits", () => {
  test("lines are dropped, and one notice stands in their place", () => {
    const queue = new LineQueue(notice);
    const size = 64;
    const room = MAX_PENDING_BYTES / size;
    for (let number = 0; number < room + 10; number++) queue.add(lineOf(number, size));
    expect(queue.pendingBytes).toBe(MAX_PENDING_BYTES);
    const lines = drain(queue).join("").split("\n");
    expect(lines.slice(0, room)).toEqual(Array.from({ length: room }, (_, number) => lineOf(number, size).trim()));
    expect(lines.slice(room)).toEqual(["dropped 10", ""]);
  });

  test("a little room does not make a gap end: lines and notices would take turns", () => {
    const queue = new LineQueue(notice);
    for (let number = 0; queue.pendingBytes < MAX_PENDING_BYTES; number++) queue.add(lineOf(number, 64));
    queue.add("x\n");
    const [batch] = queue.front(true, 1);
    queue.took(batch?.length ?? 0);
    for (let number = 0; number < 5; number++) queue.add("y\n");
    const text = drain(queue).join("");
    expect(text.match(/dropped \d+/g)).toEqual(["dropped 6"]);
    queue.add("z\n");
    expect(drain(queue)).toEqual(["z\n"]);
  });

  test("lines that cannot be written count as dropped, and so does a notice of earlier ones", () => {
    const queue = new LineQueue(notice);
    queue.add("a\n");
    queue.add("b\n");
    queue.front(true, 1);
    queue.drop(1);
    queue.add("c\n"); // the notice of two goes before it
    queue.front(true, 1);
    queue.drop(1);
    expect(queue.pendingBytes).toBe(0);
    queue.add("d\n");
    expect(drain(queue)).toEqual(["dropped 3\nd\n"]);
  });

  /** The output takes so many bytes of the front, and then nothing. */
  function cut(queue: LineQueue, bytes: number): void {
    queue.front(true, 1);
    queue.took(bytes);
    queue.drop(1);
  }

  test("a line that was cut ends before its notice", () => {
    const queue = new LineQueue(notice);
    queue.add("abcdef\n");
    cut(queue, 3);
    queue.add("g\n");
    expect(drain(queue)).toEqual(["\ndropped 1\ng\n"]);
  });

  test("a line that was cut ends before its notice, also when one was dropped itself", () => {
    const queue = new LineQueue(notice);
    queue.add("abcdef\n");
    cut(queue, 3);
    queue.add("g\n");
    cut(queue, 0);
    queue.add("h\n");
    cut(queue, 1);
    queue.add("i\n");
    expect(drain(queue)).toEqual(["dropped 3\ni\n"]);
    expect(queue.pendingBytes).toBe(0);
  });

  test("a line that was cut ends before those that waited behind it", () => {
    const queue = new LineQueue(notice);
    for (const name of ["a", "b"]) queue.add(name.repeat(MAX_BATCH_BYTES - 1) + "\n");
    cut(queue, 3);
    expect(drain(queue)).toEqual(["\n" + "b".repeat(MAX_BATCH_BYTES - 1) + "\n", "dropped 1\n"]);
    expect(queue.pendingBytes).toBe(0);
  });

  test("what was cut between two lines was not cut, and elsewhere nothing was", () => {
    const queue = new LineQueue(notice);
    queue.add("a\n");
    queue.add("b\n");
    cut(queue, 2);
    queue.add("c\n");
    expect(drain(queue)).toEqual(["dropped 1\nc\n"]);
    queue.add("def\n");
    cut(queue, 1);
    queue.beginOutput();
    queue.add("g\n");
    expect(drain(queue)).toEqual(["dropped 1\ng\n"]);
  });
});
