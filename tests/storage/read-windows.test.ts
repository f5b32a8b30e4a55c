import { expect, test } from "bun:test";
import { WINDOW_BYTES, WindowPool } from "../../src/storage/read-windows.ts";

test("so many windows are out, and whoever comes then waits in line", async () => {
  const pool = new WindowPool();
  const out: Uint8Array[] = [];
  for (let next = pool.borrow(); !(next instanceof Promise) && out.length < 1000; next = pool.borrow()) out.push(next);
  expect(out.length).toBeLessThan(1000);
  expect(new Set(out).size).toBe(out.length);
  expect(out.every(({ length }) => length === WINDOW_BYTES)).toBe(true);
  expect(pool.isScarce).toBe(true);
  const order: number[] = [];
  const waiting = [1, 2, 3].map((i) =>
    (pool.borrow() as Promise<Uint8Array>).then((window) => (order.push(i), window)),
  );
  // One more is waiting: the loop's last.
  for (const window of out.slice(0, 4)) pool.giveBack(window);
  expect(new Set(await Promise.all(waiting)).size).toBe(3);
  expect(order).toEqual([1, 2, 3]);
});

test("a window that came back is lent again", () => {
  const pool = new WindowPool();
  const first = pool.borrow() as Uint8Array;
  expect(pool.isScarce).toBe(false);
  pool.giveBack(first);
  expect(pool.borrow()).toBe(first);
});
