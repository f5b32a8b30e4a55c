// What is counted, and that clients cannot make it more than the tables have.

import { describe, expect, test } from "bun:test";
import { BAD_CHUNK, BODY_TOO_LARGE, BODY_TOO_SLOW, BUFFERS_FULL, INCOMPLETE_BODY } from "../../src/http/refusal.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { METRICS_BYTES, MetricsMemory } from "../../src/observe/metrics-memory.ts";
import { formatMetrics } from "../../src/observe/metrics-text.ts";
import type { ExchangeRecord } from "../../src/observe/observer.ts";
import { RECORD } from "../support/exchange-record.ts";

const ROUTES = ["/", "/files/{path}", "/echo/{text}"];
function counted(...changes: Partial<ExchangeRecord>[]): MetricsMemory {
  const metrics = new Metrics(new MetricsMemory());
  metrics.routes = ROUTES;
  for (const change of changes) metrics.exchange({ ...RECORD, ...change });
  return metrics.memory;
}

function linesOf(memories: readonly MetricsMemory[], format: "openmetrics" | "0.0.4" = "openmetrics"): string[] {
  return formatMetrics({ memories, routes: ROUTES, version: "1" }, format).split("\n");
}

describe("an exchange is counted by method, route and class", () => {
  const cases: [change: Partial<ExchangeRecord>, labels: string][] = [
    [{}, 'method="GET",route="/echo/{text}",status="2xx"'],
    [{ method: "BREW", route: "", status: 501 }, 'method="other",route="none",status="5xx"'],
    [{ method: "", route: "", status: 400 }, 'method="other",route="none",status="4xx"'],
    [{ status: 0, cutOff: true }, 'method="GET",route="/echo/{text}",status="none"'],
    [{ route: "/never heard of", status: 999 }, 'method="GET",route="none",status="none"'],
    [{ method: "MKCOL", route: "/files/{path}", status: 201 }, 'method="MKCOL",route="/files/{path}",status="2xx"'],
  ];
  test.each(cases)("%p", (change, labels) => {
    expect(linesOf([counted(change, change)])).toContain(`mini_http_requests_total{${labels}} 2`);
  });
});

test("whatever clients send, there are no more lines than kinds", () => {
  const odd = Array.from({ length: 5000 }, (_, i) => ({
    method: `M${i}`,
    target: `/${i}`,
    user: `u${i}`,
    status: 404,
  }));
  const lines = linesOf([counted(...odd)]).filter((line) => line.startsWith("mini_http_requests_total"));
  expect(lines).toEqual(['mini_http_requests_total{method="other",route="/echo/{text}",status="4xx"} 5000']);
});

describe("an upload that fails has a reason", () => {
  const upload = { method: "PUT", route: "/files/{path}" };
  const cases: [change: Partial<ExchangeRecord>, line: string][] = [
    [{ status: 201 }, "mini_http_uploads_total 1"],
    [{ status: 204 }, "mini_http_uploads_total 1"],
    [{ status: 303, method: "POST" }, "mini_http_uploads_total 1"],
    [{ status: 413, refusal: BODY_TOO_LARGE }, 'mini_http_upload_failures_total{reason="too_large"} 1'],
    [{ status: 507 }, 'mini_http_upload_failures_total{reason="no_space"} 1'],
    [{ status: 412 }, 'mini_http_upload_failures_total{reason="precondition"} 1'],
    [{ status: 0, cutOff: true }, 'mini_http_upload_failures_total{reason="client_left"} 1'],
    [{ status: 400, refusal: INCOMPLETE_BODY }, 'mini_http_upload_failures_total{reason="client_left"} 1'],
    [{ status: 0, refusal: INCOMPLETE_BODY, cutOff: true }, 'mini_http_upload_failures_total{reason="client_left"} 1'],
    [{ status: 400, refusal: BAD_CHUNK }, 'mini_http_upload_failures_total{reason="malformed"} 1'],
    [{ status: 0, refusal: BODY_TOO_SLOW, cutOff: true }, 'mini_http_upload_failures_total{reason="too_slow"} 1'],
    [{ status: 0, refusal: BUFFERS_FULL, cutOff: true }, 'mini_http_upload_failures_total{reason="server"} 1'],
    [{ status: 500 }, 'mini_http_upload_failures_total{reason="server"} 1'],
    [{ status: 418 }, 'mini_http_upload_failures_total{reason="other"} 1'],
    [{ status: 200, route: "/echo/{text}" }, "mini_http_uploads_total 0"],
  ];
  test.each(cases)("%p", (change, line) => {
    expect(linesOf([counted({ ...upload, ...change })])).toContain(line);
  });
});

test("a histogram's buckets hold all that is not over them", () => {
  const lines = linesOf([counted({ durationMs: 1 }, { durationMs: 1.001 }, { durationMs: 70_000 })]);
  const of = (bound: string) => `mini_http_request_duration_seconds_bucket{le="${bound}"}`;
  expect(lines).toContain(`${of("0.0005")} 0`);
  expect(lines).toContain(`${of("0.001")} 1`);
  expect(lines).toContain(`${of("0.0025")} 2`);
  expect(lines).toContain(`${of("60.0")} 2`);
  expect(lines).toContain(`${of("+Inf")} 3`);
  expect(lines).toContain("mini_http_request_duration_seconds_count 3");
});

test("processes are added up; one that has died keeps what it counted, and nothing of what it was", () => {
  const page = new Uint8Array(2 * METRICS_BYTES);
  const at = (i: number) => new MetricsMemory(page.subarray(i * METRICS_BYTES, (i + 1) * METRICS_BYTES));
  for (const i of [0, 1]) {
    const metrics = new Metrics(at(i));
    metrics.routes = ROUTES;
    metrics.connected();
    metrics.exchange(RECORD);
    metrics.hotFile(i === 0);
    metrics.evicted(2, 100);
    metrics.memory.set("processes", 1);
  }
  at(0).endProcess();
  const lines = linesOf([at(0), at(1)]);
  for (const line of [
    'mini_http_requests_total{method="GET",route="/echo/{text}",status="2xx"} 2',
    "mini_http_connections_opened_total 2",
    "mini_http_connections 1",
    "mini_http_processes 1",
    "mini_http_sent_bytes_total 6",
    'mini_http_hot_file_lookups_total{result="hit"} 1',
    "mini_http_evicted_files_total 4",
    "mini_http_evicted_bytes_total 200",
  ])
    expect(lines).toContain(line);
});

test("the formats differ in the names of counters, in bounds and at their end", () => {
  const memory = counted({});
  const [open, plain] = [linesOf([memory]), linesOf([memory], "0.0.4")];
  expect(open).toContain("# TYPE mini_http_requests counter");
  expect(plain).toContain("# TYPE mini_http_requests_total counter");
  expect(open.slice(-2)).toEqual(["# EOF", ""]);
  expect(plain).not.toContain("# EOF");
  expect(plain.some((line) => line.includes('le="256"'))).toBe(true);
});
