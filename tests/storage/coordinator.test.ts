import { describe, expect, test } from "bun:test";
import {
  type Claim,
  type Coordinator,
  LocalCoordinator,
  NO_CLAIM,
  NOTHING,
  type Request,
  type Usage,
  type UsageLimits,
} from "../../src/storage/coordinator.ts";
import type { Lack } from "../../src/storage/ledger.ts";
import {
  CoordinatorDesk,
  type CoordinatorRequest,
  type GroupCount,
  RemoteCoordinator,
} from "../../src/storage/remote-coordinator.ts";
import { systemCode } from "../../src/storage/system-fault.ts";
import { FakeTime } from "../support/fake-time.ts";

const bytes = (count: number): Usage => ({ bytes: count, files: 0 });
const claim = (count: number, files = 0, ahead = 0): Claim => ({ bytes: count, files, ahead });
const request = (count: number, files = 0): Request => ({ claim: claim(count, files), announced: 0, free: Infinity });
const NO_LIMITS = { bytes: null, files: null, minFree: 0 };
const unlimited = (): LocalCoordinator => new LocalCoordinator(NO_LIMITS, async () => NOTHING);
const noGroups = (): GroupCount => ({ total: 0, begun: 0, add: () => {} });

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

  test("a name that may not be waited for is had at once, or not at all", async () => {
    const coordinator = unlimited();
    const release = await coordinator.lock(["a", "b"]);
    expect(await coordinator.tryLock("a")).toBeNull();
    const second = await coordinator.tryLock("c");
    expect(await coordinator.tryLock("c")).toBeNull();
    second?.();
    release();
    expect(await coordinator.tryLock("a")).toBeFunction();
    expect(await coordinator.tryLock("c")).toBeFunction();
  });

  test("crossing groups, and a group that names something twice, come to an end", async () => {
    const coordinator = unlimited();
    const groups = [["a", "b"], ["b", "a"], ["a", "a"], ["c", "b", "a"], ["b"]];
    for (let round = 0; round < 20; round++)
      await Promise.all(groups.map(async (names) => (await coordinator.lock(names))()));
  });

  test("several share a name, and whoever wants it alone waits for those before him", async () => {
    const coordinator = unlimited();
    const releases = [await coordinator.lock(["a"], ["s"]), await coordinator.lock(["b"], ["s", "t"])];
    const order: string[] = [];
    const alone = Promise.resolve(coordinator.lock(["s"])).then((release) => (order.push("alone"), release));
    const later = Promise.resolve(coordinator.lock(["c"], ["s"])).then((release) => (order.push("later"), release));
    expect(coordinator.lock(["d"], ["t"])).toBeFunction();
    releases[0]!();
    await Bun.sleep(1);
    expect(order).toEqual([]);
    releases[1]!();
    const release = await alone;
    await Bun.sleep(1);
    expect(order).toEqual(["alone"]);
    release();
    (await later)();
    expect(order).toEqual(["alone", "later"]);
    expect(coordinator.lock(["s"])).toBeFunction();
  });

  test("what is shared is free again after any number of holders", async () => {
    const coordinator = unlimited();
    for (let round = 0; round < 20; round++) {
      const all = Array.from({ length: 10 }, (_, i) =>
        i % 4 === 3 ? coordinator.lock(["s", "x"]) : coordinator.lock([`own-${i}`], ["s"]),
      );
      await Promise.all(all.map(async (asked) => (await asked)()));
    }
    expect(coordinator.lock(["s", "x"])).toBeFunction();
  });
});

describe("the accounts", () => {
  const limited = (used: () => Usage, limits: UsageLimits = { bytes: 100, files: 10, minFree: 0 }): LocalCoordinator =>
    new LocalCoordinator(limits, async () => used());

  test("count what is there, what is set aside, and what it became", async () => {
    const coordinator = limited(() => ({ bytes: 50, files: 1 }));
    expect(await coordinator.reserve(request(50))).toBeNull();
    expect(await coordinator.reserve(request(1))).toBe("over-quota");
    coordinator.settle(claim(50), bytes(20));
    expect(await coordinator.reserve(request(30))).toBeNull();
    expect(await coordinator.reserve(request(1))).toBe("over-quota");
    coordinator.settle(claim(30), NOTHING);
    expect(await coordinator.reserve(request(0, 9))).toBeNull();
    expect(await coordinator.reserve(request(0, 1))).toBe("over-quota");
    expect(await coordinator.reserve(request(30))).toBeNull();
  });

  test("an empty file fits into a full quota of bytes, and the other way round", async () => {
    const coordinator = limited(() => ({ bytes: 500, files: 1 }));
    expect(await coordinator.reserve(request(0, 1))).toBeNull();
    expect(await coordinator.reserve(request(1, 1))).toBe("over-quota");
  });

  test("what is announced is refused when it cannot fit, and holds nothing", async () => {
    const coordinator = limited(() => bytes(50));
    const announce = (announced: number): Request => ({ claim: NO_CLAIM, announced, free: Infinity });
    expect(await coordinator.reserve(announce(51))).toBe("over-quota");
    expect(await coordinator.reserve(announce(50))).toBeNull();
    expect(await coordinator.reserve(announce(50))).toBeNull();
    expect(await coordinator.reserve(request(50))).toBeNull();
  });

  test("what is to stay free on the disk counts what others may write before they ask again", async () => {
    const coordinator = limited(() => NOTHING, { bytes: null, files: null, minFree: 100 });
    const ahead = (count: number, free: number): Request => ({ claim: claim(0, 0, count), announced: 0, free });
    expect(await coordinator.reserve(ahead(40, 199))).toBeNull();
    expect(await coordinator.reserve(ahead(60, 199))).toBe("no-space");
    expect(await coordinator.reserve(ahead(59, 199))).toBeNull();
    coordinator.settle(claim(0, 0, 40), NOTHING);
    expect(await coordinator.reserve(ahead(40, 199))).toBeNull();
    expect(await coordinator.reserve(ahead(1, Infinity))).toBeNull();
  });

  test("what is settled while a scan walks is not lost", async () => {
    const gate = Promise.withResolvers<void>();
    const coordinator = new LocalCoordinator({ bytes: 100, files: null, minFree: 0 }, async () => {
      await gate.promise;
      return bytes(40);
    });
    const first = coordinator.reserve(request(10));
    coordinator.settle(NO_CLAIM, bytes(50));
    gate.resolve();
    expect(await first).toBeNull();
    expect(await coordinator.reserve(request(1))).toBe("over-quota");
  });
});

describe("a deletion while a scan walks", () => {
  test("makes no room that the scan has not counted", async () => {
    const gate = Promise.withResolvers<void>();
    const coordinator = new LocalCoordinator({ bytes: 100, files: null, minFree: 0 }, async () => {
      await gate.promise;
      return bytes(20);
    });
    const first = coordinator.reserve(request(10));
    coordinator.settle(NO_CLAIM, { bytes: -80, files: -1 });
    gate.resolve();
    expect(await first).toBeNull();
    expect(await coordinator.reserve(request(71))).toBe("over-quota");
    expect(await coordinator.reserve(request(70))).toBeNull();
  });
});

describe("where something can go by itself", () => {
  /** Of a folder that is full. It frees what is asked for, a turn of the loop later. */
  function fullFolder(): { coordinator: LocalCoordinator; lacks: Lack[] } {
    const full = { bytes: 100, files: 100 };
    const coordinator = new LocalCoordinator({ ...full, minFree: 0 }, async () => full);
    const lacks: Lack[] = [];
    coordinator.ledger = {
      read: () => {},
      changed: async () => {},
      moved: async () => {},
      runShort: async (lack) => {
        lacks.push(lack);
        await Bun.sleep(1);
        coordinator.settle(NO_CLAIM, { bytes: -lack.bytes, files: -lack.files });
      },
    };
    return { coordinator, lacks };
  }

  test.each<[what: string, asked: Request, lack: Lack]>([
    ["bytes", request(10), { bytes: 10, files: 0 }],
    ["announced bytes", { claim: NO_CLAIM, announced: 20, free: Infinity }, { bytes: 20, files: 0 }],
    ["files", request(0, 3), { bytes: 0, files: 3 }],
    ["both", request(1, 2), { bytes: 1, files: 2 }],
  ])("what lacks is asked for: %s", async (_what, asked, lack) => {
    const { coordinator, lacks } = fullFolder();
    expect(await coordinator.reserve(asked)).toBeNull();
    expect(lacks).toEqual([lack]);
  });

  test("nobody takes the room that was made for somebody else, however many come", async () => {
    const { coordinator, lacks } = fullFolder();
    const answers = Array.from({ length: 100 }, async (_, i) => {
      await Bun.sleep(i % 10);
      return coordinator.reserve(request(1, i % 2));
    });
    expect(await Promise.all(answers)).toEqual(answers.map(() => null));
    expect(lacks.every(({ bytes, files }) => bytes <= 1 && files <= 1)).toBe(true);
  });

  test("who has waited for long behind others is refused, or has what is free", async () => {
    using time = new FakeTime();
    const { coordinator, lacks } = fullFolder();
    const stuck = Promise.withResolvers<void>();
    coordinator.ledger!.runShort = async (lack) => {
      lacks.push(lack);
      await stuck.promise;
    };
    const first = coordinator.reserve(request(10));
    const [second, empty] = [coordinator.reserve(request(10)), coordinator.reserve(request(0, 0))];
    await time.pass(16_000);
    stuck.resolve();
    expect(await first).toBe("over-quota");
    expect(await second).toBe("over-quota");
    expect(await empty).toBeNull();
    expect(lacks).toHaveLength(1);
  });
});

describe("a worker asks its parent", () => {
  function connect(parent: Coordinator): { remote: RemoteCoordinator; desk: CoordinatorDesk } {
    const remote: RemoteCoordinator = new RemoteCoordinator(
      parent.hasLimits,
      noGroups(),
      (request: CoordinatorRequest) => {
        queueMicrotask(() => void desk.receive(structuredClone(request)));
      },
    );
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

  test("workers share what is shared, until the last of them is gone", async () => {
    const parent = unlimited();
    const [one, other, third] = [connect(parent), connect(parent), connect(parent)];
    const release = await one.remote.lock(["a"], ["s"]);
    await other.remote.lock(["b"], ["s"]);
    expect(other.desk.heldNames).toEqual(["b"]);
    let isHeld = true;
    const alone = third.remote.lock(["s"]).then(() => expect(isHeld).toBe(false));
    release();
    await Bun.sleep(1);
    isHeld = false;
    other.desk.close();
    await alone;
  });

  test("a name that may not be waited for is another worker's, or had at once", async () => {
    const parent = unlimited();
    const [one, other] = [connect(parent), connect(parent)];
    const release = await one.remote.tryLock("a");
    expect(release).toBeFunction();
    expect(await other.remote.tryLock("a")).toBeNull();
    expect(await other.remote.tryLock("b")).toBeFunction();
    release?.();
    await Bun.sleep(1);
    expect(await other.remote.tryLock("a")).toBeFunction();
  });

  test("its desk knows what it holds, until it is closed", async () => {
    const { remote, desk } = connect(unlimited());
    const release = await remote.lock(["a", "b"]);
    await remote.tryLock("c");
    expect(desk.heldNames).toEqual(["a", "b", "c"]);
    release();
    await Bun.sleep(1);
    expect(desk.heldNames).toEqual(["c"]);
    desk.close();
    expect(desk.heldNames).toEqual([]);
  });

  test("what a dead worker held is free, and what it waits for too", async () => {
    const parent = new LocalCoordinator({ bytes: 100, files: null, minFree: 0 }, async () => NOTHING);
    const [dead, alive] = [connect(parent), connect(parent)];
    await dead.remote.lock(["a"]);
    void dead.remote.lock(["a"]);
    expect(await dead.remote.reserve(request(80))).toBeNull();
    expect(await alive.remote.reserve(request(80))).toBe("over-quota");
    dead.desk.close();
    expect(await alive.remote.reserve(request(80))).toBeNull();
    (await alive.remote.lock(["a"]))();
  });

  test("without a parent nothing waits for ever", async () => {
    const remote = new RemoteCoordinator(true, noGroups(), () => {});
    const asked = [remote.lock(["a"]), remote.reserve(request(1))];
    remote.parentGone();
    const answers = await Promise.allSettled([...asked, remote.lock(["b"])]);
    const codes = answers.map((each) => (each.status === "rejected" ? systemCode(each.reason) : each.status));
    // Which a client hears as "try again".
    expect(codes).toEqual(["EAGAIN", "EAGAIN", "EAGAIN"]);
  });

  test("a settled reservation is not given back twice", async () => {
    const parent = new LocalCoordinator({ bytes: 100, files: null, minFree: 0 }, async () => NOTHING);
    const { remote, desk } = connect(parent);
    expect(await remote.reserve(request(60))).toBeNull();
    remote.settle(claim(60), bytes(60));
    await Bun.sleep(1);
    desk.close();
    expect(await parent.reserve(request(41))).toBe("over-quota");
    expect(await parent.reserve(request(40))).toBeNull();
  });
});
