import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dispatch, HttpRequest } from "../../src/http/message.ts";
import { refuseStranger } from "../../src/testing/insiders.ts";
import { application } from "../support/app.ts";
import { ask, utf8 } from "../support/endpoint-client.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { LOCAL_PEER, permissionOf, requestOf } from "../support/request.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
let started: StartedServer;
beforeAll(() => {
  writeFileSync(join(folder.path, "big.bin"), Buffer.alloc(3_000_000, "b"));
  started = startServer(application(folder.path, "--testing", "--allowed-host", "example.test"));
});
afterAll(async () => {
  await started.stop();
  folder[Symbol.dispose]();
});
beforeEach(async () => {
  await fromHere("DELETE", "/-/requests");
});

const HOST = "Host: localhost\r\n";

/** `ask` names a host that loopback does not serve. */
async function fromHere(
  method: string,
  target: string,
  fields = "",
): Promise<{ status: number; body: string; fields: string }> {
  const client = await RawClient.connect(started.port);
  await client.send(`${method} ${target} HTTP/1.1\r\n${HOST}${fields}Connection: close\r\n\r\n`);
  const text = await client.untilEnd();
  client.close();
  const end = text.indexOf("\r\n\r\n");
  return {
    status: Number(text.slice(9, 12)),
    fields: text.slice(0, end),
    body: unchunk(text.slice(0, end), text.slice(end + 4)),
  };
}

function unchunk(head: string, body: string): string {
  return head.includes("chunked") ? body.replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, "").replace(/\r\n$/, "") : body;
}

interface Shown {
  readonly id: number;
  readonly method: string;
  readonly target: string;
  readonly headers: [string, string][];
  readonly body: { length: number; kept: number; text?: string; base64?: string };
  readonly response: { status: number; headers: [string, string][]; body: Shown["body"] } | null;
}

async function recorded(query = ""): Promise<Shown[]> {
  return JSON.parse((await fromHere("GET", `/-/requests${query}`)).body);
}

describe("/-/requests", () => {
  test("shows what was asked and what was answered", async () => {
    await ask(started.port, "POST", "/anything/%C3%A4?a=b", { fields: "x-A: 1\r\nX-a: 2\r\n", body: utf8("grüße") });
    const [first, ...others] = await recorded();
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      method: "POST",
      target: "/anything/%C3%A4?a=b",
      path: "/anything/Ã¤",
      version: "HTTP/1.1",
      headers: [
        ["Host", "example.test"],
        ["x-A", "1"],
        ["X-a", "2"],
        ["Content-Length", "7"],
      ],
      body: { length: 7, kept: 7, text: "grüße" },
      fault: null,
      response: { status: 200 },
    });
    expect(first!.response!.headers).toContainEqual(["Content-Type", "application/json"]);
    expect(JSON.parse(first!.response!.body.text!)).toMatchObject({ data: "grüße" });
  });

  test("has the oldest first, and none of its own", async () => {
    for (const n of [1, 2, 3]) await ask(started.port, "GET", `/echo/${n}`);
    await fromHere("GET", "/-/requests");
    expect((await recorded()).map(({ target }) => target)).toEqual(["/echo/1", "/echo/2", "/echo/3"]);
  });

  test("filters", async () => {
    await ask(started.port, "GET", "/status/503");
    await ask(started.port, "PUT", "/status/200");
    await ask(started.port, "GET", "/echo/a");
    const targets = async (query: string): Promise<string[]> => (await recorded(query)).map(({ target }) => target);
    expect(await targets("?path=/status/*")).toEqual(["/status/503", "/status/200"]);
    expect(await targets("?status=503")).toEqual(["/status/503"]);
    expect(await targets("?method=PUT")).toEqual(["/status/200"]);
    const [first] = await recorded();
    expect(await targets(`?since=${first!.id}`)).toEqual(["/status/200", "/echo/a"]);
  });

  const bodies: [why: string, method: string, target: string, asking: object, request: object, response: object][] = [
    [
      "bytes as base64",
      "POST",
      "/echo",
      { body: "\xff\0" },
      { length: 2, base64: "/wA=" },
      { length: 2, base64: "/wA=" },
    ],
    ["64 KiB of a request", "POST", "/upload", { body: "x".repeat(100_000) }, { length: 100_000, kept: 65536 }, {}],
    [
      "64 KiB of an echo, both ways",
      "PUT",
      "/echo",
      { body: "x".repeat(100_000) },
      { length: 100_000, kept: 65536 },
      { length: 100_000, kept: 65536 },
    ],
    ["64 KiB of a file", "GET", "/files/big.bin", {}, { length: 0 }, { length: 3_000_000, kept: 65536 }],
    ["text from memory", "GET", "/html", {}, { length: 0 }, { text: expect.stringContaining("Moby-Dick") }],
    ["what comes in pieces", "GET", "/stream-bytes/5?chunk_size=2&seed=0", {}, {}, { length: 5, base64: "xdcUhPg=" }],
    ["no answer's content for HEAD", "HEAD", "/files/big.bin", {}, {}, { kept: 0 }],
  ];
  test.each(bodies)("keeps %s", async (_why, method, target, asking, request, response) => {
    await ask(started.port, method, target, asking);
    const [first] = await recorded();
    expect(first).toMatchObject({ body: request, response: { body: response } });
  });

  test("masks what is secret unless it is asked for", async () => {
    const fields = "Authorization: Basic dTpw\r\nCookie: a=b\r\n";
    await ask(started.port, "GET", "/cookies/set/x/y", { fields });
    const [masked] = await recorded();
    const [open] = await recorded("?secrets=1");
    for (const name of ["Authorization", "Cookie"]) expect(masked!.headers).toContainEqual([name, "[masked]"]);
    expect(masked!.response!.headers).toContainEqual(["Set-Cookie", "[masked]"]);
    expect(open!.headers).toContainEqual(["Authorization", "Basic dTpw"]);
    expect(open!.response!.headers).toContainEqual(["Set-Cookie", "x=y; Path=/"]);
  });

  test("keeps what was refused behind the head", async () => {
    await ask(started.port, "POST", "/upload", { fields: "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" }).catch(() => {});
    const [first] = await recorded("?path=/upload");
    expect(first === undefined || first.response?.status === 400).toBe(true);
  });

  test("waits for as many as were asked for", async () => {
    const answer = fromHere("GET", "/-/requests?path=/echo/w*&wait=30s&count=3");
    for (const n of [1, 2, 3]) await ask(started.port, "GET", `/echo/w${n}`);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(JSON.parse(body)).toHaveLength(3);
  });

  test("says 408 with what came when the time is over", async () => {
    await ask(started.port, "GET", "/echo/a");
    const { status, body } = await fromHere("GET", "/-/requests?wait=10ms&count=2");
    expect(status).toBe(408);
    expect(JSON.parse(body)).toHaveLength(1);
  });

  const refused: [query: string, status: number][] = [
    ["?status=x", 400],
    [`?path=${"a".repeat(1001)}`, 400],
    ["?since=x", 200],
    ["?method=", 200],
  ];
  test.each(refused)("%s is %d", async (query, status) => {
    expect((await fromHere("GET", `/-/requests${query}`)).status).toBe(status);
  });

  test("DELETE empties it", async () => {
    await ask(started.port, "GET", "/echo/a");
    expect((await fromHere("DELETE", "/-/requests")).status).toBe(204);
    expect(await recorded()).toEqual([]);
  });
});

describe("/-/requests/stream", () => {
  test("sends each exchange as an event, those before too", async () => {
    await ask(started.port, "GET", "/echo/before");
    const client = await RawClient.connect(started.port);
    await client.send(`GET /-/requests/stream?path=/echo/* HTTP/1.1\r\n${HOST}\r\n`);
    await client.until(({ received }) => received.includes("/echo/before"));
    await ask(started.port, "GET", "/status/200");
    await ask(started.port, "GET", "/echo/after");
    const text = await client.until(({ received }) => received.includes("/echo/after"));
    expect(text).toContain("event: request\nid: ");
    expect(text).not.toContain("/status/200");
    client.reset();
  });

  test("goes on behind the event that a client had last", async () => {
    await ask(started.port, "GET", "/echo/1");
    await ask(started.port, "GET", "/echo/2");
    const [first] = await recorded();
    const client = await RawClient.connect(started.port);
    await client.send(`GET /-/requests/stream HTTP/1.1\r\n${HOST}Last-Event-ID: ${first!.id}\r\n\r\n`);
    expect(await client.until(({ received }) => received.includes("/echo/2"))).not.toContain("/echo/1");
    client.reset();
  });
});

describe("who may read it", () => {
  const guarded = (): Dispatch => {
    const people = ["ada:pw-a@/:rw", "ron:pw-r@/:ro", "bob:pw-b@/pub:ro", "eve:pw-e@/:ro", "eve@/secret:none"];
    const flags = people.flatMap((line) => ["--auth", line]);
    return application(folder.path, "--testing", ...flags, "--anonymous", "ro@/pub");
  };

  const peers: [address: string, user: string, may: boolean][] = [
    ["127.0.0.1", "", true],
    ["127.1.2.3", "", true],
    ["::1", "", true],
    // That of a client that has reset its connection.
    ["", "", false],
    ["192.0.2.1", "", false],
    ["192.0.2.1", "ada", true],
    ["1270.0.0.1", "", false],
  ];
  test.each(peers)("%j, user %j: %p", (address, user, may) => {
    const request: HttpRequest = requestOf("GET", "/-/requests", {}, { ...LOCAL_PEER, address });
    request.permission = permissionOf(user);
    expect(refuseStranger(request)?.status).toBe(may ? undefined : 403);
  });

  const proxied: [field: string, may: boolean][] = [
    ["Forwarded: for=192.0.2.1", false],
    ["X-Forwarded-For: 127.0.0.1", false],
    ["Via: 1.1 front", false],
    ["X-Real-IP:", false],
    ["X-Forwarded-Proto: https", true],
  ];
  test.each(proxied)("a client on this machine with %j: %p", async (field, may) => {
    for (const [method, path] of [
      ["GET", "/-/requests"],
      ["DELETE", "/-/requests"],
      ["GET", "/-/requests.html"],
      ["GET", "/-/faults"],
      ["PUT", "/-/faults"],
      ["DELETE", "/-/faults"],
    ] as const) {
      const { status, body } = await fromHere(method, path, `${field}\r\nContent-Length: 0\r\n`);
      expect([path, status < 400]).toEqual([path, may]);
      if (!may) expect(body).toContain("a proxy");
    }
  });

  const login = (words: string): string => `Authorization: Basic ${Buffer.from(words).toString("base64")}\r\n`;
  const insiders: [why: string, who: string, method: string, target: string, status: number][] = [
    ["whoever may read everything", login("ada:pw-a"), "GET", "/-/requests", 200],
    ["whoever may write everything", login("ada:pw-a"), "DELETE", "/-/requests", 204],
    ["whoever may read everything", login("ron:pw-r"), "GET", "/-/requests", 200],
    ["whoever may read only", login("ron:pw-r"), "DELETE", "/-/requests", 403],
    ["whoever may read only", login("ron:pw-r"), "PUT", "/-/faults", 403],
    ["whoever may read only", login("ron:pw-r"), "DELETE", "/-/faults", 403],
    ["whoever may read a part", login("bob:pw-b"), "GET", "/-/requests", 403],
    ["whoever may read a part", login("bob:pw-b"), "GET", "/-/requests/stream", 403],
    ["whoever may read a part", login("bob:pw-b"), "GET", "/-/faults", 403],
    ["whoever may read all but a part", login("eve:pw-e"), "GET", "/-/requests", 403],
    ["somebody on this machine", "", "GET", "/-/requests", 401],
    ["somebody on this machine", "", "PUT", "/-/faults", 401],
  ];
  test.each(insiders)("where rights are set, %s: %j %s %s is %d", async (_, who, method, target, status) => {
    const server = startServer(guarded());
    const body = method === "PUT" ? "Content-Length: 0\r\n" : "";
    const text = `${method} ${target} HTTP/1.1\r\n${HOST}${who}${body}Connection: close\r\n\r\n`;
    expect(await exchange(server.port, text)).toStartWith(`HTTP/1.1 ${status} `);
    await server.stop();
  });

  test("where rights are set, nobody sees the passwords of others", async () => {
    const server = startServer(guarded());
    await exchange(server.port, `GET /user-agent HTTP/1.1\r\n${HOST}${login("ada:pw-a")}Connection: close\r\n\r\n`);
    const shown = await exchange(
      server.port,
      `GET /-/requests?secrets=1 HTTP/1.1\r\n${HOST}${login("ron:pw-r")}Connection: close\r\n\r\n`,
    );
    expect(shown).toContain("/user-agent");
    expect(shown).not.toContain(Buffer.from("ada:pw-a").toString("base64"));
    await server.stop();
  });

  test("a name that could be rebound is refused", async () => {
    const fields = await exchange(started.port, "GET /-/requests HTTP/1.1\r\nHost: rebound.test\r\n\r\n");
    expect(fields).toStartWith("HTTP/1.1 421 ");
  });

  test("a page of another origin cannot empty it", async () => {
    expect((await fromHere("DELETE", "/-/requests", "Origin: https://other.test\r\n")).status).toBe(403);
  });

  test.each(["/-/requests", "/-/requests/stream", "/-/requests.html"])("%s is 404 without --testing", async (path) => {
    const plain = startServer(application(null));
    expect((await ask(plain.port, "GET", path, { fields: "" })).status).toBe(404);
    await plain.stop();
  });
});
