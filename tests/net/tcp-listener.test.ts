import { describe, expect, test } from "bun:test";
import type { HostAddresses } from "../../src/net/host-addresses.ts";
import { TcpListener } from "../../src/net/tcp-listener.ts";
import { needs } from "../support/needs.ts";
import { RawClient } from "../support/raw-client.ts";
import { startServer } from "../support/start-server.ts";

const GET = "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n";

async function getFrom(address: string, port: number): Promise<string> {
  const client = await RawClient.connect(port, address);
  await client.send(GET);
  client.end();
  const reply = await client.untilEnd();
  client.close();
  return reply;
}

/** Every address in 127/8 is one of the machine's, on Linux. */
describe.skipIf(needs({ linux: true }).skip)("TcpListener: a host of several addresses", () => {
  test("is listened on at all of them, on one port, until the drain", async () => {
    const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const { port, listener, stop } = startServer(undefined, {}, { addresses });
    for (const address of addresses) expect(await getFrom(address, port)).toContain("200 OK");
    expect(listener.absences).toEqual([]);
    await stop();
    for (const address of addresses) expect(getFrom(address, port)).rejects.toThrow();
  });

  test("that the machine has only in part tells which are absent", async () => {
    const addresses = ["198.51.100.1", "127.0.0.2", "2001:db8::1"];
    const { port, listener, stop } = startServer(undefined, {}, { addresses });
    expect(await getFrom("127.0.0.2", port)).toContain("200 OK");
    expect(listener.absences).toEqual([{ host: "127.0.0.1", addresses: ["198.51.100.1", "2001:db8::1"] }]);
    await stop();
  });

  test("of which the machine has none is a fault", () => {
    const addresses = ["198.51.100.1", "198.51.100.2"];
    expect(() => startServer(undefined, {}, { addresses })).toThrow("Failed to listen at 198.51.100.1");
  });

  test("is a fault when the port is in use on one of them, and leaves it free on the others", () => {
    using other = Bun.listen({ hostname: "127.0.0.3", port: 0, socket: { data() {} } });
    const { port } = other;
    expect(() => startServer(undefined, {}, { addresses: ["127.0.0.2", "127.0.0.3"], port })).toThrow("127.0.0.3");
    Bun.listen({ hostname: "127.0.0.2", port, socket: { data() {} } }).stop(true);
  });
});

/** Hosts that are addresses. */
const hostsOf = (...addresses: readonly string[]): HostAddresses[] =>
  addresses.map((address) => ({ host: address, addresses: [address] }));

describe.skipIf(needs({ linux: true, paths: ["/proc/net/if_inet6"] }).skip)("TcpListener: several hosts", () => {
  const overlaps: [why: string, hosts: HostAddresses[], reached: string[]][] = [
    ["of one address each", hostsOf("127.0.0.2", "127.0.0.3"), ["127.0.0.2", "127.0.0.3"]],
    ["of both families", hostsOf("127.0.0.2", "::1"), ["127.0.0.2", "::1"]],
    ["that are the same", hostsOf("127.0.0.2", "127.0.0.2"), ["127.0.0.2"]],
    ["that are the same in another spelling", hostsOf("::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"), ["::1"]],
    ["of which one is mapped into the other", hostsOf("127.0.0.1", "::ffff:127.0.0.1"), ["127.0.0.1"]],
    [
      "of which one is among the addresses of the other",
      [{ host: "localhost", addresses: ["127.0.0.1", "::1"] }, ...hostsOf("::1")],
      ["127.0.0.1", "::1"],
    ],
    ["of which one stands for all", hostsOf("127.0.0.1", "0.0.0.0"), ["127.0.0.1", "127.0.0.9"]],
    ["of which one stands for all of the other family", hostsOf("::1", "0.0.0.0"), ["::1", "127.0.0.9"]],
    ["of which one stands for all of both families", hostsOf("127.0.0.1", "::1", "::"), ["::1", "127.0.0.9"]],
    ["that stand for all", hostsOf("0.0.0.0", "::"), ["::1", "127.0.0.9"]],
  ];
  test.each(overlaps)("%s are listened on, each address once", async (_, hosts, reached) => {
    const listener = new TcpListener({ hosts, port: 0 });
    let heard = Promise.withResolvers<void>();
    listener.listen({ open: () => heard.resolve(), data() {} });
    expect(listener.absences).toEqual([]);
    expect(new Set(listener.urls.map((url) => url.replace(/.*:/, "")))).toEqual(new Set([String(listener.port)]));
    for (const address of reached) {
      const client = await RawClient.connect(listener.port, address);
      await heard.promise;
      heard = Promise.withResolvers<void>();
      client.close();
    }
    listener.stop();
  });

  const lost: [why: string, hosts: HostAddresses[], host: string][] = [
    ["is not of this machine", hostsOf("127.0.0.1", "198.51.100.1"), "198.51.100.1"],
    ["would be covered by another, if it were of this machine", hostsOf("198.51.100.2", "0.0.0.0"), "198.51.100.2"],
    ["has no address of this machine", hostsOf("::1", "2001:db8::9"), "2001:db8::9"],
  ];
  test.each(lost)("are a fault when one %s, which is named", (_, hosts, host) => {
    const listener = new TcpListener({ hosts, port: 0 });
    expect(() => listener.listen({ data() {} })).toThrow(expect.objectContaining({ host }));
    expect(listener.port).toBe(0);
  });

  test("are a fault when the port of one is in use, which is named", () => {
    using other = Bun.listen({ hostname: "127.0.0.3", port: 0, socket: { data() {} } });
    const { port } = other;
    const listener = new TcpListener({ hosts: hostsOf("127.0.0.2", "127.0.0.3"), port });
    expect(() => listener.listen({ data() {} })).toThrow(expect.objectContaining({ host: "127.0.0.3", port }));
  });
});

describe("TcpListener", () => {
  test.each([
    ["localhost", "http://localhost:"],
    ["127.0.0.1", "http://127.0.0.1:"],
    ["::1", "http://[::1]:"],
  ])("tells where clients reach %s", (host, beginning) => {
    const listener = new TcpListener({ hosts: [{ host, addresses: ["127.0.0.1"] }], port: 0 });
    expect(listener.port).toBe(0);
    listener.listen({ data() {} });
    expect(listener.port).toBeGreaterThan(0);
    expect(listener.urls).toEqual([beginning + listener.port]);
    listener.stop();
  });

  test("a probe of a port leaves it to whoever comes next", () => {
    const probe = new TcpListener({ hosts: [{ host: "127.0.0.1", addresses: ["127.0.0.1"] }], port: 0 });
    probe.listen({ data() {} });
    const { port } = probe;
    probe.stop();
    const { stop } = startServer(undefined, {}, { port });
    return stop();
  });

  test("one that never listened, or could not, can be stopped all the same", () => {
    using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const listener = new TcpListener({ hosts: [{ host: "127.0.0.1", addresses: ["127.0.0.1"] }], port: other.port });
    listener.stop();
    expect(() => listener.listen({ data() {} })).toThrow("127.0.0.1");
    listener.stop();
    expect(listener.port).toBe(0);
  });

  test.skipIf(needs({ linux: true }).skip)("several share a port only when each says so", () => {
    const place = { hosts: [{ host: "127.0.0.1", addresses: ["127.0.0.1"] }], port: 0 };
    const first = new TcpListener({ ...place, sharesPort: true });
    first.listen({ data() {} });
    const { port } = first;
    const second = new TcpListener({ ...place, port, sharesPort: true });
    second.listen({ data() {} });
    expect(second.port).toBe(port);
    expect(() => new TcpListener({ ...place, port }).listen({ data() {} })).toThrow();
    first.stop();
    second.stop();
  });
});
