import { describe, expect, test } from "bun:test";
import { HttpResponse } from "../../src/http/message.ts";
import { requestOf } from "../support/request.ts";

describe("the field lines of a response", () => {
  const base = (): HttpResponse =>
    new HttpResponse(200).append("Vary", "Accept").append("X-Vary", "1").append("VARY", "Origin");

  test("append adds one behind those of its name", () => {
    expect(base().append("Vary", 1).fieldLines).toBe("Vary: Accept\r\nX-Vary: 1\r\nVARY: Origin\r\nVary: 1\r\n");
  });

  test("set leaves one of its name, in any case", () => {
    expect(base().set("vary", "*").fieldLines).toBe("X-Vary: 1\r\nvary: *\r\n");
  });

  test("set adds what is not there", () => {
    expect(new HttpResponse(200).set("Var", "1").fieldLines).toBe("Var: 1\r\n");
    expect(base().set("Var", "1").fieldLines).toBe(base().fieldLines + "Var: 1\r\n");
  });

  test("remove takes all of a name away, and nothing else", () => {
    expect(base().remove("Vary").fieldLines).toBe("X-Vary: 1\r\n");
    expect(base().remove("ary").fieldLines).toBe(base().fieldLines);
    expect(base().appendLines("A: 1\r\nB: 2\r\n").remove("a").remove("Vary").fieldLines).toBe("X-Vary: 1\r\nB: 2\r\n");
  });
});

describe("a request", () => {
  test.each([
    ["/a%20b?c", "/a b", "/a%20b", "c"],
    ["http://h:1?c", "/", "/", "c"],
    ["*", "*", "*", ""],
  ])("for %s", (target, decodedPath, rawPath, query) => {
    expect(requestOf("GET", target)).toMatchObject({ target, decodedPath, rawPath, query });
  });

  test.each([
    ["100, which is sent when the body is read", new HttpResponse(100)],
    ["101, which ends the exchange", new HttpResponse(101)],
    ["a final status", new HttpResponse(200)],
    ["one with content", new HttpResponse(103, "x")],
  ])("sends no interim response with %s", (_why, response) => {
    expect(() => requestOf("GET", "/").sendInterim(response)).toThrow("no interim response");
  });
});
