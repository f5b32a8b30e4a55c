// The recorder of a server that is several processes, started as users do.

import { describe, expect, test } from "bun:test";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";

function get(port: number, target: string): Promise<string> {
  return exchange(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
}

describe.skipIf(needs({ linux: true }).skip)("--workers 2 --testing", () => {
  test("has one recorder, and answers right behind the last request that is waited for", async () => {
    await using program = await RunningProgram.start(["--workers", "2", "--testing"]);
    const { port } = program;
    // Each on a connection of its own, so that both workers have some.
    for (let i = 0; i < 20; i++) await get(port, `/echo/${i}`);
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      let answered = 0;
      const answer = get(port, `/-/requests?path=/echo/${round}-*&wait=10s&count=3`).then((text) => {
        answered = performance.now();
        return text;
      });
      for (const n of [1, 2, 3]) await get(port, `/echo/${round}-${n}`);
      const last = performance.now();
      expect(await answer).toStartWith("HTTP/1.1 200 ");
      delays.push(answered - last);
    }
    // The fastest, since the machine may be busy.
    expect(Math.min(...delays)).toBeLessThan(20);
    const all = await get(port, "/-/requests?path=/echo/*");
    expect(all.match(/"target"/g)).toHaveLength(35);
  });
});
