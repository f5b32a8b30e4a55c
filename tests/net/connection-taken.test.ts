import { afterEach, describe, expect, test } from "bun:test";
import { type ByteSource, DeliberateCut, type GivingSource, UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { ConnectionTaken } from "../../src/http/connection-taken.ts";
import { BodyRefused } from "../../src/http/refusal.ts";
import { createRouter } from "../../src/router.ts";
import { RawClient } from "../support/raw-client.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

let started: StartedServer;
afterEach(() => started.stop());

type Serve = (incoming: GivingSource) => ByteSource;

/** A server whose `/take` is served so, at once or a turn later. */
function serving(serve: Serve, isLater = false): void {
  const take = (): never => {
    throw new ConnectionTaken(101, serve);
  };
  const takeLater = async (): Promise<never> => {
    await Bun.sleep(1);
    return take();
  };
  started = startServer(createRouter({ "/take": { access: "public", GET: isLater ? takeLater : take, POST: take } }));
}

/** Sends each text once. */
function sourceOf(texts: readonly string[], closed = (): void => {}): ByteSource {
  const rest = texts.map((text) => Buffer.from(text));
  return { length: UNKNOWN_LENGTH, read: () => rest.shift() ?? null, close: closed };
}

/** Gives back what comes. */
function echo(incoming: GivingSource): ByteSource {
  return { length: UNKNOWN_LENGTH, read: () => incoming.read(), close: () => incoming.close() };
}

const REQUEST = "GET /take HTTP/1.1\r\nHost: a\r\n\r\n";

async function connect(text: string): Promise<RawClient> {
  const client = await RawClient.connect(started.port);
  await client.send(text);
  return client;
}

describe("a connection that a handler takes", () => {
  test.each([false, true])(
    "sends what the handler gives, byte for byte, and ends behind it (later: %p)",
    async (isLater) => {
      let isClosed = false;
      serving(() => sourceOf(["no", " HTTP"], () => (isClosed = true)), isLater);
      const client = await connect(REQUEST);
      expect(await client.untilEnd()).toBe("no HTTP");
      expect(isClosed).toBe(true);
      client.close();
    },
  );

  test("sends earlier answers first", async () => {
    serving(() => sourceOf(["raw"]));
    const client = await connect(`OPTIONS /take HTTP/1.1\r\nHost: a\r\n\r\n${REQUEST}`);
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 204 [^]*\r\n\r\nraw$/);
    client.close();
  });

  test("gives what came with the head, and what comes later", async () => {
    serving(echo);
    const client = await connect(`${REQUEST}early `);
    await client.until(({ received }) => received === "early ");
    await client.send("late");
    await client.until(({ received }) => received === "early late");
    client.end();
    expect(await client.untilEnd()).toBe("early late");
    client.close();
  });

  test("keeps what came before the peer ended its side", async () => {
    serving(echo, true);
    const client = await connect(`${REQUEST}all of it`);
    client.end();
    expect(await client.untilEnd()).toBe("all of it");
    client.close();
  });

  test("carries 20 MiB both ways with flow control", async () => {
    serving(echo);
    const client = await connect(REQUEST);
    const sent = "0123456789abcdef".repeat((20 * 1024 * 1024) / 16);
    await Promise.all([client.send(sent), client.until(({ received }) => received.length === sent.length)]);
    expect(client.received === sent).toBe(true);
    client.end();
    await client.untilEnd();
    client.close();
  });

  test("has the rest of a body that the handler did not read", async () => {
    serving(echo);
    const client = await connect("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    await client.send("abcdefghi");
    await client.until(({ received }) => received.endsWith("ghi"));
    client.end();
    await client.untilEnd();
    client.close();
  });

  const cuts: [form: "close" | "reset", isReset: boolean][] = [
    ["close", false],
    ["reset", true],
  ];
  test.each(cuts)("can be cut with a %s", async (form, isReset) => {
    serving(() => {
      let isSent = false;
      const read = (): Uint8Array => {
        if (isSent) throw new DeliberateCut("enough", form);
        isSent = true;
        return Buffer.from("some");
      };
      return { length: UNKNOWN_LENGTH, read, close: () => {} };
    });
    const client = await connect(REQUEST);
    await client.until(({ isClosed, isEnded }) => isClosed || isEnded);
    expect(client.received).toBe("some");
    expect(client.isReset).toBe(isReset);
    client.close();
  });

  test("tells the handler that its client has left", async () => {
    const left = Promise.withResolvers<unknown>();
    const asked = Promise.withResolvers<void>();
    serving((incoming) => ({
      length: UNKNOWN_LENGTH,
      read: async () => {
        asked.resolve();
        try {
          return await incoming.read();
        } catch (error) {
          left.resolve(error);
          throw error;
        }
      },
      close: () => incoming.close(),
    }));
    const client = await connect(REQUEST);
    await asked.promise;
    client.reset();
    expect(await left.promise).toBeInstanceOf(BodyRefused);
    expect(started.observer.faults).toEqual([]);
  });

  test("comes to its end when the server is to stop", async () => {
    serving(echo);
    const client = await connect(`${REQUEST}x`);
    await client.until(({ received }) => received === "x");
    await started.server.drain(5000);
    expect(await client.untilEnd()).toBe("x");
    client.close();
  });

  test("is told of once", async () => {
    serving(() => sourceOf(["raw"]));
    const client = await connect(REQUEST);
    await client.untilEnd();
    client.close();
    expect(started.observer.records.map(({ status }) => status)).toEqual([101]);
  });
});
