import { describe, expect, test } from "bun:test";
import { FAILURE_TABLE_BYTES, FailureTable } from "../../src/admission/failures.ts";
import { VerifiedCredentials } from "../../src/admission/verified.ts";

const START = 1_700_000_000_000;

function fail(table: FailureTable, address: string, times: number, now = START): boolean[] {
  return Array.from({ length: times }, () => table.add(address, now));
}

describe("the table of failures", () => {
  test("forgives nine, and makes the tenth wait for the rest of the minute", () => {
    const table = new FailureTable();
    fail(table, "192.0.2.1", 9);
    expect(table.waitOf("192.0.2.1", START)).toBe(0);
    expect(table.add("192.0.2.1", START + 20_000)).toBe(true);
    expect(table.waitOf("192.0.2.1", START + 20_000)).toBe(40);
    expect(table.waitOf("192.0.2.1", START + 59_000)).toBe(1);
    expect(table.waitOf("192.0.2.1", START + 60_000)).toBe(0);
  });

  test("begins again after the minute", () => {
    const table = new FailureTable();
    fail(table, "192.0.2.1", 30);
    fail(table, "192.0.2.1", 9, START + 60_000);
    expect(table.waitOf("192.0.2.1", START + 61_000)).toBe(0);
  });

  test("says once that the last one was forgiven", () => {
    expect(fail(new FailureTable(), "192.0.2.1", 300).filter(Boolean)).toHaveLength(1);
  });

  test.each([
    ["one IPv4 address is not another", "192.0.2.1", "192.0.2.2", false],
    ["an IPv4 address is the same when it is mapped", "192.0.2.1", "::ffff:192.0.2.1", true],
    ["an IPv6 network of 64 bits is one", "2001:db8::1", "2001:db8::ffff:1:2:3", true],
    ["the next network is another", "2001:db8::1", "2001:db8:0:1::1", false],
    ["addresses of one link are not one network", "fe80::1", "fe80::2", false],
    ["the last of them are not, either", "febf:ffff::1", "febf:ffff::2", false],
    ["an address of a link is the same on each side of it", "fe80::1%eth0", "fe80::1%eth1", true],
    ["behind them, a network is one again", "fec0::1", "fec0::2", true],
    ["clients of a unix socket are one", "", "", true],
  ])("%s", (_, failing, asking, isSame) => {
    const table = new FailureTable();
    fail(table, failing, 10);
    expect(table.waitOf(asking, START) > 0).toBe(isSame);
  });

  test("takes one back", () => {
    const table = new FailureTable();
    fail(table, "192.0.2.1", 10);
    table.forgive("192.0.2.1", START);
    expect(table.waitOf("192.0.2.1", START)).toBe(0);
    table.forgive("192.0.2.9", START);
    expect(table.waitOf("192.0.2.9", START)).toBe(0);
  });

  test("is one for all who share its memory and key", () => {
    const memory = new Uint8Array(new SharedArrayBuffer(FAILURE_TABLE_BYTES));
    const key = new Uint8Array(32);
    const [one, other] = [new FailureTable(memory, key), new FailureTable(memory, key)];
    fail(one, "192.0.2.1", 5);
    fail(other, "192.0.2.1", 5);
    expect([one, other].map((table) => table.waitOf("192.0.2.1", START))).toEqual([60, 60]);
  });

  test("keeps who is at it while a hundred thousand others fail once", () => {
    const table = new FailureTable();
    fail(table, "192.0.2.1", 10);
    for (let i = 0; i < 100_000; i++)
      table.add(`2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`, START);
    expect(table.waitOf("192.0.2.1", START)).toBe(60);
  });
});

describe("the memory of what was right", () => {
  test("holds for five minutes", () => {
    const memory = new VerifiedCredentials();
    const digest = memory.digest("bob", "pw");
    memory.add(digest, START);
    expect(memory.has(digest, START + 299_999)).toBe(true);
    expect(memory.has(digest, START + 300_000)).toBe(false);
    expect(memory.has(digest, START)).toBe(false);
  });

  test("tells apart where a name ends and a password begins", () => {
    const memory = new VerifiedCredentials();
    expect(memory.digest("a", "bc")).not.toBe(memory.digest("ab", "c"));
    expect(memory.digest("1:a", "b")).not.toBe(memory.digest("1", ":ab"));
  });

  test("keeps a thousand, the last ones", () => {
    const memory = new VerifiedCredentials();
    for (let i = 0; i <= 1000; i++) memory.add(memory.digest("u", String(i)), START);
    expect(memory.has(memory.digest("u", "0"), START)).toBe(false);
    expect(memory.has(memory.digest("u", "1"), START)).toBe(true);
    expect(memory.has(memory.digest("u", "1000"), START)).toBe(true);
  });

  test("has another key each time", () => {
    expect(new VerifiedCredentials().digest("a", "b")).not.toBe(new VerifiedCredentials().digest("a", "b"));
  });
});
