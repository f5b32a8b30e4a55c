import { describe, expect, test } from "bun:test";
import { type Coordinator, LocalCoordinator, NOTHING, type Usage } from "../../src/storage/coordinator.ts";
import { CoordinatorDesk, type CoordinatorRequest, RemoteCoordinator } from "../../src/storage/remote-coordinator.ts";

const bytes = (count: number): Usage => ({ bytes: count, files: 0 });
const unlimited = (): LocalCoordinator => new LocalCoordinator({ bytes: null, files: null }, async () => NOTHING);

describe("locks", () => {
  test("one name has one holder, in the order of asking", async () => {
    const coordinator = unlimited();
    const order: number[] = [];
    const hold = async (i: number): Promise<void> => {
      const release = await coordinator.lock(["a"]);
      order.push(i);
      await Bun.sleep(1);
      order.push(i);
      release();
    };
    await Promise.all([hold(1), hold(2), hold(3)]);
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test("other names do not wait, and several names are held together", async () => {
    const coordinator = unlimited();
    const releaseBoth = await coordinator.lock(["a", "b"]);
    expect(coordinator.lock(["c"])).toBeFunction();
    let hasB = false;
    const waiting = Promise.resolve(coordinator.lock(["b"])).then((release) => {
      hasB = true;
      release();
    });
    await Bun.sleep(1);
    expect(hasB).toBe(false);
    releaseBoth();
    await waiting;
    expect(coordinator.lock(["a"])).toBeFunction();
  });

  test("crossing groups, and a group that names something twice, come to an end", async () => {
    const coordinator = unlimited();
    const groups = [["a", "b"], ["b", "a"], ["a", "a"], ["c", "b", "a"], ["b"]];
    for (let round = 0; round < 20; round++)
      await Promise.all(groups.map(async (names) => (await coordinator.lock(names))()));
  });
});

describe("the accounts", () => {
  const limited = (used: () => Usage, limits = { bytes: 100, files: 10 }): LocalCoordinator =>
    new LocalCoordinator(limits, async () => used());

  test("count what is there, what is set aside, and what it became", async () => {
    const coordinator = limited(() => ({ bytes: 50, files: 1 }));
    expect(await coordinator.reserve(bytes(50))).toBe(true);
    expect(await coordinator.reserve(bytes(1))).toBe(false);
    coordinator.settle(bytes(50), bytes(20));
    expect(await coordinator.reserve(bytes(30))).toBe(true);
    expect(await coordinator.reserve(bytes(1))).toBe(false);
    coordinator.settle(bytes(30), NOTHING);
    expect(await coordinator.reserve({ bytes: 0, files: 9 })).toBe(true);
    expect(await coordinator.reserve({ bytes: 0, files: 1 })).toBe(false);
    expect(await coordinator.reserve(bytes(30))).toBe(true);
  });

  test("an empty file fits into a full quota of bytes, and the other way round", async () => {
    const coordinator = limited(() => ({ bytes: 500, files: 1 }));
    expect(await coordinator.reserve({ bytes: 0, files: 1 })).toBe(true);
    expect(await coordinator.reserve({ bytes: 1, files: 1 })).toBe(false);
  });

  test("what is settled while a scan walks is not lost", async () => {
    const gate = Promise.withResolvers<void>();
    const coordinator = new LocalCoordinator({ bytes: 100, files: null }, async () => {
      await gate.promise;
      return bytes(40);
    });
    const first = coordinator.reserve(bytes(10));
    coordinator.settle(NOTHING, bytes(50));
    gate.resolve();
    expect(await first).toBe(true);
    expect(await coordinator.reserve(bytes(1))).toBe(false);
  });
});

describe("a deletion while a scan walks", () => {
  test("makes no room that the scan has not counted", async () => {
    const gate = Promise.withResolvers<void>();
    const coordinator = new LocalCoordinator({ bytes: 100, files: null }, async () => {
      await gate.promise;
      return bytes(20);
    });
    const first = coordinator.reserve(bytes(10));
    coordinator.settle(NOTHING, { bytes: -80, files: -1 });
    gate.resolve();
    expect(await first).toBe(true);
    expect(await coordinator.reserve(bytes(71))).toBe(false);
    expect(await coordinator.reserve(bytes(70))).toBe(true);
  });
});

describe("a worker asks its parent", () => {
  function connect(parent: Coordinator): { remote: RemoteCoordinator; desk: CoordinatorDesk } {
    const remote: RemoteCoordinator = new RemoteCoordinator(parent.hasLimits, (request: CoordinatorRequest) => {
      queueMicrotask(() => void desk.receive(structuredClone(request)));
    });
    const desk = new CoordinatorDesk(parent, (answer) => queueMicrotask(() => remote.receive(structuredClone(answer))));
    return { remote, desk };
  }

  test("locks are shared with other workers", async () => {
    const parent = unlimited();
    const [one, other] = [connect(parent), connect(parent)];
    const release = await one.remote.lock(["a"]);
    let isHeld = true;
    const waiting = other.remote.lock(["a"]).then((second) => {
      expect(isHeld).toBe(false);
      second();
    });
    await Bun.sleep(1);
    isHeld = false;
    release();
    await waiting;
  });

  test("what a dead worker held is free, and what it waits for too", async () => {
    const parent = new LocalCoordinator({ bytes: 100, files: null }, async () => NOTHING);
    const [dead, alive] = [connect(parent), connect(parent)];
    await dead.remote.lock(["a"]);
    void dead.remote.lock(["a"]);
    expect(await dead.remote.reserve(bytes(80))).toBe(true);
    expect(await alive.remote.reserve(bytes(80))).toBe(false);
    dead.desk.close();
    expect(await alive.remote.reserve(bytes(80))).toBe(true);
    (await alive.remote.lock(["a"]))();
  });

  test("without a parent nothing waits for ever", async () => {
    const remote = new RemoteCoordinator(true, () => {});
    const asked = [remote.lock(["a"]), remote.reserve(bytes(1))];
    remote.parentGone();
    const answers = await Promise.allSettled([...asked, remote.lock(["b"])]);
    expect(answers.map(({ status: each }) => each)).toEqual(["rejected", "rejected", "rejected"]);
  });

  test("a settled reservation is not given back twice", async () => {
    const parent = new LocalCoordinator({ bytes: 100, files: null }, async () => NOTHING);
    const { remote, desk } = connect(parent);
    expect(await remote.reserve(bytes(60))).toBe(true);
    remote.settle(bytes(60), bytes(60));
    await Bun.sleep(1);
    desk.close();
    expect(await parent.reserve(bytes(41))).toBe(false);
    expect(await parent.reserve(bytes(40))).toBe(true);
  });
});
