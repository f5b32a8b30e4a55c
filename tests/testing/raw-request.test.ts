import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ConnectionLog } from "../../src/testing/connection-log.ts";
import { tapRaw } from "../../src/testing/raw-request.ts";
import { application } from "../support/app.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { LOCAL_PEER, requestOf } from "../support/request.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { heard } from "../support/heard.ts";

let started: StartedServer;
beforeAll(() => {
  started = startServer(application(null, "--testing"), {}, { wiretap: tapRaw });
});
afterAll(() => started.stop());

const HEAD = "Host: a\r\nx-ODD:\t two  words \r\nX-odd:again\r\nX-Bytes: \xe4\xff\r\n";

const requests: [why: string, raw: string][] = [
  ["a head", `GET /raw HTTP/1.1\r\n${HEAD}\r\n`],
  ["a target as it was written", `GET http://other/raw?a=%41&b HTTP/1.1\r\n${HEAD}\r\n`],
  ["HTTP/1.0", "GET /raw HTTP/1.0\r\n\r\n"],
  ["a body", `POST /raw HTTP/1.1\r\n${HEAD}Content-Length: 4\r\n\r\n\0\xff\r\n`],
  [
    "chunks with extensions, odd sizes and trailers",
    `PUT /raw HTTP/1.1\r\n${HEAD}transfer-encoding: CHUNKED\r\n\r\n003;a="b;c"\r\nabc\r\n0A\r\n0123456789\r\n0;last\r\nX-Trailer: z\r\nx-trailer:y\r\n\r\n`,
  ],
  ["an empty chunked body", `QUERY /raw HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
];

interface Shown {
  readonly raw: string;
  readonly arrivals: readonly { readonly after_ms: number; readonly bytes: number }[];
  readonly connection: { readonly age_ms: number; readonly requests: number };
}

/** The JSON of the first response, whose end is the only brace at the beginning of a line. */
function jsonOf(received: string): Shown {
  return JSON.parse(received.slice(received.indexOf("\r\n\r\n") + 4, received.indexOf("\n}\n") + 2));
}

describe("/raw", () => {
  test.each(requests)("gives back %s byte for byte", async (_why, raw) => {
    const [response] = readResponses(await exchange(started.port, raw));
    expect(response!.status).toBe(200);
    expect(response!.body).toBe(raw);
  });

  test.each(requests)("gives back %s byte for byte, however it is cut", async (_why, raw) => {
    const pieces = [raw.slice(0, 7), raw.slice(7, raw.length - 12), raw.slice(-12, -5), raw.slice(-5)];
    const [response] = readResponses(await exchange(started.port, ...pieces));
    expect(response!.body).toBe(raw);
  });

  test("gives back each of several requests on one connection", async () => {
    const all = requests.filter(([, raw]) => raw.includes("HTTP/1.1")).map(([, raw]) => raw);
    const responses = readResponses(await exchange(started.port, all.join("")));
    expect(responses.map(({ body }) => body)).toEqual(all);
  });

  test("?json tells when each piece came, and how old the connection is", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("GET /raw?json HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(({ received }) => received.endsWith("}\n"));
    const before = client.received.length;
    const head = "POST /raw?json HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n";
    await client.send(`${head}abc`);
    await heard();
    await client.send("def");
    await client.until(({ received }) => received.length > before && received.endsWith("}\n"));
    const shown = JSON.parse(client.received.slice(before).split("\r\n\r\n")[1]!);
    expect(shown.raw).toBe(`${head}abcdef`);
    expect(shown.arrivals.map(({ bytes }: { bytes: number }) => bytes).toSorted()).toEqual(
      [3, 3, head.length].toSorted(),
    );
    expect(shown.connection.requests).toBe(2);
    expect(shown.connection.age_ms).toBeGreaterThan(0);
    client.close();
  });

  test("?json tells when each read of the head came, and counts the connection's age from its opening", async () => {
    const client = await RawClient.connect(started.port);
    await Bun.sleep(30);
    const pieces = ["GET /raw?js", "on HTTP/1.1\r\nHo", "st: a\r\n\r\n"];
    for (const piece of pieces) {
      await client.send(piece);
      await heard();
      await Bun.sleep(15);
    }
    await client.until(({ received }) => received.endsWith("}\n"));
    const { raw, arrivals, connection } = jsonOf(client.received);
    expect(raw).toBe(pieces.join(""));
    expect(arrivals.map(({ bytes }) => bytes)).toEqual(pieces.map(({ length }) => length));
    const times = arrivals.map(({ after_ms }) => after_ms);
    expect(times[0]).toBe(0);
    // Less than was waited: the other end's clock is not this one's.
    expect(times[1]! >= 10 && times[2]! >= times[1]! + 10).toBe(true);
    expect(connection).toEqual({ age_ms: expect.any(Number), requests: 1 });
    expect(connection.age_ms).toBeGreaterThan(20);
    client.close();
  });

  test("?json tells of a request between others what came of it, and with which read", async () => {
    const first = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";
    const second = "PUT /raw?json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const client = await RawClient.connect(started.port);
    await client.send(first + second.slice(0, 20));
    await client.until(({ received }) => received.endsWith("a"));
    await client.send(second.slice(20, -8));
    await heard();
    await client.send(second.slice(-8) + first);
    await client.until(({ received }) => received.includes("}\n") && received.endsWith("\r\n\r\na"));
    const { raw, arrivals, connection } = jsonOf(client.received.slice(client.received.indexOf("{") - 4));
    expect(raw).toBe(second);
    const headBytes = second.indexOf("\r\n\r\n") + 4;
    expect(arrivals.map(({ bytes }) => bytes)).toEqual([20, headBytes - 20, second.length - headBytes - 8, 8]);
    expect(connection.requests).toBe(2);
    client.close();
  });

  test("?json of a head in more reads than are remembered still tells of all its bytes", async () => {
    const raw = `GET /raw?json HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(400)}\r\n\r\n`;
    const log = new ConnectionLog(LOCAL_PEER);
    for (const _ of raw) log.note(1);
    const arrivals = log.arrivals(0, raw.length);
    expect(arrivals.length).toBe(256);
    expect(arrivals.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(raw.length);
  });

  test("?json shows bytes that are no text as base64", async () => {
    const raw = "POST /raw?json HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n\xff";
    const [response] = readResponses(await exchange(started.port, raw));
    expect(Buffer.from(JSON.parse(response!.body).raw.base64, "base64").toString("latin1")).toBe(raw);
  });

  test("shows 1 MiB of a body, and refuses a byte more", async () => {
    for (const [length, status] of [
      [1024 * 1024, 200],
      [1024 * 1024 + 1, 413],
    ] as const) {
      const raw = `POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${"x".repeat(length)}`;
      expect(readResponses(await exchange(started.port, raw))[0]!.status).toBe(status);
    }
  });

  test("bodies of other resources are not looked at", () => {
    tapRaw.opened(LOCAL_PEER);
    expect(tapRaw.begun(requestOf("POST", "/raw"), 0)).not.toBeNull();
    expect(tapRaw.begun(requestOf("POST", "/raw/a"), 0)).toBeNull();
  });
});
