// The requirements table: each MUST and SHOULD of RFC 9112, and of RFC 9110 what an origin server has to do, as one
// row and one test. Each row is sent in one piece and byte by byte; behind each row that ends its connection another
// request is hidden, which must stay unanswered. The rows are in requirements/, one file per chapter.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tapRaw } from "../../src/testing/raw-request.ts";
import { application } from "../support/app.ts";
import { TEST_MS } from "../support/patience.ts";
import { RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { testedElsewhere, notApplicable } from "./requirements/not-applicable.ts";
import {
  conditionalRows,
  expectRows,
  fieldSemanticsRows,
  methodRows,
  negotiationRows,
  rangeRows,
} from "./requirements/rfc9110.ts";
import { bodyRows, chunkedRows, connectionRows, incompleteRows } from "./requirements/rfc9112-body.ts";
import { fieldRows, hostRows, messageRows, targetRows } from "./requirements/rfc9112-message.ts";
import { deliveriesOf, type Facts, runRow } from "./requirements/run-row.ts";
import { get, type Row } from "./requirements/row.ts";

const chapters: Readonly<Record<string, readonly Row[]>> = {
  "RFC 9112 2-4: message": messageRows,
  "RFC 9112 3.2: target": targetRows,
  "RFC 9112 3.2: Host": hostRows,
  "RFC 9112 5: field syntax": fieldRows,
  "RFC 9112 6: message body": bodyRows,
  "RFC 9112 7: transfer codings": chunkedRows,
  "RFC 9112 8: incomplete messages": incompleteRows,
  "RFC 9112 9: connections": connectionRows,
  "RFC 9110 2-8: URIs, fields and messages": fieldSemanticsRows,
  "RFC 9110 9: methods": methodRows,
  "RFC 9110 10: Expect and other context": expectRows,
  "RFC 9110 12: negotiation": negotiationRows,
  "RFC 9110 13: conditional requests": conditionalRows,
  "RFC 9110 14: ranges": rangeRows,
};
const table = Object.values(chapters).flat();

const LEAST_ROWS = 280;
/** Heads that come byte by byte, of all rows at once, take their time on a busy machine: none is late. */
const LIMITS = { headTimeout: TEST_MS };
const MODIFIED = new Date("2024-02-29T12:00:00Z");

let started: StartedServer;
/** The same with the recorder, the faults and the endpoints of `--testing` in the way. */
let observed: StartedServer;
let folder = "";
let facts: Facts = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mini-http-requirements-"));
  const contents: [name: string, content: string][] = [
    ["hello.txt", "hello, world\n"],
    ["long.txt", "a line that is repeated\n".repeat(16 * 1024)],
    ["digits.bin", "0123456789"],
    ["empty.txt", ""],
  ];
  for (const [name, content] of contents) {
    writeFileSync(join(folder, name), content);
    utimesSync(join(folder, name), MODIFIED, MODIFIED);
  }
  started = startServer(application(folder), LIMITS);
  observed = startServer(application(folder, "--testing"), LIMITS, { wiretap: tapRaw });
  facts = { port: String(started.port), etag: await etagOf("/files/digits.bin") };
});

afterAll(async () => {
  await started.stop();
  await observed.stop();
  rmSync(folder, { recursive: true });
  // A refusal is the client's fault; whatever is here would be the server's own.
  expect([...started.observer.faults, ...observed.observer.faults]).toEqual([]);
});

async function etagOf(target: string): Promise<string> {
  const client = await RawClient.connect(started.port);
  await client.send(get(target, "Connection: close\r\n"));
  const [response] = readResponses(await client.untilEnd());
  client.close();
  return response?.fields.get("etag") ?? '"none"';
}

/** `/user-agent` is JSON there for whoever does not prefer text. */
async function runObserved(row: Row): Promise<void> {
  const line = "GET /user-agent HTTP/1.1\r\n";
  const steps = row.steps.map((step) =>
    typeof step === "string" ? step.replace(line, `${line}Accept: text/plain\r\n`) : step,
  );
  const asked = { ...row, steps };
  const own = { ...facts, port: String(observed.port) };
  await Promise.all(deliveriesOf(asked).map((delivery) => runRow(observed.port, asked, delivery, own)));
}

for (const [chapter, rows] of Object.entries(chapters)) {
  describe.concurrent(chapter, () => {
    for (const row of rows) {
      const name = `${row.section} ${row.level}: ${row.requirement}`;
      const run = async (): Promise<void> => {
        await Promise.all(deliveriesOf(row).map((delivery) => runRow(started.port, row, delivery, facts)));
      };
      test(name, run);
      test(`${name} (--testing)`, () => runObserved(row));
    }
  });
}

describe("the requirements table", () => {
  test("has its rows, each once", () => {
    expect(table.length).toBeGreaterThanOrEqual(LEAST_ROWS);
    const names = table.map(({ rfc, section, requirement }) => [rfc, section, requirement].join(" "));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const bytes = table.map(({ steps }) => JSON.stringify(steps));
    expect(bytes.filter((text, index) => bytes.indexOf(text) !== index).length).toBeLessThan(table.length / 5);
  });

  test("gives a reason for each requirement without a row", () => {
    for (const { section, requirement, reason } of [...notApplicable, ...testedElsewhere]) {
      expect(section).not.toBe("");
      expect(requirement.length).toBeGreaterThan(10);
      expect(reason.length).toBeGreaterThan(10);
    }
  });
});
