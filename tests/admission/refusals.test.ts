import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const TRUSTED = "https://page.example";
const folder = tempFolder();
let started: StartedServer;
beforeAll(() => {
  started = startServer(application(folder.path, "--cors-write", TRUSTED), { maxBody: 10 });
});
afterAll(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});

const put = (path: string, origin: string, rest: string): string =>
  `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\n${rest}`;
const TOO_LONG = "Content-Length: 11\r\n\r\n";
const TOO_MUCH = "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n";
const BROKEN = "Transfer-Encoding: chunked\r\n\r\nxyz\r\n";

describe("a refusal carries what goes on every answer of its path", () => {
  const cases: [what: string, sent: string, status: number, allowed: string | undefined, isPrivate: boolean][] = [
    ["a length over the limit, from a trusted page", put("/files/a", TRUSTED, TOO_LONG), 413, TRUSTED, true],
    ["more chunks than the limit, from a trusted page", put("/files/a", TRUSTED, TOO_MUCH), 413, TRUSTED, true],
    ["a broken chunk, from a trusted page", put("/files/a", TRUSTED, BROKEN), 400, TRUSTED, true],
    ["a query in the target", put("/files/a?b", TRUSTED, TOO_LONG), 413, TRUSTED, true],
    ["another page's", put("/files/a", "https://other.example", TOO_LONG), 413, undefined, true],
    ["fields that were not read", "GET /files/a HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, undefined, true],
    ["a public path", put("/echo", TRUSTED, TOO_LONG), 413, undefined, false],
    ["a path that leads nowhere", put("/nowhere", TRUSTED, TOO_LONG), 413, undefined, false],
    ["no path at all", "\x01\r\n\r\n", 400, undefined, false],
  ];
  test.each(cases)("%s", async (_what, sent, status, allowed, isPrivate) => {
    const [reply] = readResponses(await exchange(started.port, sent));
    expect(reply!.status).toBe(status);
    expect(reply!.fields.get("access-control-allow-origin")).toBe(allowed);
    expect(reply!.fields.get("vary")).toBe(isPrivate ? "Origin" : undefined);
    const isClosedToOthers = isPrivate && allowed === undefined;
    expect(reply!.fields.get("cross-origin-resource-policy")).toBe(isClosedToOthers ? "same-origin" : undefined);
    expect(reply!.fields.get("connection")).toBe("close");
  });
});
