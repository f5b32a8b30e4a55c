// Clients that never finish their TLS handshake, or break it at each place: what the server holds of them stays flat.
// MINI_HTTP_HANDSHAKE_SECONDS is how long (3).

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:tls";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";

const SECONDS = Number(process.env["MINI_HTTP_HANDSHAKE_SECONDS"] ?? 3);
const CROWD = 100;
const PATIENCE_MS = SECONDS * 1000 + 60_000;
/** Memory that a run time takes and keeps for what comes at once. */
const ROOM_MIB = 60;

/** What a client does instead of a handshake, after which it stays or goes. */
const BREAKS: readonly ((port: number) => Promise<void>)[] = [
  stay(""),
  stay("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
  leave("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
  leave("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  leave("\x16\x03\x01\x00\x05hello"),
  leave("\x80\x2e\x01\x00\x02"),
  offer({ ALPNProtocols: ["h2"] }),
  offer({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }),
  destroyed,
];

/** Its time is up when the server says so. */
function stay(bytes: string) {
  return async (port: number): Promise<void> => {
    const client = await RawClient.connect(port);
    await client.send(bytes);
    await client.untilEnd(PATIENCE_MS);
    client.close();
  };
}

function leave(bytes: string) {
  return async (port: number): Promise<void> => {
    const client = await RawClient.connect(port);
    await client.send(bytes);
    if (Math.random() < 0.5) client.reset();
    else client.close();
  };
}

function offer(options: object) {
  return (port: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
    socket.on("error", () => {}).on("close", () => resolve());
    socket.on("secureConnect", () => socket.destroy());
    return promise;
  };
}

/** Gone as soon as its first bytes are on their way. */
async function destroyed(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  socket.on("error", () => {});
  await Bun.sleep(Math.random() * 4);
  socket.destroy();
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function breakHandshakes(port: number, untilMs: number): Promise<number> {
  let count = 0;
  const client = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < untilMs; i++) {
      await BREAKS[i % BREAKS.length]!(port);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CROWD }, (_, i) => client(i)));
  return count;
}

test.skipIf(needs({ linux: true }).skip)(
  "handshakes that stall or break leave descriptors and memory as they were",
  async () => {
    const flags = ["--tls", "self-signed", "--handshake-timeout", "500ms", "--host", "127.0.0.1"];
    await using server = await RunningProgram.start(flags);
    const before = descriptorsOf(server.pid);
    await breakHandshakes(server.port, performance.now() + 1000);
    const resident = residentMiB(server.pid);
    const count = await breakHandshakes(server.port, performance.now() + SECONDS * 1000);
    while (descriptorsOf(server.pid) > before) await Bun.sleep(50);
    const growth = residentMiB(server.pid) - resident;
    console.info(`${count} handshakes broken in ${SECONDS} s: ${before} descriptors, ${growth.toFixed(1)} MiB more`);
    expect(count).toBeGreaterThan(CROWD);
    expect(growth).toBeLessThan(ROOM_MIB);
    await offer({})(server.port);
  },
  PATIENCE_MS * 2,
);
