// Names of requests on the wire: with --request-id on every answer, without it nowhere.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";

let named: RunningProgram;
let plain: RunningProgram;
beforeAll(async () => {
  named = await RunningProgram.start(["--request-id", "--log-format", "json"]);
  plain = await RunningProgram.start(["--log-format", "json"]);
});
afterAll(async () => {
  await named[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

const ONE = /\r\nX-Request-Id: ([^\r]+)\r\n/;

function ask(port: number, fields: string, line = "GET /echo/a HTTP/1.1"): Promise<string> {
  return exchange(port, `${line}\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`);
}

describe("with --request-id", () => {
  const cases: [what: string, fields: string, line: string | undefined][] = [
    ["an answer", "X-Request-Id: abc-1\r\n", undefined],
    ["what is not there", "X-Request-Id: abc-2\r\n", "GET /nothing HTTP/1.1"],
    ["a method that is not known", "X-Request-Id: abc-3\r\n", "BREW / HTTP/1.1"],
    ["a HEAD", "x-request-id:abc-4 \r\n", "HEAD /echo/a HTTP/1.1"],
  ];
  test.each(cases)("%s carries the id that came, and so does the log", async (_what, fields, line) => {
    const id = /abc-\d/.exec(fields)![0];
    expect(ONE.exec(await ask(named.port, fields, line))?.[1]).toBe(id);
    await named.untilLog((log) => log.includes(`"id":"${id}"`));
  });

  const unfit: [what: string, fields: string][] = [
    ["none", ""],
    ["one that is too long", `X-Request-Id: ${"x".repeat(129)}\r\n`],
    ["one with a space", "X-Request-Id: a b\r\n"],
    ["two", "X-Request-Id: a\r\nX-Request-Id: b\r\n"],
    ["bytes that do not print", "X-Request-Id: \xff\r\n"],
  ];
  test.each(unfit)("for %s one is made, which no other request has", async (_what, fields) => {
    const [one, other] = [await ask(named.port, fields), await ask(named.port, fields)].map(
      (got) => ONE.exec(got)?.[1],
    );
    expect(one).toMatch(/^[\w-]{12}-\w+$/);
    expect(other).toMatch(/^[\w-]{12}-\w+$/);
    expect(other).not.toBe(one);
    await named.untilLog((log) => log.includes(`"id":"${one}"`) && log.includes(`"id":"${other}"`));
  });

  test("a refused message has one too", async () => {
    const got = await exchange(named.port, "GET /x HTTP/1.1\r\nHost: a\r\nBad Field: x\r\n\r\n");
    expect(got).toStartWith("HTTP/1.1 400 ");
    const id = ONE.exec(got)?.[1];
    await named.untilLog((log) => log.includes(`"id":"${id}"`) && log.includes('"refusal":"BAD_FIELD_LINE"'));
  });
});

test("without the flag no answer has one, and the log has the client's", async () => {
  expect(await ask(plain.port, "X-Request-Id: mine\r\n")).not.toMatch(/x-request-id/i);
  await plain.untilLog((log) => log.includes('"id":"mine"'));
});
