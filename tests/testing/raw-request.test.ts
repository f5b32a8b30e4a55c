import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { tapRaw } from "../../src/testing/raw-request.ts";
import { application } from "../support/app.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

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
    await Bun.sleep(20);
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
    expect(tapRaw({ decodedPath: "/raw/a" } as never)).toBeNull();
  });
});
