import { describe, expect, test } from "bun:test";
import { Debts } from "../../src/storage/debts.ts";
import { FakeTime } from "../support/fake-time.ts";

/** A debt that can be paid at its `nth` try. */
class Debt {
  tries = 0;
  isEnded = false;
  letGo = 0;
  readonly #nth: number;

  constructor(nth: number) {
    this.#nth = nth;
  }

  readonly pay = async (): Promise<void> => {
    this.tries += 1;
    if (this.tries < this.#nth) throw new Error("not yet");
  };

  addTo(debts: Debts): this {
    void debts.add(this.pay).then(() => (this.isEnded = true));
    return this;
  }

  addHeldTo(debts: Debts): this {
    void debts.addHeld(this.pay, () => (this.letGo += 1)).then(() => (this.isEnded = true));
    return this;
  }
}

const NEVER = Infinity;
const HOUR_MS = 3_600_000;

describe("a debt", () => {
  test.each<[what: string, nth: number, afterMs: number, tries: number, isEnded: boolean]>([
    ["is not paid at once: what was in its way is there still", 1, 0, 0, false],
    ["is paid a second later", 1, 1000, 1, true],
    ["that cannot be paid is tried each second", 5, 4000, 4, false],
    ["is tried until it is paid, and no more", 5, 60_000, 5, true],
    ["is given up after an hour", NEVER, 2 * HOUR_MS, 3600, true],
  ])("%s", async (_what, nth, afterMs, tries, isEnded) => {
    using time = new FakeTime();
    const debt = new Debt(nth).addTo(new Debts());
    await time.pass(afterMs);
    await time.pass(afterMs === 0 ? 0 : 500);
    expect([debt.tries, debt.isEnded]).toEqual([tries, isEnded]);
  });

  test("that cannot be paid keeps no other from it", async () => {
    using time = new FakeTime();
    const debts = new Debts();
    const [never, soon] = [new Debt(NEVER).addTo(debts), new Debt(2).addTo(debts)];
    await time.untilTrue(() => soon.isEnded);
    expect(never.isEnded).toBe(false);
  });

  test("beyond ten thousand is none; later ones are, when others are paid", async () => {
    using time = new FakeTime();
    const debts = new Debts();
    const all = Array.from({ length: 10_000 }, () => new Debt(1).addTo(debts));
    const more = new Debt(1).addTo(debts);
    await time.untilTrue(() => more.isEnded && all.every(({ isEnded }) => isEnded));
    expect(more.tries).toBe(0);
    const later = new Debt(1).addTo(debts);
    await time.untilTrue(() => later.isEnded);
    expect(later.tries).toBe(1);
  });
});

describe("a debt that holds something", () => {
  test.each<[what: string, nth: number, afterMs: number, letGo: number]>([
    ["holds it until it is paid", 3, 2500, 0],
    ["lets it go, once, when it is paid", 3, 100_000, 1],
    ["holds it for a minute", NEVER, 59_000, 0],
    ["and no longer, once", NEVER, 2 * HOUR_MS, 1],
  ])("%s", async (_what, nth, afterMs, letGo) => {
    using time = new FakeTime();
    const debt = new Debt(nth).addHeldTo(new Debts());
    await time.pass(afterMs);
    expect(debt.letGo).toBe(letGo);
  });

  test("is tried on after that minute", async () => {
    using time = new FakeTime();
    const debt = new Debt(100).addHeldTo(new Debts());
    await time.untilTrue(() => debt.isEnded);
    expect([debt.tries, debt.letGo]).toEqual([100, 1]);
  });

  test("beside sixteen others holds nothing; one that comes after their end does", async () => {
    using time = new FakeTime();
    const debts = new Debts();
    const first = Array.from({ length: 16 }, () => new Debt(1).addHeldTo(debts));
    const more = new Debt(1).addHeldTo(debts);
    expect([first[0]!.letGo, more.letGo]).toEqual([0, 1]);
    await time.untilTrue(() => more.isEnded && first.every(({ isEnded }) => isEnded));
    expect(more.tries).toBe(1);
    expect(new Debt(1).addHeldTo(debts).letGo).toBe(0);
  });
});
