import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HttpResponse, type Peer } from "../../src/http/message.ts";
import { Connection, type ConnectionSocket } from "../../src/net/connection.ts";
import { createRouter } from "../../src/router.ts";
import { exchange, exchangeOpen, RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

let started: StartedServer;
let port = 0;
beforeAll(() => {
  started = startServer();
  port = started.port;
});
afterAll(() => started.stop());

const get = (text: string, fields = ""): string => `GET /echo/${text} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe("Connection", () => {
  test("answers two requests on one connection", async () => {
    const client = await RawClient.connect(port);
    await client.send(get("one"));
    await client.until(({ received }) => received.endsWith("one"));
    await client.send(get("two"));
    await client.until(({ received }) => received.endsWith("two"));
    expect(readResponses(client.received).map(({ body }) => body)).toEqual(["one", "two"]);
    client.close();
  });

  test("answers sixteen pipelined requests in order", async () => {
    const texts = Array.from({ length: 16 }, (_, i) => "text" + i);
    const received = await exchange(port, texts.map((text) => get(text)).join(""));
    expect(readResponses(received).map(({ body }) => body)).toEqual(texts);
  });

  test("a reply that breaks takes none of those before it along", async () => {
    const broken = {
      length: 9,
      read: () => {
        throw new Error("the disk is gone");
      },
      close: () => {},
    };
    const routes = createRouter({
      "/whole": { GET: () => new HttpResponse(200, "whole") },
      "/broken": { GET: () => new HttpResponse(200, broken) },
    });
    const { port: other, observer, stop } = startServer(routes);
    const client = await RawClient.connect(other);
    await client.send(["/whole", "/broken"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
    const received = await client.until(({ isEnded, isClosed }) => isEnded || isClosed);
    expect(received).toContain("whole");
    expect(observer.faults).toHaveLength(1);
    client.close();
    await stop();
  });

  test("that is to end says so behind the last reply, when the kernel has taken it", () => {
    const calls: string[] = [];
    let room = 10;
    const write = (_bytes: Uint8Array, _start: number, length: number): number => {
      const taken = Math.min(room, length);
      room -= taken;
      return taken;
    };
    const note = (call: string) => () => void calls.push(call);
    const socket = {
      write: write as ConnectionSocket["write"],
      shutdown: note("shutdown"),
      close: note("close"),
      terminate: note("terminate"),
      pause: () => {},
      resume: () => {},
      remoteAddress: "127.0.0.1",
      remotePort: 1,
      localAddress: "127.0.0.1",
    };
    const connection = new Connection(socket, started.server);
    connection.receive(Buffer.from(get("text")));
    connection.shutDown();
    expect(calls).toEqual([]);
    room = 1000;
    connection.drained();
    expect(calls).toEqual(["shutdown"]);
  });

  test("HEAD gets no content with a refusal either (RFC 9110 9.3.2)", async () => {
    const routes = createRouter({
      "/fault": {
        GET: () => {
          throw new Error("ours");
        },
      },
    });
    const { port: other, stop } = startServer(routes);
    for (const rest of ["/fault HTTP/1.1\r\nHost: a\r\n\r\n", "/ HTTP/1.1\r\nHost : a\r\n\r\n", "/ HTTP/1.1\r\n\r\n"]) {
      const [head, get] = await Promise.all(["HEAD ", "GET "].map((method) => exchangeOpen(other, method + rest)));
      const withoutDate = (text: string): string => text.replace(/Date: .*\r\n/, "");
      expect(head).toEndWith("\r\n\r\n");
      expect(withoutDate(get!).startsWith(withoutDate(head!))).toBe(true);
      expect(get!.length).toBeGreaterThan(head!.length);
    }
    await stop();
  });

  test("answers a request that comes byte by byte", async () => {
    const received = await exchange(port, ...get("slow").split(""));
    expect(readResponses(received)).toMatchObject([{ status: 200, body: "slow" }]);
  });

  test("gives the same answer for every way to cut a pipelined pair with bodies", async () => {
    const raw =
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" +
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
      get("end");
    const cuts = Array.from({ length: raw.length - 1 }, (_, i) => i + 1);
    const answers = await Promise.all(cuts.map((cut) => exchange(port, raw.slice(0, cut), raw.slice(cut))));
    for (const answer of answers)
      expect(readResponses(answer).map(({ body }) => body)).toEqual(["hello", "abc", "end"]);
  });

  test("answers a half-closed client in full", async () => {
    expect(readResponses(await exchange(port, get("half")))).toMatchObject([{ status: 200, body: "half" }]);
  });

  test("Connection: close is answered with the same, and the FIN follows", async () => {
    const received = await exchangeOpen(port, get("a", "Connection: close\r\n") + get("hidden"));
    const responses = readResponses(received);
    expect(responses).toHaveLength(1);
    expect(responses[0]!.fields.get("connection")).toBe("close");
  });

  test("HTTP/1.0 closes unless keep-alive was asked for", async () => {
    const closed = await exchangeOpen(port, "GET /echo/a HTTP/1.0\r\n\r\n");
    expect(readResponses(closed)[0]!.fields.get("connection")).toBe("close");
    const kept = await exchange(port, "GET /echo/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("b"));
    expect(readResponses(kept).map(({ body }) => body)).toEqual(["a", "b"]);
    expect(readResponses(kept)[0]!.fields.get("connection")).toBe("keep-alive");
  });

  test("HEAD gets the fields of GET and no body", async () => {
    const received = await exchange(port, "HEAD /echo/abc HTTP/1.1\r\nHost: a\r\n\r\n" + get("x"));
    const [head, next] = readResponses(received, ["HEAD", "GET"]);
    expect(head!.fields.get("content-length")).toBe("3");
    expect(next!.body).toBe("x");
  });

  test("every response has a Date", async () => {
    const received = await exchange(port, get("a") + "BAD\r\n\r\n");
    for (const { fields } of readResponses(received))
      expect(fields.get("date")).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  });

  test("answers earlier requests before a refusal, and nothing behind it", async () => {
    const received = await exchangeOpen(port, get("one") + "GET / HTTP/1.1\r\nHost : a\r\n\r\n" + get("hidden"));
    expect(readResponses(received).map(({ status }) => status)).toEqual([200, 400]);
  });

  test("a refusal is readable while the client is still sending", async () => {
    const client = await RawClient.connect(port);
    await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n");
    const sending = client.send("y".repeat(8 << 20));
    await client.untilEnd();
    expect(readResponses(client.received)).toMatchObject([{ status: 400 }]);
    client.close();
    await sending;
  });

  test("a connection cut in a head or a body gets 400", async () => {
    expect(readResponses(await exchange(port, "GET / HT"))).toMatchObject([{ status: 400 }]);
    const short = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab";
    expect(readResponses(await exchange(port, short))).toMatchObject([{ status: 404 }]);
  });

  test("an empty line between requests is forgiven, and is no request of its own", async () => {
    const received = await exchange(port, get("a") + "\r\n" + get("b") + "\r\n");
    expect(readResponses(received).map(({ body }) => body)).toEqual(["a", "b"]);
  });

  test("an echo of several megabytes comes back whole, with flow control", async () => {
    const client = await RawClient.connect(port);
    const body = Array.from({ length: 1 << 16 }, (_, i) => i.toString(36).padStart(8, "."))
      .join("")
      .repeat(16);
    const sending = client.send(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await client.until(({ received }) => received.length > body.length, 30_000);
    await sending;
    expect(Bun.hash(readResponses(client.received)[0]!.body)).toBe(Bun.hash(body));
    client.close();
  });
});

describe("a body that nobody reads", () => {
  test("is skipped when it is small, and the connection stays", async () => {
    const post = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + "y".repeat(1000);
    expect(readResponses(await exchange(port, post + get("next"))).map(({ status }) => status)).toEqual([404, 200]);
  });

  test("is skipped when it is chunked, and nothing in it is a request", async () => {
    const hidden = get("hidden");
    const chunk = hidden.length.toString(16) + "\r\n" + hidden + "\r\n";
    const post = "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n";
    expect(readResponses(await exchange(port, post + get("next"))).map(({ body }) => body.trim())).toEqual([
      "There is nothing here; GET / says what this server offers.",
      "next",
    ]);
  });

  test("closes the connection when it is large", async () => {
    const received = await exchangeOpen(port, "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
    expect(readResponses(received)[0]!.fields.get("connection")).toBe("close");
  });
});

describe("Expect: 100-continue", () => {
  const expecting = (target: string): string =>
    `POST ${target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;

  test("is answered when the handler reads", async () => {
    const client = await RawClient.connect(port);
    await client.send(expecting("/echo"));
    await client.until(({ received }) => received.startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
    await client.send("abc");
    await client.until(({ received }) => received.endsWith("abc"));
    expect(readResponses(client.received).map(({ status }) => status)).toEqual([100, 200]);
    client.close();
  });

  test("gets the final status, and the connection closes, when nobody will read", async () => {
    const received = await exchangeOpen(port, expecting("/nowhere"));
    expect(readResponses(received)).toMatchObject([{ status: 404 }]);
    expect(readResponses(received)[0]!.fields.get("connection")).toBe("close");
  });

  test("is not answered when the body came along", async () => {
    expect(readResponses(await exchange(port, expecting("/echo") + "abc")).map(({ status }) => status)).toEqual([200]);
  });
});

describe("asynchronous handlers", () => {
  const routes = createRouter({
    "/wait/{ms}": {
      GET: async (_request, ms) => {
        await Bun.sleep(Number(ms));
        return new HttpResponse(200, ms);
      },
    },
    "/now": { GET: () => new HttpResponse(200, "now") },
    "/throw": {
      GET: () => {
        throw new Error("a fault of ours");
      },
    },
    "/reject": { GET: () => Promise.reject(new Error("another fault of ours")) },
  });

  test("keep the order of pipelined requests", async () => {
    const { port, stop } = startServer(routes);
    const paths = ["/wait/30", "/now", "/wait/10", "/now", "/wait/1"];
    const received = await exchange(port, paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
    expect(readResponses(received).map(({ body }) => body)).toEqual(["30", "now", "10", "now", "1"]);
    await stop();
  });

  test("that fail give 500, are told to the observer, and leave the server whole", async () => {
    const { port, stop, observer } = startServer(routes);
    for (const path of ["/throw", "/reject"]) {
      const received = await exchangeOpen(port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(readResponses(received)).toMatchObject([{ status: 500 }]);
    }
    expect(observer.faults).toHaveLength(2);
    expect(readResponses(await exchange(port, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"))).toMatchObject([
      { body: "now" },
    ]);
    await stop();
  });
});

describe("a handler", () => {
  const framings: [what: string, fields: string, hasFraming: string][] = [
    ["says nothing of a body", "", "false"],
    ["has Content-Length: 0", "Content-Length: 0\r\n\r\n", "true"],
    ["has a length and bytes", "content-length: 3\r\n\r\nabc", "true"],
    ["is chunked and empty", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "true"],
    ["has fields that only look like it", "X-Content-Length: 3\r\nContent-Type: a/b\r\n\r\n", "false"],
  ];
  test.each(framings)("can tell whether there is a body's framing in a request that %s", async (_, rest, expected) => {
    const routes = createRouter({ "/": { POST: (request) => new HttpResponse(200, String(request.hasBodyFraming)) } });
    const { port, stop } = startServer(routes);
    const head = "POST / HTTP/1.1\r\nHost: a\r\n";
    expect(readResponses(await exchange(port, head + (rest || "\r\n")))).toMatchObject([{ body: expected }]);
    const old = rest.includes("chunked") ? null : await exchange(port, "POST / HTTP/1.0\r\n" + (rest || "\r\n"));
    if (old !== null) expect(readResponses(old)).toMatchObject([{ body: expected }]);
    await stop();
  });

  test("learns that its client has left, by a reset or a cut, and not by a FIN alone", async () => {
    const peers: Peer[] = [];
    const routes = createRouter({
      "/never": {
        GET: ({ peer }) => {
          peers.push(peer);
          return new Promise(() => {});
        },
      },
    });
    const { port, server } = startServer(routes);
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
    for (const [i, client] of clients.entries()) {
      await client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
      while (peers.length <= i) await Bun.sleep(1);
    }
    clients[0]!.reset();
    clients[1]!.end();
    while (server.connectionCount > 2) await Bun.sleep(1);
    expect(peers.map(({ hasLeft }) => hasLeft)).toEqual([true, false, false]);
    await server.drain(0);
    expect(peers.map(({ hasLeft }) => hasLeft)).toEqual([true, true, true]);
    for (const client of clients) client.close();
  });
});

describe("the last reply", () => {
  test("arrives whole behind replies that filled the kernel's buffers", async () => {
    const routes = createRouter({ "/kib": { GET: () => new HttpResponse(200, "x".repeat(1024)) } });
    const { port, stop } = startServer(routes);
    const client = await RawClient.connect(port);
    client.pause();
    const request = "GET /kib HTTP/1.1\r\nHost: a\r\n";
    const flood = client.send(`${request}\r\n`.repeat(8000) + `${request}Connection: close\r\n\r\n`);
    await Bun.sleep(300);
    client.resume();
    const responses = readResponses(await client.untilEnd(20_000));
    expect(responses).toHaveLength(8001);
    expect(responses.every(({ body }) => body.length === 1024)).toBe(true);
    await flood;
    client.close();
    await stop();
  });
});

describe("a client that ends early", () => {
  test("gets 400 for the cut body behind an exchange that was in hand when its FIN came", async () => {
    const routes = createRouter({
      "/wait": {
        GET: async () => {
          await Bun.sleep(50);
          return new HttpResponse(200, "waited");
        },
      },
      "/take": { POST: async (request) => new HttpResponse(200, String((await request.body!.read())?.length)) },
    });
    const { port, stop } = startServer(routes);
    const take = "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    const received = await exchange(port, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n" + take);
    expect(readResponses(received).map(({ status }) => status)).toEqual([200, 400]);
    await stop();
  });

  test("an echo whose first bytes are malformed is refused, however late they come", async () => {
    const client = await RawClient.connect(port);
    await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await Bun.sleep(20);
    await client.send("zz\r\n");
    expect(readResponses(await client.untilEnd())).toMatchObject([{ status: 400 }]);
    client.close();
  });
});
