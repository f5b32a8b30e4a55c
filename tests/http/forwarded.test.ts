import { describe, expect, test } from "bun:test";
import { AddressSet } from "../../src/http/address-set.ts";
import { readForwarded, Unbelievable } from "../../src/http/forwarded.ts";
import { fieldsOf } from "../support/request.ts";

const PROXIES = new AddressSet(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);

type Told = readonly [address: string | null, port: number, scheme: string | null, authority: string | null];

describe("what proxies tell", () => {
  const told: [why: string, fields: Record<string, string>, told: Told | null][] = [
    ["nothing", {}, null],
    ["an empty list", { "x-forwarded-for": " , " }, null],
    ["one address", { "x-forwarded-for": "203.0.113.9" }, ["203.0.113.9", 0, null, null]],
    ["what a client wrote before it", { "x-forwarded-for": "127.0.0.1, 203.0.113.9" }, ["203.0.113.9", 0, null, null]],
    ["rubbish of a client before it", { "x-forwarded-for": "<x>, 203.0.113.9" }, ["203.0.113.9", 0, null, null]],
    ["two of our proxies", { "x-forwarded-for": "9.9.9.9,203.0.113.9,10.1.1.1" }, ["203.0.113.9", 0, null, null]],
    ["nobody but our proxies", { "x-forwarded-for": "10.0.0.7, 10.1.1.1" }, ["10.0.0.7", 0, null, null]],
    ["a port", { "x-forwarded-for": "203.0.113.9:4711" }, ["203.0.113.9", 4711, null, null]],
    ["IPv6", { "x-forwarded-for": "2001:DB8::1" }, ["2001:db8::1", 0, null, null]],
    ["IPv6 with a port", { "x-forwarded-for": "[2001:db8::1]:4711" }, ["2001:db8::1", 4711, null, null]],
    ["IPv4 in IPv6", { "x-forwarded-for": "::ffff:203.0.113.9" }, ["203.0.113.9", 0, null, null]],
    ["IPv4 in IPv6 of a proxy", { "x-forwarded-for": "8.8.8.8, ::ffff:10.0.0.1" }, ["8.8.8.8", 0, null, null]],
    ["that it keeps it to itself", { "x-forwarded-for": "127.0.0.1, unknown" }, ["unknown", 0, null, null]],
    [
      "a unix socket of nginx, of which anybody may be",
      { "x-forwarded-for": "1.1.1.1, unix:" },
      ["unix", 0, null, null],
    ],
    ["a unix socket of nginx, and who came there", { "x-forwarded-for": "unix:, 1.1.1.1" }, ["1.1.1.1", 0, null, null]],
    ["a scheme alone", { "x-forwarded-proto": "https" }, [null, 0, "https", null]],
    ["a WebSocket", { "x-forwarded-proto": "WSS" }, [null, 0, "https", null]],
    ["a host", { "x-forwarded-host": "Files.Example.org:8443" }, [null, 0, null, "files.example.org:8443"]],
    [
      "lists of one length",
      {
        "x-forwarded-for": "1.1.1.1, 203.0.113.9, 10.1.1.1",
        "x-forwarded-proto": "http, https, http",
        "x-forwarded-host": "evil.example, a.example, b.example",
      },
      ["203.0.113.9", 0, "https", "a.example"],
    ],
    [
      "a scheme of the first of two proxies",
      { "x-forwarded-for": "203.0.113.9, 10.1.1.1", "x-forwarded-proto": "https" },
      ["203.0.113.9", 0, "https", null],
    ],
    [
      "a scheme behind one that a client wrote",
      { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https, http" },
      ["203.0.113.9", 0, "http", null],
    ],
    [
      "all of it as RFC 7239 has it",
      { forwarded: 'for=192.0.2.60;proto=https;by=10.0.0.1;host="a.example:81"' },
      ["192.0.2.60", 0, "https", "a.example:81"],
    ],
    ["a quoted address", { forwarded: 'For="[2001:db8:cafe::17]:4711"' }, ["2001:db8:cafe::17", 4711, null, null]],
    [
      "two elements, of which a client wrote the first",
      { forwarded: "for=127.0.0.1;proto=http;host=x, for=192.0.2.60;proto=https" },
      ["192.0.2.60", 0, "https", null],
    ],
    [
      "two of our proxies, as RFC 7239 has it",
      { forwarded: "for=9.9.9.9, for=192.0.2.60;proto=https , for=10.0.0.1;proto=http" },
      ["192.0.2.60", 0, "https", null],
    ],
    ["a word for an address", { forwarded: 'for="_gazonk"' }, ["_gazonk", 0, null, null]],
    ["a word for a port", { forwarded: 'for="192.0.2.60:_p"' }, ["192.0.2.60", 0, null, null]],
    ["no address", { forwarded: "for=9.9.9.9, proto=https" }, [null, 0, "https", null]],
    [
      "no address of the first proxy's",
      { forwarded: "for=9.9.9.9, proto=https, for=10.0.0.1" },
      ["10.0.0.1", 0, "https", null],
    ],
    [
      "the same in both",
      { forwarded: 'for="[2001:db8:0::1]";proto=https', "x-forwarded-for": "2001:db8::1", "x-forwarded-host": "a" },
      ["2001:db8:0::1", 0, "https", "a"],
    ],
  ];
  test.each(told)("%s", (_why, fields, expected) => {
    const read = readForwarded(fieldsOf(fields), PROXIES);
    if (read instanceof Unbelievable) throw new Error(read.reason);
    expect(read === null ? null : [read.address, read.port, read.scheme, read.authority]).toEqual(
      expected === null ? null : [...expected],
    );
  });
});

describe("what cannot be believed", () => {
  const FOR = "X-Forwarded-For cannot be read";
  const STANDARD = "Forwarded cannot be read";
  const DIFFERENT = "Forwarded and X-Forwarded-* tell different things";
  const refused: [why: string, fields: Record<string, string>, reason: string][] = [
    ["a name", { "x-forwarded-for": "localhost" }, FOR],
    ["four numbers that are no address", { "x-forwarded-for": "1.2.3.400" }, FOR],
    ["a leading zero", { "x-forwarded-for": "127.0.0.01" }, FOR],
    ["the name of clients of our unix sockets", { "x-forwarded-for": "unix" }, FOR],
    ["a unix socket of nginx where that has no name", { forwarded: 'for="unix:"' }, STANDARD],
    ["a zone", { "x-forwarded-for": "fe80::1%eth0" }, FOR],
    ["bytes behind a percent sign", { "x-forwarded-for": "127.0.0.1%\x1b[2J" }, FOR],
    ["a port over 65535", { "x-forwarded-for": "1.2.3.4:65536" }, FOR],
    ["a network", { "x-forwarded-for": "1.2.3.0/24" }, FOR],
    ["rubbish before one of our proxies", { "x-forwarded-for": "<x>, 10.0.0.1" }, FOR],
    ["a quoted address of the field of before", { "x-forwarded-for": '"1.2.3.4"' }, FOR],
    ["a scheme that is none", { "x-forwarded-proto": "ftp" }, "X-Forwarded-Proto cannot be read"],
    ["a scheme that every object has", { "x-forwarded-proto": "constructor" }, "X-Forwarded-Proto cannot be read"],
    ["a host with a path", { "x-forwarded-host": "a/b" }, "X-Forwarded-Host cannot be read"],
    ["a host with a user", { "x-forwarded-host": "a@b" }, "X-Forwarded-Host cannot be read"],
    ["no pair", { forwarded: "192.0.2.60" }, STANDARD],
    ["an open quote", { forwarded: 'for="192.0.2.60' }, STANDARD],
    ["a pair twice", { forwarded: "for=192.0.2.60;for=127.0.0.1" }, STANDARD],
    ["an address that is none", { forwarded: "for=here" }, STANDARD],
    ["a scheme that is none in Forwarded", { forwarded: "for=192.0.2.60;proto=gopher" }, STANDARD],
    ["a host that is none in Forwarded", { forwarded: 'host="a b"' }, STANDARD],
    // What a client leaves open swallows what the proxy writes behind it.
    ["a quote that a client left open", { "x-forwarded-for": '", 203.0.113.9' }, FOR],
    ["a quote that a client left open in Forwarded", { forwarded: 'for=127.0.0.1;by=", for=203.0.113.9' }, STANDARD],
    ["one that the proxy's own quote ends", { forwarded: 'for=127.0.0.1;by=", for="203.0.113.9:1"' }, STANDARD],
    ["one that ends in a backslash", { forwarded: 'for=127.0.0.1;by="\\, for=203.0.113.9;by="x"' }, STANDARD],
    ["another address", { forwarded: "for=127.0.0.1", "x-forwarded-for": "203.0.113.9" }, DIFFERENT],
    ["another scheme", { forwarded: "proto=https", "x-forwarded-proto": "http" }, DIFFERENT],
    ["another host", { forwarded: "host=a", "x-forwarded-host": "b" }, DIFFERENT],
    ["a word and an address", { forwarded: "for=unknown", "x-forwarded-for": "203.0.113.9" }, DIFFERENT],
  ];
  test.each(refused)("%s", (_why, fields, reason) => {
    expect(readForwarded(fieldsOf(fields), PROXIES)).toEqual(new Unbelievable(reason));
  });

  const chains: [field: string, member: string, reason: string][] = [
    ["x-forwarded-for", "10.0.0.1", "X-Forwarded-For names too many proxies"],
    ["x-forwarded-for", "fd00::1", "X-Forwarded-For names too many proxies"],
    ["forwarded", "for=10.0.0.1", "Forwarded names too many proxies"],
    ["forwarded", 'for="[fd00::1]"', "Forwarded names too many proxies"],
  ];
  test.each(chains)("%s with more than 100 of our proxies, such as %s", (field, member, reason) => {
    const chain = (length: number): string => new Array<string>(length).fill(member).join();
    expect(readForwarded(fieldsOf({ [field]: chain(100) }), PROXIES)).not.toBeInstanceOf(Unbelievable);
    expect(readForwarded(fieldsOf({ [field]: chain(101) }), PROXIES)).toEqual(new Unbelievable(reason));
    expect(readForwarded(fieldsOf({ [field]: `<${chain(2000)}` }), PROXIES)).toEqual(new Unbelievable(reason));
  });

  const written: [field: string, chain: string][] = [
    ["x-forwarded-for", `${"10.0.0.1,".repeat(2000)}203.0.113.9`],
    ["forwarded", `${"for=10.0.0.1,".repeat(2000)}for=203.0.113.9`],
  ];
  test.each(written)("but not what a client wrote ahead of its own address in %s, however long", (field, chain) => {
    expect(readForwarded(fieldsOf({ [field]: chain }), PROXIES)).toMatchObject({ address: "203.0.113.9" });
  });
});
