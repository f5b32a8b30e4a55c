// The share of the event loop that all long work has together.

import { expect, test } from "bun:test";
import { Turns } from "../../src/storage/turns.ts";

/** Works until the turn is over. */
function use(turns: Turns): void {
  const begun = performance.now();
  while (!turns.isOver) if (performance.now() - begun > 1000) throw new Error("the turn has no end");
}

test("all who work in one turn share it, and go on in the order in which they asked", async () => {
  const turns = new Turns();
  use(turns);
  expect(turns.isOver).toBe(true);
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let round = 0; round < 2; round++) {
      await turns.next();
      order.push(name);
      use(turns);
    }
  };
  await Promise.all([work("a"), work("b"), work("c")]);
  expect(order).toEqual(["a", "b", "c", "a", "b", "c"]);
});

test("each who goes on has a turn of the loop for itself", async () => {
  const turns = new Turns();
  use(turns);
  const order: string[] = [];
  const work = turns.next().then(() => order.push("first"));
  const other = turns.next().then(() => order.push("second"));
  void work.then(() => setImmediate(() => order.push("a socket")));
  await work;
  await new Promise((resolve) => setImmediate(resolve));
  await other;
  expect(order.indexOf("first")).toBe(0);
  expect(order).toContain("second");
});

test("a turn that nobody uses any more is not over for the next", async () => {
  const turns = new Turns();
  use(turns);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(turns.isOver).toBe(false);
});
