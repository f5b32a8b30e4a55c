import { describe, expect, test } from "bun:test";
import { addressesOf } from "../../src/net/host-addresses.ts";

describe("addressesOf", () => {
  test.each([
    ["127.0.0.1", ["127.0.0.1"]],
    ["::1", ["::1"]],
    ["fe80::1%lo", ["fe80::1%lo"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["127.1", ["127.0.0.1"]],
  ])("%s is %j", async (host, addresses) => {
    expect(await addressesOf(host)).toEqual(addresses);
  });

  test("a name that nobody knows is a fault", () => {
    expect(addressesOf("no-such-host.invalid")).rejects.toThrow();
  });
});
