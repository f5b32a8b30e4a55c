import { expect, test } from "bun:test";
import { Turns } from "../../src/storage/turns.ts";

test.each<[what: string, most: number, order: string]>([
  ["one at a time, in the order of their coming", 1, "+a -a +b -b +c -c"],
  ["two at a time", 2, "+a +b -a +c -b -c"],
  ["as many as there may be, without a wait", 3, "+a +b +c -a -b -c"],
])("%s", async (_what, most, order) => {
  const turns = new Turns(most);
  const seen: string[] = [];
  const ends: (() => void)[] = [];
  const work = async (name: string): Promise<void> => {
    const end = await turns.take();
    seen.push("+" + name);
    ends.push(() => {
      seen.push("-" + name);
      end();
    });
  };
  const all = ["a", "b", "c"].map(work);
  while (seen.length < 6) {
    await Bun.sleep(0);
    ends.shift()?.();
  }
  await Promise.all(all);
  expect(seen.join(" ")).toBe(order);
});
