import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config.ts";
import { networkAddresses, openAddresses, type WelcomeFacts, welcomeLines } from "../../src/process/welcome.ts";

const LAN = ["192.0.2.20", "2001:db8::20"];

function facts(argv: readonly string[], given: Partial<WelcomeFacts> = {}): WelcomeFacts {
  const intent = parseConfig(argv, {});
  if (intent.kind !== "serve") throw new Error(JSON.stringify(intent));
  const { config } = intent;
  const scheme = config.tls.selfSigned ? "https" : "http";
  const [first = ""] = config.hosts;
  const host = first.includes(":") ? `[${first}]` : first;
  const folder = config.directory === null ? null : "/home/ada/shared";
  return { config, urls: [`${scheme}://${host}:4221`], folder, addresses: LAN, logins: null, ...given };
}

describe("the addresses to open", () => {
  test.each([
    ["of this machine alone", ["."], "http://localhost:4221/files/", []],
    ["without a folder", [], "http://localhost:4221/", []],
    ["of a drop box", [".", "--upload-only"], "http://localhost:4221/", []],
    ["of all of IPv4", [".", "-b", "0.0.0.0"], "http://localhost:4221/files/", ["http://192.0.2.20:4221/files/"]],
    [
      "of all",
      [".", "-b", "::"],
      "http://localhost:4221/files/",
      ["http://192.0.2.20:4221/files/", "http://[2001:db8::20]:4221/files/"],
    ],
    ["of one address", [".", "-b", "192.0.2.7"], "http://192.0.2.7:4221/files/", ["http://192.0.2.7:4221/files/"]],
    ["with HTTPS", [".", "--tls", "self-signed"], "https://localhost:4221/files/", []],
    [
      "of all of IPv4, spelled otherwise",
      [".", "-b", "0"],
      "http://localhost:4221/files/",
      ["http://192.0.2.20:4221/files/"],
    ],
    [
      "of all, spelled otherwise",
      [".", "-b", "0:0:0:0:0:0:0:0"],
      "http://localhost:4221/files/",
      ["http://192.0.2.20:4221/files/", "http://[2001:db8::20]:4221/files/"],
    ],
    ["of loopback, spelled shorter", [".", "-b", "127.1"], "http://127.0.0.1:4221/files/", []],
    ["of loopback, mapped", [".", "-b", "::ffff:127.0.0.1"], "http://[::ffff:7f00:1]:4221/files/", []],
    [
      "with a zone, which no URL has",
      [".", "-b", "fe80::1%eth0"],
      "http://[fe80::1%eth0]:4221/files/",
      ["http://[fe80::1%eth0]:4221/files/"],
    ],
    ["of IPv6's own", [".", "-b", "::1"], "http://[::1]:4221/files/", []],
  ])("%s", (_, argv, own, others) => {
    expect(openAddresses(facts(argv))).toEqual({ own: [own], others });
  });

  test("of several hosts are those of each, once", () => {
    const hosts = ["localhost", "192.0.2.20", "0.0.0.0"];
    const network = "http://192.0.2.20:4221/files/";
    const own = ["http://localhost:4221/files/", network];
    const known = facts([".", "-b", hosts.join()]);
    expect(openAddresses(known)).toEqual({ own, others: [network] });
    const shown = welcomeLines(known).filter((line) => line.includes("http://"));
    expect(shown).toEqual([`  Open      ${own[0]}`, `            ${network}`]);
    expect(welcomeLines(facts([".", "-b", "localhost,::1"])).join("\n")).toContain("only this machine reaches it");
    expect(welcomeLines(facts([".", "-b", "localhost,0.0.0.0"])).join("\n")).not.toContain("only this machine");
  });

  test("have no port where the scheme says it", () => {
    expect(openAddresses(facts(["."], { urls: ["http://localhost:80"] })).own).toEqual(["http://localhost/files/"]);
    expect(openAddresses(facts([".", "--tls", "self-signed"], { urls: ["https://localhost"] })).own).toEqual([
      "https://localhost/files/",
    ]);
  });

  test("are never the address that only listens", () => {
    for (const host of ["0.0.0.0", "::"])
      expect(welcomeLines(facts([".", "-b", host])).join("\n")).not.toMatch(/http:\/\/(?:0\.0\.0\.0|\[::\])/);
  });

  test("of a network are those that others may reach", () => {
    const one = { netmask: "", mac: "", cidr: null };
    const found = networkAddresses({
      lo: [{ ...one, address: "127.0.0.1", family: "IPv4", internal: true }],
      eth0: [
        { ...one, address: "fe80::1", family: "IPv6", internal: false, scopeid: 2 },
        { ...one, address: "2001:db8::1", family: "IPv6", internal: false, scopeid: 0 },
        { ...one, address: "169.254.3.4", family: "IPv4", internal: false },
        { ...one, address: "192.0.2.1", family: "IPv4", internal: false },
      ],
    });
    expect(found).toEqual(["192.0.2.1", "2001:db8::1"]);
  });
});

describe("visitors may", () => {
  test.each([
    [["."], "read, upload files of up to 1G, replace files; not delete (--allow-delete)"],
    [[".", "--allow-delete"], "read, upload files of up to 1G, replace files and delete them"],
    [[".", "--read-only"], "read (--read-only)"],
    [[".", "--upload-only", "--max-body-size", "8M"], "send files of up to 8M, and see nothing"],
    [
      [".", "--on-duplicate", "error"],
      "read, upload files of up to 1G and not replace them; not delete (--allow-delete)",
    ],
    [
      [".", "--on-duplicate", "rename"],
      "read, upload files of up to 1G beside those of the same name; not delete (--allow-delete)",
    ],
  ])("%p", (argv, text) => {
    expect(welcomeLines(facts(argv))).toContain(`  Visitors  ${text}`);
  });

  test("do what their rights say, where rights were set", () => {
    const lines = welcomeLines(facts([".", "--read-only"], { logins: 2 }));
    expect(lines).toContain(
      "  Visitors  read (--read-only); who may do so, --auth, --token and --anonymous say (2 known)",
    );
  });
});

test("every line is indented, and a path cannot steer the terminal", () => {
  const lines = welcomeLines(facts(["."], { folder: "/tmp/\x1b[31mred\u202e\n" }));
  expect(lines.every((line) => /^ {2}\S| {12}\S/.test(line))).toBe(true);
  expect(lines[0]).toBe("  Folder    /tmp/?[31mred??");
});
