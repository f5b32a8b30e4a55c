import { describe, expect, test } from "bun:test";
import { HttpResponse } from "../../src/http/message.ts";
import { BufferBudget, BufferShare } from "../../src/net/buffer-budget.ts";
import { needs } from "../support/needs.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { RunningProgram } from "../support/program.ts";
import { readResponses } from "../support/response-reader.ts";
import { residentMiB, type Stall, StalledCrowd } from "../support/stalled-crowd.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const get = (text: string): string => `GET /echo/${text} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe("BufferBudget", () => {
  const holder = { memoryChanged: () => {} };

  test("counts a buffer that many keep once, until the last lets it go", () => {
    const budget = new BufferBudget(1000);
    const shares = Array.from({ length: 50 }, () => new BufferShare(budget, holder));
    const buffer = new ArrayBuffer(900);
    for (const share of shares) share.settle(0, buffer);
    expect(budget.isShort).toBe(false);
    shares[0]!.settle(101, buffer);
    expect(budget.isShort).toBe(true);
    for (const share of shares.slice(1)) share.settle(0, null);
    expect(budget.isShort).toBe(true);
    shares[0]!.settle(101, null);
    expect(budget.isShort).toBe(false);
  });

  test("lets those that wait go on in their order, as many as there is room for", () => {
    const budget = new BufferBudget(2 * MIB);
    const first = new BufferShare(budget, holder);
    first.settle(3 * MIB, null);
    const waiting = Array.from({ length: 6 }, () => new BufferShare(budget, holder));
    for (const [i, share] of waiting.entries()) expect(share.mayTake(i)).toBe(false);
    first.settle(1 * MIB, null);
    expect(waiting.map((share) => share.mayTake(10))).toEqual([true, true, false, false, false, false]);
    expect(waiting[2]!.waitingSince).toBe(2);
    waiting[0]!.settle(100, null);
    // It had its share, and queues again behind the others.
    expect(waiting.map((share) => share.mayTake(10))).toEqual([false, true, false, false, false, false]);
    first.settle(0, null);
    expect(waiting.map((share) => share.mayTake(10))).toEqual([false, true, true, true, false, false]);
  });

  test("a promise that nobody uses is void after a while, and one body may always go on", () => {
    const budget = new BufferBudget(1);
    const shares = Array.from({ length: 3 }, () => new BufferShare(budget, holder));
    shares[0]!.settle(2, null);
    expect(shares.map((share) => share.mayTake(0))).toEqual([false, false, false]);
    shares[0]!.settle(0, null);
    expect(shares.map((share) => share.mayTake(0))).toEqual([true, false, false]);
    budget.sweep();
    expect(shares[1]!.mayTake(0)).toBe(true);
  });
});

describe("when buffered bytes are at their limit", () => {
  /** A server of 1 MiB, of which a client that does not read its echo has more. */
  function full(): { server: HandDrivenServer; hog: ReturnType<HandDrivenServer["connect"]> } {
    const server = new HandDrivenServer({ maxBuffered: MIB, bodyTimeout: 30_000 });
    const hog = server.connect();
    hog.socket.room = 1000;
    hog.connection.receive(Buffer.from(post("/echo", 100 * MIB)));
    hog.connection.receive(Buffer.alloc(1100 * KIB));
    return { server, hog };
  }

  test("a body waits, then gets 503 and Retry-After", async () => {
    const { server } = full();
    await Bun.sleep(0);
    expect(server.budget.isShort).toBe(true);
    const { connection, socket } = server.connect();
    connection.receive(Buffer.from(post("/echo", 10)));
    expect(socket.isPaused).toBe(true);
    server.pass(29_999);
    expect(socket.sent).toBe("");
    server.pass(1);
    expect(readResponses(socket.sent)).toMatchObject([{ status: 503 }]);
    expect(readResponses(socket.sent)[0]!.fields.get("retry-after")).toBe("1");
    expect(server.observer.refusals).toContain("BUFFERS_FULL");
  });

  test("a body goes on as soon as there is room", async () => {
    const { server, hog } = full();
    await Bun.sleep(0);
    const { connection, socket } = server.connect();
    connection.receive(Buffer.from(post("/echo", 10)));
    expect(socket.isPaused).toBe(true);
    hog.connection.closed();
    expect(socket.isPaused).toBe(false);
    connection.receive(Buffer.from("0123456789"));
    await Bun.sleep(0);
    expect(readResponses(socket.sent)).toMatchObject([{ status: 200, body: "0123456789" }]);
    expect(server.budget.isShort).toBe(false);
  });

  test("requests without a body, and bodies that came whole, are answered as ever", async () => {
    const { server } = full();
    await Bun.sleep(0);
    const { connection, socket } = server.connect();
    connection.receive(Buffer.from(get("a") + post("/echo", 3) + "abc" + get("b")));
    await Bun.sleep(0);
    expect(readResponses(socket.sent).map(({ body }) => body)).toEqual(["a", "abc", "b"]);
  });

  test("a client that does not read what it asks for is cut after a while, one that only reads slowly is not", async () => {
    const { server, hog } = full();
    await Bun.sleep(0);
    const slow = server.connect();
    slow.socket.room = 100;
    slow.connection.receive(Buffer.from(get("x".repeat(4000))));
    server.clock.now += 4999;
    for (const connection of [...server.connections]) connection.yieldMemory();
    expect(hog.socket.calls).toEqual([]);
    server.clock.now += 1;
    for (const connection of [...server.connections]) connection.yieldMemory();
    expect(hog.socket.calls).toEqual(["terminate"]);
    expect(slow.socket.calls).toEqual([]);
    expect(server.budget.isShort).toBe(false);
  });

  test("and past it by a quarter, what would add to it is refused at once", async () => {
    const { server, hog } = full();
    await Bun.sleep(0);
    hog.connection.receive(Buffer.alloc(300 * KIB));
    expect(hog.socket.calls).toEqual(["terminate"]);
    expect(server.budget.isShort).toBe(false);
  });
});

test("a request that takes long does not pin the read that it came in", () => {
  const server = new HandDrivenServer({ maxBuffered: 50 * KIB }, ({ decodedPath, fields }) => {
    if (decodedPath !== "/echo/slow") return new HttpResponse(200);
    return new Promise<HttpResponse>((resolve) => {
      setImmediate(() => resolve(new HttpResponse(200, fields.get("host") ?? "")));
    });
  });
  const { connection, socket } = server.connect();
  connection.receive(Buffer.from(get("a").repeat(15) + get("b".repeat(7000)).repeat(14) + get("slow")));
  expect(server.budget.isShort).toBe(false);
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      setImmediate(() => {
        expect(readResponses(socket.sent).at(-1)).toMatchObject({ status: 200, body: "a" });
        resolve();
      });
    });
  });
});

describe.skipIf(needs({ linux: true }).skip)("four hundred clients that do not read", () => {
  const stalls: [what: string, stall: Stall, mostMiB: number, mostWithLittleMiB: number][] = [
    ["their echoes", { opening: post("/echo", 1_000_000_000), flood: Buffer.alloc(MIB, "x") }, 460, 270],
    ["what they pipeline", { opening: "", flood: Buffer.from(get("a".repeat(100)).repeat(4000)) }, 640, 400],
  ];

  async function crowd(stall: Stall, flags: readonly string[]): Promise<{ peak: number; now: number }> {
    await using program = await RunningProgram.start(flags);
    const clients = await StalledCrowd.gather(program.port, 400, stall);
    for (let i = 0; i < 30; i++) {
      await Bun.sleep(100);
      expect(await (await fetch(program.url("/echo"), { method: "POST", body: "others" })).text()).toBe("others");
      expect((await fetch(program.url("/-/health"))).status).toBe(200);
    }
    const resident = residentMiB(program.pid);
    clients.close();
    return resident;
  }

  // Before there was a budget: 523 MiB for echoes, and nothing that bounded either for more clients. What is over the
  // budget at the peak is garbage that was not collected yet.
  test.each(stalls)(
    "%s cost the server no more than its budget",
    async (_what, stall, most, mostWithLittle) => {
      expect((await crowd(stall, [])).peak).toBeLessThan(most);
      const little = await crowd(stall, ["--max-buffered", "32M"]);
      expect(little.peak).toBeLessThan(mostWithLittle);
      expect(little.now).toBeLessThan(200);
    },
    60_000,
  );
});
