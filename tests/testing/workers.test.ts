// The recorder of a server that is several processes, started as users do.

import { describe, expect, test } from "bun:test";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";

const MOST_ROUNDS = 60;

function get(port: number, target: string): Promise<string> {
  return exchange(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
}

test("what was refused before it became a request is recorded once, and what was answered is not twice", async () => {
  await using program = await RunningProgram.start(["--testing"]);
  const { port } = program;
  await exchange(port, "GET /bad?x HTTP/1.1\r\nHost : a\r\n\r\n");
  await exchange(port, "nonsense\r\n\r\n");
  await exchange(port, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  await get(port, "/nowhere");
  await exchange(port, "GET /get?fault=reset HTTP/1.1\r\nHost: a\r\n\r\n");
  const text = await get(port, "/-/requests");
  const records = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as {
    path: string;
    refusal: string | null;
    fault: string | null;
    response: { status: number } | null;
  }[];
  expect(records.map(({ path, refusal, fault, response }) => [path, refusal, fault, response?.status ?? null])).toEqual(
    [
      ["/bad", "BAD_FIELD_LINE", null, 400],
      ["", "BAD_REQUEST_LINE", null, 400],
      ["/post", "BAD_CHUNK", null, 400],
      ["/nowhere", null, null, 404],
      ["/get", null, "reset", null],
    ],
  );
});

describe.skipIf(needs({ linux: true }).skip)("--workers 2 --testing", () => {
  test("has one recorder that answers right behind the last request that is waited for, and counts faults together", async () => {
    await using program = await RunningProgram.start(["--workers", "2", "--testing"]);
    const { port } = program;
    // Each on a connection of its own, so that both workers have some.
    for (let i = 0; i < 20; i++) await get(port, `/echo/${i}`);
    let [rounds, fastest] = [0, Infinity];
    // The machine may be busy; whoever only looked now and then would never be that fast.
    for (let round = 0; fastest >= 20 && round < MOST_ROUNDS; round++) {
      let answered = 0;
      const answer = get(port, `/-/requests?path=/echo/${round}-*&wait=10s&count=3`).then((text) => {
        answered = performance.now();
        return text;
      });
      for (const n of [1, 2, 3]) await get(port, `/echo/${round}-${n}`);
      const last = performance.now();
      expect(await answer).toStartWith("HTTP/1.1 200 ");
      fastest = Math.min(fastest, answered - last);
      rounds += 1;
    }
    expect(fastest).toBeLessThan(20);
    const rule = "GET /uuid 503 first=3";
    const put = `PUT /-/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${rule.length}\r\n\r\n${rule}`;
    expect(await exchange(port, put)).toStartWith("HTTP/1.1 204 ");
    // Whoever was not told of the rules yet is told at once; each connection is any worker's.
    let row = 0;
    await until(async () => {
      row = (await get(port, "/-/faults")).includes(rule) ? row + 1 : 0;
      return row === 12;
    });
    const statuses: string[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await get(port, "/uuid")).slice(9, 12));
    expect(statuses).toEqual([...Array(3).fill("503"), ...Array(9).fill("200")]);
    const all = await get(port, "/-/requests?path=/echo/*");
    expect(all.match(/"target"/g)).toHaveLength(20 + 3 * rounds);
  });
});
