import { describe, expect, test } from "bun:test";
import { createCors } from "../../src/admission/cors.ts";
import { HttpResponse } from "../../src/http/message.ts";
import { parseConfig } from "../../src/config.ts";
import { permissionOf, requestOf } from "../support/request.ts";

const ROUTE = { path: "/files/{path}", access: "private", methods: ["GET", "HEAD", "POST", "PUT", "DELETE"] } as const;
const READER = "https://reader.example";
const WRITER = "https://writer.example";

function lineOf(response: HttpResponse | null, name: string): string | null {
  const lines = (response?.fieldLines ?? "").split("\r\n");
  return lines.find((line) => line.startsWith(name + ": "))?.slice(name.length + 2) ?? null;
}

/** What an answer to a page of this origin says. */
function answer(readers: readonly string[], origin: string | null, user = ""): HttpResponse {
  const request = requestOf("GET", "/files/a", origin === null ? {} : { origin });
  request.route = ROUTE;
  request.permission = permissionOf(user);
  const response = new HttpResponse(200);
  createCors({ writers: [WRITER], readers }).finish(request, response);
  return response;
}

function preflight(readers: readonly string[], origin: string): HttpResponse | null {
  const request = requestOf("OPTIONS", "/files/a", { origin, "access-control-request-method": "PUT" });
  request.route = ROUTE;
  return createCors({ writers: [WRITER], readers }).gate(request) as HttpResponse | null;
}

describe("a page of another origin", () => {
  test.each([
    ["named for reading", [READER], READER, READER, null],
    ["named for writing", [], WRITER, WRITER, null],
    ["not named", [READER], "https://other.example", null, "same-origin"],
    ["not named where everyone may read", ["*"], "https://other.example", "*", null],
    ["named for writing where everyone may read", ["*"], WRITER, WRITER, null],
    ["without a name where everyone may read", ["*"], null, null, "cross-origin"],
    ["without a name", [READER], null, null, "same-origin"],
  ] as const)("%s", (_, readers, origin, allowed, policy) => {
    const response = answer(readers, origin);
    expect(lineOf(response, "Access-Control-Allow-Origin")).toBe(allowed);
    expect(lineOf(response, "Cross-Origin-Resource-Policy")).toBe(policy);
    expect(lineOf(response, "Access-Control-Allow-Credentials")).toBeNull();
    expect(lineOf(response, "Vary")).toBe("Origin");
  });

  test("shows no picture that somebody had to log in for", () => {
    expect(lineOf(answer(["*"], null, "bob"), "Cross-Origin-Resource-Policy")).toBe("same-origin");
  });

  test.each([
    ["one that may read", [READER], READER, "GET, HEAD", true],
    ["one that may write", [READER], WRITER, "GET, HEAD, POST, PUT, DELETE", true],
    ["one of all", ["*"], "https://other.example", "GET, HEAD", false],
  ] as const)("hears by a preflight what it may: %s", (_, readers, origin, methods, mayLogIn) => {
    const reply = preflight(readers, origin);
    expect(lineOf(reply, "Access-Control-Allow-Methods")).toBe(methods);
    expect(lineOf(reply, "Access-Control-Allow-Headers")!.includes("Authorization")).toBe(mayLogIn);
  });

  test("that is nobody hears nothing", () => {
    expect(preflight([READER], "https://other.example")).toBeNull();
  });
});

test("--cors takes origins, and * for all", () => {
  const read = (text: string): unknown => {
    const intent = parseConfig(["--cors", text], {});
    return intent.kind === "serve" ? intent.config.admission.readOrigins : intent.kind;
  };
  expect(read("*")).toEqual(["*"]);
  expect(read("https://A.example:443/,http://b.example")).toEqual(["https://a.example", "http://b.example"]);
  expect(read("*.example")).toBe("usage-error");
});
