// Whether what is recorded leaves memory flat, counted where it is: in the processes of a server that people start.

import { describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { readFileSync } from "node:fs";
import { needs } from "../support/needs.ts";
import { TEST_MS } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";

const PIPELINED = 500;
const ROUNDS = 50;
const BODY_BYTES = 1000;
/** The allocator keeps more for later now and then, but not time after time. */
const MOST_LOOKS = 4;
/** What a server that forgot nothing would have kept of two parts, at least: the bodies alone. */
const RECORDED_BYTES = 2 * PIPELINED * ROUNDS * BODY_BYTES;

/** The server and its workers. */
function residentBytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ");
  return [String(pid), ...children.filter((child) => child !== "")]
    .map((each) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/status`, "latin1"))![1]) * 1024)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** Sends requests pipelined on one connection, as fast as they are answered; resolves with the last answer. */
async function send(port: number, target: string): Promise<void> {
  const one = `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES}\r\n\r\n${"x".repeat(BODY_BYTES)}`;
  const answerBytes = (await exchange(port, one)).length;
  const round = Buffer.from(one.repeat(PIPELINED));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let rest = round.subarray(0, 0);
  let rounds = 0;
  let left = answerBytes * PIPELINED * ROUNDS;
  const push = (socket: Socket): void => {
    while (rest.length > 0 || rounds < ROUNDS) {
      if (rest.length === 0) {
        rest = round;
        rounds += 1;
      }
      const count = Math.max(0, socket.write(rest));
      rest = rest.subarray(count);
      if (rest.length > 0) return;
    }
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: push,
      drain: push,
      data: (_socket, bytes) => {
        left -= bytes.length;
        if (left <= 0) resolve();
      },
      close: () => reject(new Error(`the server ended the connection, ${left} bytes too early`)),
    },
  });
  await promise;
  socket.end();
}

describe.skipIf(needs({ linux: true }).skip)("100,000 recorded requests over a socket leave memory flat", () => {
  test.each([[[]], [["--workers", "2"]]])(
    "with %j",
    async (flags) => {
      await using program = await RunningProgram.start(["--testing", ...flags]);
      const afterTwoParts = async (): Promise<number> => {
        await send(program.port, "/echo?1");
        const between = residentBytes(program.pid);
        await send(program.port, "/echo?2");
        return Math.max(between, residentBytes(program.pid));
      };
      // The first parts fill what is kept, and what the allocator keeps for later; a worker that had none warms up later.
      let before = await afterTwoParts();
      const growths: number[] = [];
      while (growths.length < MOST_LOOKS && !growths.some((growth) => growth < RECORDED_BYTES)) {
        const now = await afterTwoParts();
        growths.push(now - before);
        before = now;
      }
      expect(Math.min(...growths)).toBeLessThan(RECORDED_BYTES);
      expect(before).toBeLessThan(400 * 1024 * 1024);
    },
    2 * TEST_MS,
  );
});
