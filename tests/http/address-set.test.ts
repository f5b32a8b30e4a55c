import { describe, expect, test } from "bun:test";
import { AddressSet, isNetwork } from "../../src/http/address-set.ts";

describe("a network", () => {
  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.4", false],
    ["192.168.0.0/17", "192.168.127.255", true],
    ["192.168.0.0/17", "192.168.128.0", false],
    ["192.168.77.1/16", "192.168.0.1", true],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "8.8.8.8", false],
    ["::/0", "2001:db8::1", true],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::1", "::1", true],
    ["fe80::/10", "fe80::1%eth0", true],
    ["10.0.0.0/8", "::ffff:10.1.1.1", true],
    ["::ffff:10.0.0.0/104", "10.1.1.1", true],
    ["::ffff:10.0.0.0/104", "11.1.1.1", false],
    ["10.0.0.0/8", "", false],
    ["10.0.0.0/8", "unix", false],
    ["::/0", "unix", false],
    ["unix", "unix", true],
    ["unix", "", false],
    ["unix", "127.0.0.1", false],
  ])("%s and %s: %p", (network, address, isIn) => {
    expect(isNetwork(network)).toBe(true);
    expect(new AddressSet([network]).has(address)).toBe(isIn);
  });

  test.each([
    [""],
    ["/8"],
    ["10.0.0.0/33"],
    ["10.0.0.0/-1"],
    ["10.0.0.0/"],
    ["10.0.0/8"],
    ["010.0.0.1"],
    ["::/129"],
    ["::ffff:10.0.0.0/8"],
    ["a.b"],
    ["unix/8"],
    ["unix:"],
    ["10.0.0.1/8/8"],
    ["10.0.0.0/0x8"],
  ])("%p is none", (text) => {
    expect(isNetwork(text)).toBe(false);
  });
});

test("of several networks one is enough, and none holds nothing", () => {
  const set = new AddressSet(["10.0.0.0/8", "::1"]);
  expect(["10.0.0.1", "::1", "::2"].map((address) => set.has(address))).toEqual([true, true, false]);
  expect(new AddressSet([]).has("10.0.0.1")).toBe(false);
});
