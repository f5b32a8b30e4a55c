// /-/metrics of a running server: who may see it, in which format, and that the programs that read it can.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

function scrape(port: number, fields = "", host = "localhost"): Promise<string> {
  return exchange(port, `GET /-/metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`);
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

function sumOf(body: string, name: string): number {
  const values = body.matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)$`, "gm"));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

let server: RunningProgram;
const folder = tempFolder();
beforeAll(async () => {
  server = await RunningProgram.start(["--metrics", folder.path]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test("without --metrics there is nothing", async () => {
  await using plain = await RunningProgram.start();
  expect(await scrape(plain.port)).toStartWith("HTTP/1.1 404 ");
});

describe("the format is what the client prefers", () => {
  const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  const PLAIN = "text/plain; version=0.0.4; charset=utf-8";
  const PROMETHEUS =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,";
  const cases: [accept: string, type: string][] = [
    ["", OPEN],
    ["Accept: */*\r\n", OPEN],
    ["Accept: text/plain;version=0.0.4\r\n", PLAIN],
    [`Accept: ${PROMETHEUS}text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n`, OPEN],
    ["Accept: text/plain;version=0.0.4;escaping=underscores;q=0.5,*/*;q=0.1\r\n", PLAIN],
    ["Accept: image/png\r\n", OPEN],
  ];
  test.each(cases)("%p", async (accept, type) => {
    expect(await scrape(server.port, accept)).toContain(`\r\nContent-Type: ${type}\r\n`);
  });
});

describe("strangers see nothing:", () => {
  const cases: [what: string, fields: string, host: string, status: number][] = [
    ["a proxy on this machine", "X-Forwarded-For: 192.0.2.1\r\n", "localhost", 403],
    ["a page of another name", "", "rebound.example", 421],
  ];
  test.each(cases)("%s", async (_what, fields, host, status) => {
    expect(await scrape(server.port, fields, host)).toStartWith(`HTTP/1.1 ${status} `);
  });

  test("where rights are set, whoever may not read everything", async () => {
    await using guarded = await RunningProgram.start([
      "--metrics",
      ...["--token", "prometheus:0123456789abcdef@/:ro", "--token", "half:fedcba9876543210@/a:ro"],
      folder.path,
    ]);
    expect(await scrape(guarded.port)).toStartWith("HTTP/1.1 401 ");
    expect(await scrape(guarded.port, "Authorization: Bearer fedcba9876543210\r\n")).toStartWith("HTTP/1.1 403 ");
    expect(await scrape(guarded.port, "Authorization: Bearer 0123456789abcdef\r\n")).toStartWith("HTTP/1.1 200 ");
  });
});

const promtool = needs({ programs: ["promtool"] });
test.skipIf(promtool.skip)("promtool finds nothing to complain of", async () => {
  const text = bodyOf(await scrape(server.port, "Accept: text/plain\r\n"));
  const child = Bun.spawn(["promtool", "check", "metrics"], {
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  expect([await child.exited, await child.stdout.text(), await child.stderr.text()]).toEqual([0, "", ""]);
});

const client = needs({ paths: ["/usr/lib/python3/dist-packages/prometheus_client", "/usr/bin/python3"] });
test.skipIf(client.skip)("Prometheus's own client reads the newer format", async () => {
  const script =
    "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as p\n" +
    "print(len(list(p(sys.stdin.read()))))";
  const stdin = new Blob([bodyOf(await scrape(server.port))]);
  const child = Bun.spawn(["/usr/bin/python3", "-c", script], { stdin, stdout: "pipe", stderr: "pipe" });
  expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
  expect(Number(await child.stdout.text())).toBeGreaterThan(15);
});

const linux = needs({ linux: true });
test.skipIf(linux.skip)("any worker gives the sum of all, and what a killed one had counted is not lost", async () => {
  await using many = await RunningProgram.start(["--metrics", "--workers", "2", "--quiet=no"]);
  const asked = 200;
  for (let i = 0; i < asked; i += 20)
    await Promise.all(
      Array.from({ length: 20 }, () =>
        exchange(many.port, "GET /echo/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      ),
    );
  const count = async (): Promise<number> => {
    const body = bodyOf(await scrape(many.port));
    return sumOf(body, 'mini_http_requests_total\\{method="GET",route="/echo/\\{text\\}",status="2xx"\\}');
  };
  // An answer is counted behind its last byte, which its client may see first.
  await until(async () => (await count()) === asked);
  const counts = async (): Promise<number[]> => Promise.all(Array.from({ length: 8 }, count));
  expect(new Set(await counts())).toEqual(new Set([asked]));
  const [worker] = (await Bun.file(`/proc/${many.pid}/task/${many.pid}/children`).text()).split(" ");
  process.kill(Number(worker), "SIGKILL");
  await many.untilLog((log) => log.includes("another one starts"));
  await until(async () => sumOf(bodyOf(await scrape(many.port)), "mini_http_processes") === 2);
  expect(new Set(await counts())).toEqual(new Set([asked]));
});
