import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { application } from "../support/app.ts";
import { answerTo, withLength, withoutBody } from "../support/ask.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import type { ReadResponse } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

let started: StartedServer;
beforeAll(() => {
  started = startServer(application(null));
});
afterAll(() => started.stop());

function ask(method: string, target: string, fields = "", body = ""): Promise<ReadResponse> {
  const raw = body === "" ? withoutBody(method, target, fields) : withLength(method, target, fields, body);
  return answerTo(started.port, raw);
}

const statuses: [method: string, target: string, status: number, allow: string | undefined][] = [
  ["GET", "/", 200, undefined],
  ["HEAD", "/", 200, undefined],
  ["OPTIONS", "/", 204, "GET, HEAD, OPTIONS"],
  ["OPTIONS", "*", 204, "GET, HEAD, POST, PUT, DELETE, MKCOL, MOVE, OPTIONS"],
  ["POST", "/", 405, "GET, HEAD, OPTIONS"],
  ["DELETE", "/echo/a", 405, "GET, HEAD, OPTIONS"],
  ["GET", "/echo", 405, "POST, PUT, OPTIONS"],
  ["TRACE", "/", 405, "GET, HEAD, OPTIONS"],
  ["PATCH", "/user-agent", 405, "GET, HEAD, OPTIONS"],
  ["BREW", "/", 501, undefined],
  ["get", "/", 501, undefined],
  ["CONNECT", "a:80", 501, undefined],
  ["GET", "/nowhere", 404, undefined],
  ["OPTIONS", "/nowhere", 404, undefined],
  ["GET", "/user-agent/", 404, undefined],
  ["GET", "http://a/echo/x", 200, undefined],
  ["GET", "/files/a.txt", 404, undefined],
  ["POST", "/files/a.txt", 403, undefined],
];

describe("routes", () => {
  test.each(statuses)("%s %s is %d", async (method, target, status, allow) => {
    const response = await ask(method, target);
    expect(response.status).toBe(status);
    expect(response.fields.get("allow")).toBe(allow);
    if (status >= 400 && method !== "HEAD") expect(response.body).toMatch(/^[\x20-\x7e]+\n$/);
  });

  test("a folder that is not served says how to serve one", async () => {
    expect((await ask("GET", "/files/a")).body).toContain("--directory");
    expect((await ask("POST", "/files/a", "", "x")).body).toContain("--directory");
  });
});

const echoes: [why: string, target: string, body: string, type: string][] = [
  ["text", "/echo/abc", "abc", "text/plain"],
  ["nothing", "/echo/", "", "text/plain"],
  ["slashes", "/echo/a/b//c", "a/b//c", "text/plain"],
  ["percent-encoded text, once", "/echo/a%20b%2525", "a b%25", "text/plain"],
  ["an encoded slash", "/echo/a%2Fb", "a/b", "text/plain"],
  ["no query", "/echo/a?b=c", "a", "text/plain"],
  ["an encoded question mark", "/echo/a%3Fb", "a?b", "text/plain"],
  ["dot segments as they are", "/echo/../x", "../x", "text/plain"],
  ["UTF-8", "/echo/%C3%A4", "\xc3\xa4", "text/plain; charset=utf-8"],
  ["bytes that are no UTF-8", "/echo/%FF", "\xff", "application/octet-stream"],
  ["control bytes", "/echo/%0D%0A%00", "\r\n\0", "text/plain"],
];

describe("/echo/{text}", () => {
  test.each(echoes)("gives back %s", async (_why, target, body, type) => {
    const response = await ask("GET", target);
    expect(response.body).toBe(body);
    expect(response.fields.get("content-type")).toBe(type);
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
  });

  const codings: [accept: string, coding: string | undefined, status: number][] = [
    ["gzip", "gzip", 200],
    ["x-gzip", "gzip", 200],
    ["GZIP;q=0.5", "gzip", 200],
    ["deflate, gzip;q=0.8, br", "gzip", 200],
    ["*", "gzip", 200],
    ["invalid-encoding", undefined, 200],
    ["gzip;q=0", undefined, 200],
    ["identity, gzip;q=0.5", undefined, 200],
    ["identity;q=0", undefined, 406],
    ["*;q=0", undefined, 406],
    ["br;q=1, identity;q=0", undefined, 406],
    ["identity;q=0, gzip", "gzip", 200],
  ];
  test.each(codings)("Accept-Encoding: %s gives the coding %s and status %d", async (accept, coding, status) => {
    const response = await ask("GET", "/echo/hello", `Accept-Encoding: ${accept}\r\n`);
    expect(response.status).toBe(status);
    expect(response.fields.get("content-encoding")).toBe(coding);
    expect(response.fields.get("vary")).toBe("Accept-Encoding");
    if (coding === "gzip") expect(gunzipSync(Buffer.from(response.body, "latin1")).toString()).toBe("hello");
  });
});

describe("/echo", () => {
  test("gives the body back with its type", async () => {
    const response = await ask("POST", "/echo", "Content-Type: application/x-thing\r\n", "\0\xff");
    expect(response).toMatchObject({ status: 200, body: "\0\xff" });
    expect(response.fields.get("content-type")).toBe("application/x-thing");
    expect(response.fields.get("content-length")).toBe("2");
  });

  test("without a body gives none, and without a type application/octet-stream", async () => {
    const response = await ask("PUT", "/echo");
    expect(response).toMatchObject({ status: 200, body: "" });
    expect(response.fields.get("content-type")).toBe("application/octet-stream");
  });

  test("gives a chunked body back chunked", async () => {
    const raw = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const [response] = readResponses(await exchange(started.port, raw));
    expect(response!.fields.get("transfer-encoding")).toBe("chunked");
    expect(response!.body).toBe("abc");
  });
});

describe("/user-agent", () => {
  test("gives the field's value", async () => {
    expect((await ask("GET", "/user-agent", "User-Agent: Mozilla/5.0\r\n")).body).toBe("Mozilla/5.0");
  });

  test("is empty without the field", async () => {
    expect((await ask("GET", "/user-agent")).body).toBe("");
  });
});

describe("/", () => {
  test("is empty for programs and a page for browsers", async () => {
    expect((await ask("GET", "/", "Accept: */*\r\n")).body).toBe("");
    const browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
    const page = await ask("GET", "/", browser);
    expect(page.fields.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.fields.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.fields.get("vary")).toBe("Accept");
    expect(page.body).toContain("/files/");
    expect(page.body).not.toMatch(/(src|href)="?https?:/);
  });
});
