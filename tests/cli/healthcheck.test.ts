import { describe, expect, test } from "bun:test";
import { type AskedServer, findIllness } from "../../src/cli/healthcheck.ts";
import { freePort } from "../support/free-port.ts";

/** A server of one answer, which closes behind it. Gives its port and what it was asked. */
function answering(answer: string): { port: number; asked: () => string; [Symbol.dispose](): void } {
  let received = "";
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => {
        received += bytes.toString("latin1");
        socket.write(answer);
        socket.shutdown();
      },
    },
  });
  return { port: listener.port, asked: () => received, [Symbol.dispose]: () => listener.stop(true) };
}

function plain(host: string, port: number, ...proxies: readonly string[]): AskedServer {
  return { host, port, isSecure: false, identity: null, proxies };
}

const answers: [why: string, answer: string, illness: string | null][] = [
  ["a server that is well", "HTTP/1.1 200 OK\r\n\r\n", null],
  ["one that drains", "HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers 503."],
  ["one that has no such path", "HTTP/1.1 404 Not Found\r\n\r\n", "answers 404."],
  ["one that speaks something else", "220 ready\r\n", "ended the connection without an answer."],
  ["one that says nothing", "", "ended the connection without an answer."],
];
describe("the health of", () => {
  test.each(answers)("%s", async (_why, answer, illness) => {
    using server = answering(answer);
    const line = illness === null ? null : `The server at 127.0.0.1:${server.port} ${illness}`;
    expect(await findIllness(plain("127.0.0.1", server.port))).toBe(line);
    expect(server.asked()).toStartWith("GET /-/health HTTP/1.1\r\nHost: localhost\r\n");
  });

  test.each(["0.0.0.0", "::", "localhost"])("a server at %s is asked on loopback", async (host) => {
    using server = answering("HTTP/1.1 200 OK\r\n\r\n");
    expect(await findIllness(plain(host, server.port))).toBeNull();
  });

  test.each([
    ["as the proxy that it counts as", "127.0.0.0/8", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /"],
    ["as anybody else", "192.0.2.0/24", "GET /"],
  ])("a server that wants PROXY headers is asked %s", async (_, network, beginning) => {
    using server = answering("HTTP/1.1 200 OK\r\n\r\n");
    expect(await findIllness(plain("127.0.0.1", server.port, network))).toBeNull();
    expect(server.asked()).toStartWith(beginning);
  });

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "[::1]"],
  ])("nobody at %s", async (host, shown) => {
    const port = freePort(host);
    expect(await findIllness(plain(host, port))).toBe(`No server answers at ${shown}:${port}.`);
  });
});
