import { describe, expect, test } from "bun:test";
import { escapeBytes, escapeText, formatPeer, TimeStamp } from "../../src/observe/log-line.ts";

test("every byte outside 0x20-0x7E and the backslash is escaped, and nothing else", () => {
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte);
    const isPlain = byte >= 0x20 && byte <= 0x7e && char !== "\\";
    const hex = byte.toString(16).padStart(2, "0");
    expect(escapeBytes(`a${char}b`)).toBe(isPlain ? `a${char}b` : `a\\x${hex}b`);
  }
  expect(escapeBytes("\r\n\r\n")).toBe("\\x0d\\x0a\\x0d\\x0a");
});

test("text of our own is escaped by its UTF-8 bytes", () => {
  expect(escapeText("/tmp/é\n€")).toBe("/tmp/\\xc3\\xa9\\x0a\\xe2\\x82\\xac");
  expect(escapeText("plain text")).toBe("plain text");
});

describe("peers", () => {
  const cases: [address: string, port: number, text: string][] = [
    ["127.0.0.1", 80, "127.0.0.1:80"],
    ["::1", 80, "[::1]:80"],
    ["fe80::1%eth0", 80, "[fe80::1%eth0]:80"],
    ["", 0, "unknown"],
  ];
  test.each(cases)("%p %d: %p", (address, port, text) => {
    expect(formatPeer(address, port)).toBe(text);
  });
});

describe("time stamps", () => {
  const local = (...parts: [number, number, number, number, number, number, number]): number =>
    new Date(...parts).getTime();

  test("are local time with milliseconds", () => {
    expect(new TimeStamp().at(local(2026, 10, 22, 18, 9, 10, 420))).toBe("2026-11-22 18:09:10,420");
    expect(new TimeStamp().at(local(2027, 0, 1, 0, 0, 0, 7))).toBe("2027-01-01 00:00:00,007");
  });

  test("follow the clock within a second, across seconds and backwards", () => {
    const stamp = new TimeStamp();
    const noon = local(2026, 5, 1, 12, 0, 0, 0);
    const seen = [0, 0, 1, 999, 1000, 61_000, 500, -1].map((ms) => stamp.at(noon + ms).slice(11));
    expect(seen).toEqual([
      "12:00:00,000",
      "12:00:00,000",
      "12:00:00,001",
      "12:00:00,999",
      "12:00:01,000",
      "12:01:01,000",
      "12:00:00,500",
      "11:59:59,999",
    ]);
  });

  test.each([
    ["Asia/Kolkata", "2026-11-22 23:39:10,420"],
    ["America/New_York", "2026-11-22 13:09:10,420"],
    ["UTC", "2026-11-22 18:09:10,420"],
  ])("honour TZ=%s", (zone, expected) => {
    const module = JSON.stringify(`${import.meta.dir}/../../src/observe/log-line.ts`);
    const script = `import { TimeStamp } from ${module}; console.log(new TimeStamp().at(Date.UTC(2026, 10, 22, 18, 9, 10, 420)));`;
    const run = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: zone } });
    expect(run.stdout.toString().trim()).toBe(expected);
  });
});
