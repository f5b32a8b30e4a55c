import { describe, expect, test } from "bun:test";
import { KeyCounts } from "../../src/testing/key-counts.ts";
import { FaultBook, parseFaultRules } from "../../src/testing/fault-book.ts";
import { BadFault, type FaultRule, isAbout, parseFaultRule, parseTimedFault } from "../../src/testing/fault-rule.ts";
import { requestOf } from "../support/request.ts";

const faults: [text: string, fault: object][] = [
  ["delay@2s", { kind: "delay", ms: 2000 }],
  ["delay@.5", { kind: "delay", ms: 500 }],
  ["delay@99999", { kind: "delay", ms: 600_000 }],
  ["pause@10ms", { kind: "pause", ms: 10 }],
  ["rate@10K", { kind: "rate", bytesPerSecond: 10_240 }],
  ["hang", { kind: "hang", at: null }],
  ["hang@0", { kind: "hang", at: { bytes: 0 } }],
  ["reset", { kind: "reset", at: null }],
  ["reset@1000", { kind: "reset", at: { bytes: 1000 } }],
  ["reset@2M", { kind: "reset", at: { bytes: 2_097_152 } }],
  ["close@12.5%", { kind: "close", at: { share: 0.125 } }],
  ["truncate", { kind: "close", at: { share: 0.5 } }],
  ["truncate@100%", { kind: "close", at: { share: 1 } }],
  ["length@+10", { kind: "length", by: 10 }],
  ["length@-3", { kind: "length", by: -3 }],
  ["503", { kind: "unavailable", retryAfter: 1 }],
  ["503@30", { kind: "unavailable", retryAfter: 30 }],
  [`503@${"9".repeat(40)}`, { kind: "unavailable", retryAfter: Number.MAX_SAFE_INTEGER }],
  ["bad-chunk", { kind: "bad-chunk" }],
  ["early", { kind: "early" }],
];
const ALWAYS = { probability: 1, seed: null, first: Infinity, after: 0, key: null };

describe("parseTimedFault", () => {
  test.each(faults)("%s", (text, fault) => {
    expect(parseTimedFault(text)).toEqual({ ...ALWAYS, text, fault } as never);
  });

  const timings: [options: string, timing: object][] = [
    ["p=0.1 seed=7", { probability: 0.1, seed: 7n }],
    ["p=.25", { probability: 0.25 }],
    ["first=2", { first: 2 }],
    ["after=3 first=1", { after: 3, first: 1 }],
    ["first=2  key=X-Test-Id", { first: 2, key: "x-test-id" }],
  ];
  test.each(timings)("%s", (options, timing) => {
    expect(parseTimedFault(`reset ${options}`)).toMatchObject({ ...ALWAYS, ...timing });
  });

  test.each([
    "",
    "nonsense",
    "delay",
    "delay@x",
    "rate@0",
    "rate",
    "reset@101%",
    "reset@-1",
    "length",
    "length@5",
    "503@x",
    "bad-chunk@5",
    "reset p=2",
    "reset p=x",
    "reset seed=x",
    "reset first",
    "reset first=-1",
    "reset what=1",
    "reset key=",
    `reset ${" ".repeat(2000)}`,
  ])("refuses %j", (text) => {
    expect(parseTimedFault(text)).toBeInstanceOf(BadFault);
  });
});

describe("parseFaultRule", () => {
  const rules: [text: string, rule: object][] = [
    ["GET /files/* reset@50% p=0.1 seed=7", { method: "GET", path: "/files/*", probability: 0.1, seed: 7n }],
    ["/a 503", { method: null, path: "/a" }],
    [" *  503 ", { method: null, path: "*", text: "*  503" }],
  ];
  test.each(rules)("%s", (text, rule) => {
    expect(parseFaultRule(text)).toMatchObject(rule);
  });

  test.each(["", "GET", "GET /a", "get /a 503", "a 503", "503"])("refuses %j", (text) => {
    expect(parseFaultRule(text)).toBeInstanceOf(BadFault);
  });

  test("a rule is about its method and its paths", () => {
    const rule = parseFaultRule("GET /a/* 503") as FaultRule;
    expect(isAbout(rule, "GET", "/a/b")).toBe(true);
    expect(isAbout(rule, "POST", "/a/b")).toBe(false);
    expect(isAbout(rule, "GET", "/b")).toBe(false);
  });

  test("rules stand on lines, and comments say nothing", () => {
    expect(parseFaultRules("# all\n\n/a 503\r\n/b reset\n")).toHaveLength(2);
    expect(parseFaultRules("/a 503\nwhat")).toBeInstanceOf(BadFault);
    expect(parseFaultRules("/a 503\n".repeat(101))).toBeInstanceOf(BadFault);
  });
});

/** Whether each of the requests meets a fault. */
function meets(book: FaultBook, requests: readonly ReturnType<typeof requestOf>[]): string {
  return requests.map((request) => (book.choose(request) === null ? "." : "x")).join("");
}

function bookOf(...rules: string[]): FaultBook {
  return new FaultBook(parseFaultRules(rules.join("\n")) as FaultRule[]);
}

const same = (count: number, target = "/a", fields = {}): ReturnType<typeof requestOf>[] =>
  Array.from({ length: count }, () => requestOf("GET", target, fields));

describe("FaultBook", () => {
  test("fails twice, then works, for each path", () => {
    const book = bookOf("* reset first=2");
    expect(meets(book, same(4))).toBe("xx..");
    expect(meets(book, same(4, "/b"))).toBe("xx..");
    expect(meets(book, same(2))).toBe("..");
  });

  test("fails twice, then works, for each key in a field", () => {
    const book = bookOf("* reset first=2 key=X-Test");
    expect(meets(book, [...same(1, "/a", { "x-test": "1" }), ...same(2, "/b", { "x-test": "1" })])).toBe("xx.");
    expect(meets(book, same(3, "/a", { "x-test": "2" }))).toBe("xx.");
  });

  test("works three times, then fails once", () => {
    expect(meets(bookOf("/a reset after=3 first=1"), same(6))).toBe("...x..");
  });

  test("gives the same for a seed, and about as many as the probability says", () => {
    const [one, other] = [bookOf("/a reset p=0.3 seed=7"), bookOf("/a reset p=0.3 seed=7")];
    const first = meets(one, same(1000));
    expect(meets(other, same(1000))).toBe(first);
    expect(first.split("x").length).toBeWithin(250, 350);
  });

  test("takes the first rule whose turn it is", () => {
    const book = bookOf("/a 503 first=1", "/a reset");
    expect(same(2).map((request) => (book.choose(request) as FaultRule).fault.kind)).toEqual(["unavailable", "reset"]);
  });

  test("a request may ask for its own fault, by query or field", () => {
    const book = bookOf();
    expect(book.choose(requestOf("GET", "/a?fault=reset%401000"))).toMatchObject({ fault: { at: { bytes: 1000 } } });
    expect(book.choose(requestOf("GET", "/a", { "x-fault": "503" }))).toMatchObject({ fault: { kind: "unavailable" } });
    expect(meets(book, same(3, "/a?fault=503+first%3D2"))).toBe("xx.");
    expect(book.choose(requestOf("GET", "/a?fault=what"))).toBeInstanceOf(BadFault);
    expect(book.choose(requestOf("GET", "/a?fault="))).toBeNull();
  });

  test("with other rules tells the others of those that are for all", () => {
    const told: unknown[] = [];
    const book = new FaultBook([], { publish: (rules) => void told.push(rules), next: async () => 1 });
    const rules = parseFaultRules("* reset first=1") as FaultRule[];
    book.publish(rules);
    expect(book.rules).toEqual(rules);
    expect(told).toEqual([rules]);
  });

  test("counts anew with other rules", () => {
    const rules = parseFaultRules("* reset first=1") as FaultRule[];
    const book = new FaultBook(rules);
    for (let round = 0; round < 2; round++) {
      expect(meets(book, same(2))).toBe("x.");
      book.replace(rules);
    }
  });

  test("counts with others where it has others", async () => {
    const counts = new KeyCounts();
    const sharing = { publish: () => {}, next: async (key: string) => counts.next(key) };
    const rules = parseFaultRules("/b 503\n* reset first=2\n* hang after=3") as FaultRule[];
    const [one, other] = [new FaultBook(rules, sharing), new FaultBook(rules, sharing)];
    const met: (string | null)[] = [];
    for (const book of [one, other, one, other, one, other]) {
      const fault = (await book.choose(requestOf("GET", "/a"))) as FaultRule | null;
      met.push(fault?.fault.kind ?? null);
    }
    expect(met).toEqual(["reset", "reset", null, null, null, "hang"]);
  });

  test("remembers a bounded number of keys", () => {
    const book = bookOf("* reset first=1");
    for (let i = 0; i < 30_000; i++) book.choose(requestOf("GET", `/${i}`));
    expect(meets(book, same(1, "/29999"))).toBe(".");
    expect(meets(book, same(1, "/1"))).toBe("x");
  });

  test("remembers them in bounded memory, however long they are", () => {
    const book = bookOf();
    const choose = (i: number): unknown =>
      book.choose(
        requestOf("GET", "/a", { "x-fault": "503 first=1 key=x-test", "x-test": `${i}${"x".repeat(30_000)}` }),
      );
    Bun.gc(true);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 3000; i++) choose(i);
    Bun.gc(true);
    // The keys themselves would be 90 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10 * 1024 * 1024);
    expect(choose(2999)).toBeNull();
    expect(choose(3000)).not.toBeNull();
  });
});
