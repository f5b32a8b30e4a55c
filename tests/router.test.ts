import { describe, expect, test } from "bun:test";
import { type Gate, type Handler, HttpResponse } from "../src/http/message.ts";
import type { Routes } from "../src/http/routes.ts";
import { createRouter } from "../src/router.ts";
import { requestOf } from "./support/request.ts";

/** Answers with a name and the parameters that came. */
const named =
  (name: string): Handler =>
  (_request, ...parameters) =>
    new HttpResponse(200, [name, ...parameters].join("|"));

const ROUTES: Routes = {
  "/": { access: "public", GET: named("home") },
  "/echo/{text}": { access: "public", rest: "decoded", GET: named("echo") },
  "/echo": { access: "public", POST: named("body") },
  "/raw/{path}": { access: "public", rest: "raw", GET: named("raw"), PUT: named("put") },
  "/raw/deep/{path}": { access: "public", rest: "raw", GET: named("deep") },
  "/raw/deep/fixed": { access: "public", GET: named("fixed") },
  "/redirect/{n}": { access: "public", GET: named("redirect") },
  "/redirect-to": { access: "public", GET: named("redirect-to") },
  "/basic-auth/{user}/{password}": { access: "public", GET: named("basic") },
  "/links/{n}": { access: "public", GET: named("links") },
  "/links/{n}/{offset}": { access: "public", GET: named("link") },
  "/links/{n}/last": { access: "public", GET: named("last") },
  "/links/new": { access: "public", GET: named("new") },
  "/anything": { access: "public", "*": named("anything"), POST: named("posted") },
  "/anything/{path}": { access: "public", rest: "decoded", "*": named("anything") },
  "/search": { access: "public", QUERY: named("found") },
  "/own-options": { access: "public", GET: named("got"), OPTIONS: named("options"), HEAD: named("head") },
};

async function answer(routes: Routes, method: string, target: string, gates: readonly Gate[] = []): Promise<string> {
  const response = await createRouter(routes, gates)(requestOf(method, target));
  const allow = /^Allow: (.*)\r$/m.exec(response.fieldLines)?.[1];
  return response.status === 200 ? String(response.body) : `${response.status} ${allow ?? ""}`.trim();
}

describe("a path finds its row", () => {
  const PATHS: [why: string, target: string, found: string][] = [
    ["the root", "/", "home"],
    ["the rest, decoded, slashes too", "/echo/a%20b/c%2Fd", "echo|a b/c/d"],
    ["an empty rest", "/echo/", "echo|"],
    ["no rest without its slash", "/echo", "405 POST, OPTIONS"],
    ["the rest as it was sent", "/raw/a%20b/c%2Fd", "raw|a%20b/c%2Fd"],
    ["another spelling of the prefix", "/%72aw/a%20b", "raw|a%20b"],
    ["an encoded slash of the prefix, left to whom it concerns", "/raw%2Fa", "raw|%2Fa"],
    ["an encoded slash further up", "/raw%2fdeep/x%41", "deep|x%41"],
    ["the longer prefix", "/raw/deep/x", "deep|x"],
    ["the path that is spelled out", "/raw/deep/fixed", "fixed"],
    ["one more char than that", "/raw/deep/fixed1", "deep|fixed1"],
    ["one segment", "/redirect/3", "redirect|3"],
    ["not two", "/redirect/3/4", "404"],
    ["not an empty one", "/redirect/", "404"],
    ["not none", "/redirect", "404"],
    ["a path that begins alike", "/redirect-to", "redirect-to"],
    ["two segments", "/basic-auth/me/secret", "basic|me|secret"],
    ["an encoded slash inside of a segment", "/basic-auth/a%2Fb/c%20d", "basic|a/b|c d"],
    ["an encoded slash that separates nothing", "/basic-auth%2Fa/b", "404"],
    ["an encoded slash that makes one segment of two", "/basic-auth/a%2Fb", "404"],
    ["another spelling of what is fixed", "/basic%2Dauth/a/b", "basic|a|b"],
    ["one parameter", "/links/5", "links|5"],
    ["two parameters", "/links/5/0", "link|5|0"],
    ["what is fixed behind a parameter", "/links/5/last", "last|5"],
    ["what is fixed in place of one", "/links/new", "new"],
    ["the absolute form", "http://a/links/5?q", "links|5"],
    ["a query behind the rest", "/echo/a?b/c", "echo|a"],
    ["nothing", "/nowhere", "404"],
    ["bytes that no row begins with", "/%FF", "404"],
    ["a shorter beginning", "/ech", "404"],
  ];
  test.each(PATHS)("%s: %s", async (_why, target, found) => {
    expect(await answer(ROUTES, "GET", target)).toBe(found);
  });

  test("in whatever order the rows stand", async () => {
    const turned = Object.fromEntries(Object.entries(ROUTES).toReversed());
    for (const [, target, found] of PATHS) expect(await answer(turned, "GET", target)).toBe(found);
  });

  test("a parameter may stand for the first segment", async () => {
    const routes: Routes = { "/{page}": { GET: named("page") }, "/echo": { GET: named("echo") } };
    expect(await answer(routes, "GET", "/echo")).toBe("echo");
    expect(await answer(routes, "GET", "/%C3%A4")).toBe("page|\xc3\xa4");
    expect(await answer(routes, "GET", "/")).toBe("404");
  });

  const NO_PATHS: [why: string, path: string, rest: "raw" | null][] = [
    ["no slash in front", "echo/{text}", null],
    ["a parameter that is part of a segment", "/a{b}", null],
    ["an open brace", "/a/{b", null],
    ["a rest that is not the last", "/a/{b}/c", "raw"],
    ["two parameters and a rest", "/a/{b}/{c}", "raw"],
    ["a rest without a parameter", "/a", "raw"],
  ];
  test.each(NO_PATHS)("%s is our own fault", (_why, path, rest) => {
    expect(() => createRouter({ [path]: rest === null ? {} : { rest } })).toThrow();
  });
});

describe("a method finds its handler", () => {
  const METHODS: [method: string, target: string, found: string][] = [
    ["HEAD", "/echo/a", "echo|a"],
    ["HEAD", "/own-options", "head"],
    ["OPTIONS", "/own-options", "options"],
    ["OPTIONS", "/raw/a", "204 GET, HEAD, PUT, OPTIONS"],
    ["POST", "/raw/a", "405 GET, HEAD, PUT, OPTIONS"],
    ["GET", "/anything", "anything"],
    ["HEAD", "/anything", "anything"],
    ["POST", "/anything", "posted"],
    ["PATCH", "/anything/a/b", "anything|a/b"],
    ["QUERY", "/anything", "anything"],
    ["TRACE", "/anything", "405 POST, GET, HEAD, PUT, DELETE, PATCH, QUERY, OPTIONS"],
    ["OPTIONS", "/anything", "204 POST, GET, HEAD, PUT, DELETE, PATCH, QUERY, OPTIONS"],
    ["BREW", "/anything", "501"],
    ["QUERY", "/search", "found"],
    ["QUERY", "/echo/a", "405 GET, HEAD, OPTIONS"],
    ["QUERY", "/nowhere", "404"],
    ["query", "/search", "501"],
    ["CONNECT", "a:80", "501"],
    ["OPTIONS", "*", "204 GET, HEAD, POST, PUT, DELETE, PATCH, QUERY, OPTIONS"],
    ["OPTIONS", "/nowhere", "404"],
  ];
  test.each(METHODS)("%s %s", async (method, target, found) => {
    expect(await answer(ROUTES, method, target)).toBe(found);
  });

  test("a method that no row names is not known", async () => {
    expect(await answer({ "/": { GET: named("home") } }, "QUERY", "/")).toBe("501");
  });
});

describe("gates", () => {
  const routes: Routes = { "/open": { access: "public", GET: named("open") }, "/own": { GET: named("own") } };
  const gate = (name: string, verdict: ReturnType<Gate>, asked: string[]): Gate => {
    return ({ access }) => {
      asked.push(`${name} ${access}`);
      return verdict;
    };
  };
  const refused = new HttpResponse(403);

  test("stand before private paths, and a path is private if it does not say so", async () => {
    const asked: string[] = [];
    const gates = [gate("a", null, asked), gate("b", null, asked)];
    expect(await answer(routes, "GET", "/open", gates)).toBe("open");
    expect(asked).toEqual([]);
    expect(await answer(routes, "GET", "/own", gates)).toBe("own");
    expect(asked).toEqual(["a private", "b private"]);
  });

  test.each([
    ["GET", "private"],
    ["HEAD", "private"],
    ["OPTIONS", "private"],
    ["QUERY", "private"],
    ["POST", "write"],
    ["BREW", "write"],
  ])("%s asks for access of the class %s", async (method, access) => {
    const asked: string[] = [];
    await answer(routes, method, "/own", [gate("a", null, asked)]);
    expect(asked).toEqual([`a ${access}`]);
  });

  test("the first that refuses decides, whether it takes time or not", async () => {
    for (const verdict of [refused, Promise.resolve(refused)]) {
      const asked: string[] = [];
      const gates = [gate("a", Promise.resolve(null), asked), gate("b", verdict, asked), gate("c", null, asked)];
      expect(await answer(routes, "GET", "/own", gates)).toBe("403");
      expect(asked).toEqual(["a private", "b private"]);
    }
  });

  test("one that takes time keeps the handler waiting", async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    const order: string[] = [];
    const handler: Handler = () => {
      order.push("handler");
      return new HttpResponse(200, "late");
    };
    const late = answer({ "/own": { GET: handler } }, "GET", "/own", [() => promise, gate("b", null, order)]);
    await Promise.resolve();
    order.push("open");
    resolve(null);
    expect(await late).toBe("late");
    expect(order).toEqual(["open", "b private", "handler"]);
  });

  test("one that fails fails the request", async () => {
    expect(answer(routes, "GET", "/own", [() => Promise.reject(new Error("broken"))])).rejects.toThrow("broken");
  });

  test("one that does not take time makes no promise", () => {
    const dispatch = createRouter(routes, [() => null, () => null]);
    expect(dispatch(requestOf("GET", "/own"))).toBeInstanceOf(HttpResponse);
  });
});

test("many rows are looked through in a few steps", () => {
  const paths = Array.from({ length: 60 }, (_, i) => `/${String.fromCharCode(97 + (i % 20))}${i}/{a}/{b}`);
  let looked = 0;
  const counted = Object.fromEntries(paths.map((path) => [path, { GET: named(path) }]));
  const dispatch = createRouter({ ...counted, "/files/{path}": { rest: "raw", GET: named("files") } });
  const request = requestOf("GET", "/files/a");
  const { decodedPath } = request;
  Object.defineProperty(request, "decodedPath", {
    get: () => {
      looked += 1;
      return decodedPath;
    },
  });
  expect(dispatch(request)).toMatchObject({ body: "files|a" });
  expect(looked).toBeLessThan(10);
});
