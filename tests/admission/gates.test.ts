import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createCrossOriginGate } from "../../src/admission/cross-origin.ts";
import { createHostGuard } from "../../src/admission/host-guard.ts";
import type { HttpRequest } from "../../src/http/message.ts";
import { application } from "../support/app.ts";
import { answerTo, statusOf } from "../support/ask.ts";
import { exchange } from "../support/raw-client.ts";
import { requestOf } from "../support/request.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
let started: StartedServer;
beforeAll(() => {
  const flags = ["--allowed-host", "files.example.org", "--cors-write", "https://app.example.org"];
  started = startServer(application(folder.path, ...flags));
});
afterAll(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});

function got(raw: string): Promise<number> {
  return statusOf(started.port, raw);
}

describe("the host guard", () => {
  const hosts: [host: string, status: number][] = [
    ["localhost:4221", 404],
    ["LOCALHOST", 404],
    ["127.0.0.1:4221", 404],
    ["[::1]:4221", 404],
    ["box", 404],
    ["a.localhost", 404],
    [hostname(), 404],
    ["files.example.org:4221", 404],
    ["FILES.example.org.", 404],
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["evil.example.", 421],
    ["localhost.evil.example:4221", 421],
  ];
  test.each(hosts)("Host: %s is %d below /files/", async (host, status) => {
    expect(await got(`GET /files/none HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toBe(status);
  });

  test("looks at the authority of an absolute target, not at Host", async () => {
    expect(await got("GET http://evil.example/files/none HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe(421);
    expect(await got("GET http://localhost/files/none HTTP/1.1\r\nHost: evil.example\r\n\r\n")).toBe(404);
  });

  test("is not deceived by another spelling of the path, and leaves other routes alone", async () => {
    expect(await got("GET /%66iles/none HTTP/1.1\r\nHost: evil.example\r\n\r\n")).toBe(421);
    expect(await got("GET /echo/a HTTP/1.1\r\nHost: evil.example\r\n\r\n")).toBe(200);
  });
});

describe("the cross-origin gate", () => {
  const writes: [why: string, fields: string, status: number][] = [
    ["no browser", "", 201],
    ["a page of ours", "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost:4221\r\n", 201],
    ["a person who typed", "Sec-Fetch-Site: none\r\n", 201],
    ["another site", "Sec-Fetch-Site: cross-site\r\n", 403],
    ["another port of this site", "Sec-Fetch-Site: same-site\r\n", 403],
    ["another site that names our origin", "Sec-Fetch-Site: cross-site\r\nOrigin: http://localhost:4221\r\n", 403],
    ["an old browser with our page", "Origin: http://localhost:4221\r\n", 201],
    ["an old browser with another page", "Origin: http://evil.example\r\n", 403],
    ["an old browser with another port", "Origin: http://localhost:3000\r\n", 403],
    ["a page without an origin", "Origin: null\r\n", 403],
    ["a trusted page", "Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example.org\r\n", 201],
  ];
  test.each(writes)("%s", async (_why, fields, status) => {
    const raw = `POST /files/a HTTP/1.1\r\nHost: localhost:4221\r\n${fields}Content-Length: 1\r\n\r\nx`;
    expect(await got(raw)).toBe(status);
  });

  test("leaves reads and the echo alone", async () => {
    const fields = "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 1\r\n\r\nx";
    expect(await got(`POST /echo HTTP/1.1\r\n${fields}`)).toBe(200);
    expect(await got("GET /files/a HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n")).toBe(200);
  });
});

/** A request that comes to a loopback address, as the gates see it. */
function requestWith(fields: Readonly<Record<string, string>>): HttpRequest {
  const request = requestOf("POST", "/files/a", fields);
  request.route = { path: "/files/{path}", access: "private", methods: ["POST"] };
  return request;
}

describe("behind a proxy", () => {
  const HOSTS: [host: string, line: string][] = [
    [
      "files.example.org:8080",
      'The host name "files.example.org" is not known on this loopback address; if it is this server\'s, such as behind a proxy, start it with --allowed-host files.example.org.',
    ],
    [
      "a.b$(reboot)",
      'The host name "a.b$(reboot)" is not known on this loopback address; if it is this server\'s, such as behind a proxy, start it with --allowed-host NAME.',
    ],
    [
      "a.".repeat(90) + "b",
      `The host name "${"a.".repeat(50)}..." is not known on this loopback address; if it is this server's, such as behind a proxy, start it with --allowed-host NAME.`,
    ],
  ];
  test.each(HOSTS)("Host: %s is refused with what would let it in, and the log says it once", (host, line) => {
    const warned: string[] = [];
    const gate = createHostGuard([], "box", (text) => void warned.push(text));
    for (let i = 0; i < 3; i++) expect(gate(requestWith({ host }))).toMatchObject({ status: 421, body: line + "\n" });
    expect(warned).toEqual([`A request was refused with 421: ${line}`]);
  });

  const OTHER = "A page of another origin may not write here; ";
  const ORIGINS: [why: string, fields: Record<string, string>, line: string][] = [
    [
      "that names itself in Host",
      { host: "127.0.0.1:4221", origin: "https://files.example.org" },
      'if https://files.example.org is this server behind a proxy, let the proxy pass on Host (files.example.org, not "127.0.0.1:4221"), or start it with --cors-write https://files.example.org.',
    ],
    [
      "that speaks TLS",
      { host: "files.lan:8443", origin: "https://files.lan:8443" },
      "if https://files.lan:8443 is this server behind a proxy, start it with --cors-write https://files.lan:8443.",
    ],
    [
      "whose name is an address",
      { host: "up", origin: "http://[fd00::1]:81" },
      'if http://[fd00::1]:81 is this server behind a proxy, let the proxy pass on Host ([fd00::1]:81, not "up"), or start it with --cors-write http://[fd00::1]:81.',
    ],
    [
      "of a browser that knows better",
      { host: "a", origin: "https://other.example", "sec-fetch-site": "cross-site" },
      "--cors-write https://other.example allows this one.",
    ],
    ["without an origin", { host: "a", origin: "null" }, "--cors-write ORIGIN allows a named one."],
    ["with an origin for a shell", { host: "a", origin: "http://`x`" }, "--cors-write ORIGIN allows a named one."],
    ["with bytes for a terminal", { host: "a", origin: "http://\x1b[2J" }, "--cors-write ORIGIN allows a named one."],
  ];
  test.each(ORIGINS)(
    "a page %s is refused with what would let it write, and the log says it once",
    (_why, fields, rest) => {
      const warned: string[] = [];
      const gate = createCrossOriginGate([], (text) => void warned.push(text));
      for (let i = 0; i < 3; i++) {
        expect(gate(requestWith(fields))).toMatchObject({ status: 403, body: `${OTHER}${rest}\n` });
      }
      expect(warned).toEqual([`A request was refused with 403: ${OTHER}${rest}`]);
    },
  );
});

describe("Cross-Origin-Resource-Policy", () => {
  const ask = async (target: string, fields = ""): Promise<string | undefined> => {
    const raw = `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
    return (await answerTo(started.port, raw)).fields.get("cross-origin-resource-policy");
  };
  const policies: [target: string, fields: string, policy: string | undefined][] = [
    ["/files/policy.js", "", "same-origin"],
    ["/files/policy.js", "Range: bytes=0-0\r\n", "same-origin"],
    ["/files/policy.js", "If-None-Match: *\r\n", "same-origin"],
    ["/files/policy.js", "Origin: https://evil.example\r\n", "same-origin"],
    ["/files/policy.js", "Origin: https://app.example.org\r\n", undefined],
    ["/files/", "", "same-origin"],
    ["/files/none", "", "same-origin"],
    ["/files", "", "same-origin"],
    ["/%66iles/policy.js", "", "same-origin"],
    ["/echo/a", "", undefined],
  ];
  test.each(policies)("of %s with %j is %p", async (target, fields, policy) => {
    writeFileSync(join(folder.path, "policy.js"), "1");
    expect(await ask(target, fields)).toBe(policy);
  });
});

test("--read-only refuses every write", async () => {
  const readOnly = startServer(application(folder.path, "--read-only"));
  const raw = "POST /files/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  expect(readResponses(await exchange(readOnly.port, raw))).toMatchObject([{ status: 403 }]);
  await readOnly.stop();
});

describe("a page of a named origin", () => {
  const PAGE = "Origin: https://app.example.org\r\nSec-Fetch-Site: cross-site\r\n";
  const ask = async (method: string, fields: string, path = "/files/cors.txt"): Promise<ReadResponse> => {
    const body = method === "PUT" ? "Content-Length: 2\r\n\r\nhi" : "\r\n";
    return readResponses(
      await exchange(started.port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}${body}`),
      [method],
    )[0]!;
  };

  test("is told by a preflight what it may send", async () => {
    const asked = PAGE + "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: if-match\r\n";
    const { status, fields } = await ask("OPTIONS", asked);
    expect(status).toBe(204);
    expect(fields.get("access-control-allow-origin")).toBe("https://app.example.org");
    expect(fields.get("access-control-allow-methods")).toBe("GET, HEAD, POST, PUT, DELETE, MKCOL, MOVE");
    expect(fields.get("access-control-allow-headers")).toContain("If-Match");
    expect(fields.get("vary")).toContain("Origin");
    expect(fields.has("access-control-allow-private-network")).toBe(false);
    const fromOutside = await ask("OPTIONS", asked + "Access-Control-Request-Private-Network: true\r\n");
    expect(fromOutside.fields.get("access-control-allow-private-network")).toBe("true");
  });

  test("can write, and read the answers, errors too", async () => {
    for (const [method, path, status] of [
      ["PUT", "/files/cors.txt", 201],
      ["GET", "/files/cors.txt", 200],
      ["GET", "/files/none", 404],
    ] as const) {
      const response = await ask(method, PAGE, path);
      expect(response.status).toBe(status);
      expect(response.fields.get("access-control-allow-origin")).toBe("https://app.example.org");
      expect(response.fields.get("access-control-expose-headers")).toContain("ETag");
    }
  });

  test("of another origin is told nothing", async () => {
    const other = "Origin: https://evil.example\r\n";
    const { fields } = await ask("OPTIONS", other + "Access-Control-Request-Method: PUT\r\n");
    expect(fields.has("access-control-allow-origin")).toBe(false);
    expect(fields.has("access-control-allow-methods")).toBe(false);
    expect((await ask("GET", other)).fields.has("access-control-allow-origin")).toBe(false);
  });
});
