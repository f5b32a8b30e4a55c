// When the server's own work on its directory is done. The work itself is in leftovers.test.ts and recovery.test.ts.

import { describe, expect, spyOn, test } from "bun:test";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalCoordinator, type UsageLimits } from "../../src/storage/coordinator.ts";
import { Housekeeper } from "../../src/storage/housekeeper.ts";
import { LocalStorage } from "../../src/storage/local-storage.ts";
import { temporaryName } from "../../src/storage/temporary-name.ts";
import { FakeTime } from "../support/fake-time.ts";
import { PLAIN_STORAGE } from "../support/storage-settings.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NO_LIMITS: UsageLimits = { bytes: null, files: null, minFree: 0 };
const MINUTE_MS = 60_000;

/** A housekeeper with its folder, and all that it told. */
class House {
  readonly storage: LocalStorage;
  readonly coordinator: LocalCoordinator;
  readonly keeper: Housekeeper;
  readonly told: string[] = [];
  readonly #folder = tempFolder();

  constructor(limits = NO_LIMITS) {
    this.coordinator = new LocalCoordinator(limits, () => this.keeper.measure());
    this.storage = new LocalStorage(this.#folder.path, PLAIN_STORAGE, this.coordinator);
    this.keeper = new Housekeeper(this.storage, {
      warning: (line) => this.told.push(line),
      fault: (error) => this.told.push(String(error)),
    });
  }

  at(name: string): string {
    return join(this.#folder.path, name);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

describe("a sweep that is asked for while one goes on", () => {
  test.each<[what: string, asked: number, sweeps: number]>([
    ["never: there is one", 0, 1],
    ["once: another one follows", 1, 2],
    ["three times: another one follows, which is enough for all", 3, 2],
  ])("%s", async (_what, asked, sweeps) => {
    using house = new House();
    const gate = Promise.withResolvers<number>();
    using sweep = spyOn(house.storage, "sweep").mockImplementation(() => gate.promise);
    house.keeper.sweep();
    for (let i = 0; i < asked; i++) house.keeper.sweep();
    expect(sweep).toHaveBeenCalledTimes(1);
    gate.resolve(0);
    await Bun.sleep(1);
    expect(sweep).toHaveBeenCalledTimes(sweeps);
    house.keeper.sweep();
    expect(sweep).toHaveBeenCalledTimes(sweeps + 1);
  });

  test("follows one that failed, too", async () => {
    using house = new House();
    using sweep = spyOn(house.storage, "sweep").mockImplementation(async () => {
      throw new Error("our own fault");
    });
    house.keeper.sweep();
    house.keeper.sweep();
    await Bun.sleep(1);
    expect(sweep).toHaveBeenCalledTimes(2);
    expect(house.told).toEqual(["Error: our own fault", "Error: our own fault"]);
  });
});

describe("what a process that died was making visible", () => {
  test("is tried again until it is whole; the sweep comes after it", async () => {
    using time = new FakeTime();
    using house = new House();
    const left = [1, 2, 0];
    const order: string[] = [];
    using _recover = spyOn(house.storage, "recover").mockImplementation(async (locked) => {
      order.push("recover " + locked.join());
      return { finished: 0, left: left.shift() ?? 0 };
    });
    using _sweep = spyOn(house.storage, "sweep").mockImplementation(async () => {
      order.push("sweep");
      return 0;
    });
    await time.until(house.keeper.takeOver(["a"]));
    expect(order).toEqual(["recover a", "recover a", "recover a", "sweep"]);
  });

  test("is left to the sweep after a minute", async () => {
    using time = new FakeTime();
    using house = new House();
    using recover = spyOn(house.storage, "recover").mockImplementation(async () => ({ finished: 0, left: 1 }));
    const start = Date.now();
    await time.until(house.keeper.takeOver(["a"]));
    expect(Date.now() - start).toBeLessThanOrEqual(MINUTE_MS);
    expect(recover.mock.calls.length).toBeGreaterThan(10);
  });

  test("is told once for all", async () => {
    using house = new House();
    using _recover = spyOn(house.storage, "recover").mockImplementation(async () => ({ finished: 2, left: 0 }));
    await house.keeper.takeOver([]);
    expect(house.told).toEqual(["Finished 2 forms that a killed server left behind."]);
  });
});

/** As before the restart of a container: nobody can be asked whether it lives. */
const elsewhere = (id: string): string =>
  temporaryName().replace(/^\.mini-http-[^-]+-.*/, `.mini-http-0elsewhere-1-1-${id}`);

describe("unfinished uploads of a container that was started again", () => {
  test("count for --quota as long as they are there, and are gone two hours later", async () => {
    using time = new FakeTime();
    using house = new House({ bytes: 100, files: null, minFree: 0 });
    for (const id of ["1", "2"]) writeFileSync(house.at(elsewhere(id)), "x".repeat(45));
    const ask = (bytes: number): Promise<unknown> => {
      const claim = { bytes, files: 1, ahead: 0 };
      return time.until(Promise.resolve(house.coordinator.reserve({ claim, announced: 0, free: Infinity })));
    };
    const areThere = (): boolean => ["1", "2"].some((id) => existsSync(house.at(elsewhere(id))));
    house.keeper.begin();
    await time.pass(2 * MINUTE_MS);
    expect(areThere()).toBe(true);
    expect(await ask(11)).toBe("over-quota");
    expect(await ask(10)).toBeNull();
    const passed = await time.untilTrue(() => !areThere());
    expect(passed).toBeLessThanOrEqual(120 * MINUTE_MS);
    await time.untilTrue(() => house.told.length > 0);
    expect(house.told).toEqual(["Removed 2 unfinished uploads that a killed server left behind."]);
    expect(await ask(90)).toBeNull();
  });

  test("stay while somebody touches them: another container may be at work", async () => {
    using time = new FakeTime();
    using house = new House();
    const path = house.at(elsewhere("1"));
    writeFileSync(path, "x");
    house.keeper.begin();
    for (let i = 0; i < 18; i++) {
      await time.pass(10 * MINUTE_MS);
      utimesSync(path, Date.now() / 1000, Date.now() / 1000);
    }
    expect(existsSync(path)).toBe(true);
  });

  test("and those of a system that is gone for long are swept at the start", async () => {
    using house = new House();
    const path = house.at(elsewhere("1"));
    writeFileSync(path, "x");
    utimesSync(path, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
    expect(await house.storage.sweep()).toBe(1);
    expect(existsSync(path)).toBe(false);
  });
});
