import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Dispatch, type HttpRequest, HttpResponse, type Peer } from "../../src/http/message.ts";
import { Connection } from "../../src/net/connection.ts";
import type { ConnectionSocket } from "../../src/net/socket-peer.ts";
import { createRouter } from "../../src/router.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
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
      "There is nothing here; a shared folder is at /files/, and GET / says what this server offers.",
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

describe("a client that has left", () => {
  const text = (path: string, method = "PUT", body = "body"): string =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  /** What was carried out, in order; `/slow` waits until the test lets it go on. */
  function writes(): { dispatch: Dispatch; done: string[]; goOn: () => void; failed: string[] } {
    const done: string[] = [];
    const failed: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const dispatch = async ({ decodedPath, method, body }: HttpRequest): Promise<HttpResponse> => {
      if (decodedPath === "/slow") await promise;
      try {
        let content = "";
        for (let chunk = await body?.read(); chunk; chunk = await body!.read())
          content += Buffer.from(chunk).toString();
        done.push(`${method} ${decodedPath} ${content}`);
      } catch (error) {
        failed.push(decodedPath);
        throw error;
      }
      return new HttpResponse(201, "x".repeat(100));
    };
    return { dispatch, done, goOn: resolve, failed };
  }

  const turns = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  test("gets done what came whole: the request in hand and those behind it, in order", async () => {
    const { dispatch, done, goOn } = writes();
    const server = new HandDrivenServer({}, dispatch);
    const { connection } = server.connect();
    connection.receive(Buffer.from(text("/slow") + text("/two") + "DELETE /three HTTP/1.1\r\nHost: a\r\n\r\n"));
    connection.closed();
    expect(server.connections).toHaveLength(1);
    goOn();
    await turns();
    expect(done).toEqual(["PUT /slow body", "PUT /two body", "DELETE /three "]);
    expect(server.observer.records.map(({ status, cutOff, bodyBytes }) => [status, cutOff, bodyBytes])).toEqual(
      Array(3).fill([201, true, 0]),
    );
    expect(server.connections).toHaveLength(0);
    expect(server.observer.disconnections).toBe(1);
  });

  test("gets done what waited behind answers that it did not read", async () => {
    const { dispatch, done } = writes();
    const server = new HandDrivenServer({}, dispatch);
    const { connection, socket } = server.connect();
    socket.room = 10;
    connection.receive(Buffer.from(text("/one")));
    await turns();
    connection.receive(Buffer.from(text("/two") + text("/three")));
    await turns();
    expect(done).toEqual(["PUT /one body"]);
    connection.closed();
    await turns();
    expect(done).toEqual(["PUT /one body", "PUT /two body", "PUT /three body"]);
    expect(server.connections).toHaveLength(0);
  });

  test("does not get done what is not whole, or what only makes an answer, or what stands behind a close", async () => {
    const { dispatch, done, failed, goOn } = writes();
    const server = new HandDrivenServer({}, dispatch);
    const cut = server.connect().connection;
    cut.receive(Buffer.from(text("/slow").slice(0, -1)));
    const reads = server.connect().connection;
    reads.receive(Buffer.from(text("/slow") + "GET /get HTTP/1.1\r\nHost: a\r\n\r\n" + text("/put") + "PUT /half"));
    const last = server.connect().connection;
    last.receive(Buffer.from(text("/slow").replace("Host", "Connection: close\r\nHost") + text("/hidden")));
    for (const connection of [cut, reads, last]) connection.closed();
    goOn();
    await turns();
    expect(failed).toEqual(["/slow"]);
    expect(done).toEqual(["PUT /slow body", "PUT /slow body", "PUT /put body"]);
    expect(server.connections).toHaveLength(0);
    expect(server.observer.faults).toEqual([]);
  });

  test("that reset its connection with an answer unread has all of its whole bodies stored", async () => {
    const { dispatch, done, goOn } = writes();
    const { port, server, stop } = startServer(dispatch);
    const client = await RawClient.connect(port);
    client.pause();
    await client.send(text("/first") + text("/slow") + text("/third"));
    while (done.length === 0) await Bun.sleep(1);
    client.reset();
    await Bun.sleep(20);
    goOn();
    while (server.connectionCount > 0) await Bun.sleep(1);
    expect(done).toEqual(["PUT /first body", "PUT /slow body", "PUT /third body"]);
    await stop();
  });

  test("is cut by a server that may wait no longer, whatever is in hand", async () => {
    const { dispatch } = writes();
    const { port, server } = startServer(dispatch);
    const client = await RawClient.connect(port);
    await client.send(text("/first") + text("/slow"));
    await client.until(({ received }) => received !== "");
    client.reset();
    await Bun.sleep(20);
    expect(server.connectionCount).toBe(1);
    await server.drain(10);
    expect(server.connectionCount).toBe(0);
  });
});

describe("the record of an exchange that was cut", () => {
  const never = new Promise<HttpResponse>(() => {});
  const endings: [how: string, next: string, status: number, bodyBytes: number][] = [
    ["before its answer", "GET /never HTTP/1.1\r\nHost: a\r\n\r\n", 0, 0],
    ["in its body", "PUT /never HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab", 0, 0],
    ["in its answer", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", 203, 1000],
  ];
  test.each(endings)("%s says nothing of the one before", async (_how, next, status, bodyBytes) => {
    const dispatch = createRouter({
      "/": { GET: () => new HttpResponse(200, "twelve bytes") },
      "/never": { GET: () => never, PUT: () => never },
      "/large": { GET: () => new HttpResponse(203, new Uint8Array(100_000)) },
    });
    const server = new HandDrivenServer({}, dispatch);
    const { connection, socket } = server.connect();
    connection.receive(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const head = socket.sent.length - "twelve bytes".length;
    socket.room = head + 1000;
    connection.receive(Buffer.from(next));
    connection.closed();
    const { records } = server.observer;
    expect(records.map((record) => [record.status, record.cutOff])).toEqual([
      [200, false],
      [status, true],
    ]);
    // The heads of the two answers differ by a few bytes.
    expect(Math.abs(records[1]!.bodyBytes - bodyBytes)).toBeLessThan(100);
  });
});

describe("a flood of cheap requests", () => {
  test("is answered in turns, in order, and others come in between", async () => {
    const server = new HandDrivenServer();
    const flood = server.connect();
    const other = server.connect();
    const count = 10_000;
    const requests = Array.from({ length: count }, (_, i) => get(String(i))).join("");
    flood.connection.receive(Buffer.from(requests));
    const first = server.observer.records.length;
    expect(first).toBeLessThan(count);
    other.connection.receive(Buffer.from(get("other")));
    expect(other.socket.sent).toEndWith("other");
    for (let turns = 0; server.observer.records.length <= count && turns < count; turns++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(readResponses(flood.socket.sent).map(({ body }) => body)).toEqual(
      Array.from({ length: count }, (_, i) => String(i)),
    );
  });

  test("is answered to its end though the client's FIN is there, or time has passed, between two turns", async () => {
    const endings: ((flood: Connection, server: HandDrivenServer) => void)[] = [
      (connection) => connection.peerEnded(),
      (_, server) => server.pass(1_000_000),
    ];
    for (const end of endings) {
      const server = new HandDrivenServer();
      const { connection, socket } = server.connect();
      connection.receive(Buffer.from(get("a").repeat(10_000)));
      expect(server.observer.records.length).toBeLessThan(10_000);
      end(connection, server);
      for (let turns = 0; server.observer.records.length < 10_000 && turns < 10_000; turns++)
        await new Promise((resolve) => setImmediate(resolve));
      expect(readResponses(socket.sent)).toHaveLength(10_000);
      expect(server.observer.refusals).toEqual([]);
    }
  });

  test("of which each waits a moment is answered in turns too", async () => {
    const server = new HandDrivenServer({}, async () => {
      const end = performance.now() + 1;
      while (performance.now() < end);
      return new HttpResponse(200);
    });
    const { connection } = server.connect();
    connection.receive(Buffer.from(get("a").repeat(100)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.observer.records.length).toBeLessThan(50);
    for (let turns = 0; server.observer.records.length < 100 && turns < 1000; turns++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(server.observer.records).toHaveLength(100);
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
    const responses = readResponses(await client.untilEnd());
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
