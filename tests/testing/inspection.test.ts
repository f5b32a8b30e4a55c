import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { application } from "../support/app.ts";
import { ask, utf8 } from "../support/endpoint-client.ts";
import { RawClient } from "../support/raw-client.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

let started: StartedServer;
beforeAll(() => {
  started = startServer(application(null, "--testing"));
});
afterAll(() => started.stop());

const HOST = { Host: "example.test" };
const NO_BODY = { data: "", files: {}, form: {}, json: null };

async function askJson(method: string, target: string, fields = "", body?: string): Promise<unknown> {
  const response = await ask(started.port, method, target, { fields, ...(body === undefined ? {} : { body }) });
  expect(response.fields.get("content-type")).toBe("application/json");
  return JSON.parse(response.body);
}

/** What httpbin 0.10.2 answers, taken from it. */
const queries: [why: string, query: string, args: unknown][] = [
  ["one argument", "?a=1", { a: "1" }],
  ["a repeated argument as an array", "?a=1&a=2&a=1", { a: ["1", "2", "1"] }],
  ["arguments without a value", "?a=&b&=c", { "": "c", a: "", b: "" }],
  ["text in UTF-8, plus signs and escapes", "?%C3%A4=%F0%9F%90%B7&x+y=z%20", { ä: "🐷", "x y": "z " }],
  ["a second question mark", "??a=b", { "?a": "b" }],
  ["brackets that browsers send raw", "?a[]=1", { "a[]": "1" }],
  [
    "names that JavaScript has for itself",
    "?__proto__=1&constructor=2",
    JSON.parse('{"__proto__":"1","constructor":"2"}'),
  ],
  ["nothing", "", {}],
];

describe("/get", () => {
  test.each(queries)("shows %s", async (_why, query, args) => {
    expect(await askJson("GET", `/get${query}`)).toEqual({
      args,
      headers: HOST,
      origin: "127.0.0.1",
      url: `http://example.test/get${query}`,
    });
  });

  const headers: [why: string, fields: string, shown: object][] = [
    ["in title case, whatever was sent", "x-thing: a\r\nDNT: 1\r\n", { "X-Thing": "a", Dnt: "1" }],
    ["joined where a field is repeated", "X-A: 1\r\nx-a: 2\r\n", { "X-A": "1,2" }],
    ["one char per byte", "X-A: \xe4\r\n", { "X-A": "ä" }],
    ["that are empty", "X-A:\r\n", { "X-A": "" }],
  ];
  test.each(headers)("shows header fields %s", async (_why, fields, shown) => {
    expect(await askJson("GET", "/get", fields)).toMatchObject({ headers: { ...HOST, ...shown } });
  });

  test("believes a proxy about the origin and the scheme", async () => {
    const fields = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n";
    expect(await askJson("GET", "/get", fields)).toMatchObject({
      origin: "192.0.2.1",
      url: "https://example.test/get",
    });
  });

  test("takes the authority of an absolute target", async () => {
    expect(await askJson("GET", "http://other.test/get?a=b")).toMatchObject({ url: "http://other.test/get?a=b" });
  });
});

const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";
const MULTIPART = "Content-Type: multipart/form-data; boundary=b\r\n";

function part(disposition: string, content: string, type = ""): string {
  return `--b\r\nContent-Disposition: form-data; ${disposition}\r\n${type}\r\n${content}\r\n`;
}

const bodies: [why: string, fields: string, body: string, shown: object][] = [
  ["none", "", "", {}],
  ["text", "", "hello", { data: "hello" }],
  ["text in UTF-8", "", utf8("grüße 🐷"), { data: "grüße 🐷" }],
  ["a byte order mark", "", utf8("\ufeffa"), { data: "\ufeffa" }],
  ["bytes that are no text, as a data URL", "", "\xff\0\x01", { data: "data:application/octet-stream;base64,/wAB" }],
  [
    "JSON",
    "Content-Type: application/json\r\n",
    '{"a":[1,{"b":null}]}',
    { data: '{"a":[1,{"b":null}]}', json: { a: [1, { b: null }] } },
  ],
  ["JSON of any other type", "Content-Type: text/plain\r\n", " [1] ", { data: " [1] ", json: [1] }],
  ["JSON that is one value", "", "true", { data: "true", json: true }],
  ["JSON deeper than any stack", "", "[".repeat(200_000) + "]".repeat(200_000), { json: null }],
  ["a form", FORM, "a=1&a=2&b=%C3%A4+x&c", { form: { a: ["1", "2"], b: "ä x", c: "" } }],
  ["a form with a charset", FORM.replace("\r", ";charset=utf-8\r"), "a=1", { form: { a: "1" } }],
  [
    "parts",
    MULTIPART,
    part('name="x"', "1") + part('name="x"', "2") + part('name="y"', utf8("ä")) + "--b--",
    { form: { x: ["1", "2"], y: "ä" } },
  ],
  ["a file of text", MULTIPART, part('name="f"; filename="a.txt"', "hi") + "--b--", { files: { f: "hi" } }],
  [
    "a file of bytes, with its type",
    MULTIPART,
    part('name="f"; filename="a"', "\xff\0", "Content-Type: x/y\r\n") + "--b--",
    { files: { f: "data:x/y;base64,/wA=" } },
  ],
  [
    "two files of one name",
    MULTIPART,
    part('name="f"; filename="a"', "1") + part('name="f"; filename="b"', "2") + "--b--",
    { files: { f: ["1", "2"] } },
  ],
  [
    "a file input without a file",
    MULTIPART,
    part('name="f"; filename=""', "") + part('name="x"', "1") + "--b--",
    { form: { x: "1" } },
  ],
];

describe("/post", () => {
  test.each(bodies)("shows a body that is %s", async (_why, fields, body, shown) => {
    const answer = await askJson("POST", "/post", fields, body);
    const expected = { ...NO_BODY, ...shown };
    expect(answer).toMatchObject("data" in shown || body.length < 1000 ? expected : shown);
  });

  test("shows a body that comes in chunks", async () => {
    const fields = "Transfer-Encoding: chunked\r\n";
    const response = await ask(started.port, "POST", "/post", { fields: `${fields}\r\n2\r\nab\r\n1\r\nc\r\n0\r\n` });
    expect(JSON.parse(response.body)).toMatchObject({ data: "abc" });
  });

  test("shows 16 MiB, and refuses a byte more", async () => {
    const most = "\x01".repeat(16 * 1024 * 1024);
    expect(await askJson("POST", "/post", "", most)).toMatchObject({ data: most });
    const response = await ask(started.port, "POST", "/post", { body: `${most}x` });
    expect(response.status).toBe(413);
  });

  const refused: [why: string, fields: string, body: string, status: number][] = [
    ["a form without its boundary", "Content-Type: multipart/form-data\r\n", "", 200],
    ["a form without its boundary and with a body", "Content-Type: multipart/form-data\r\n", "x", 400],
    ["a form that is cut off", MULTIPART, part('name="x"', "1"), 400],
    ["a form of too many bytes", FORM, `a=${"x".repeat(512 * 1024)}`, 413],
    ["a form of too many fields", FORM, "&".repeat(10_001), 413],
    ["a form of as many fields as may be", FORM, "&".repeat(9_999), 200],
  ];
  test.each(refused)("%s", async (_why, fields, body, status) => {
    const response = await ask(started.port, "POST", "/post", { fields, body });
    expect(response.status).toBe(status);
    if (status >= 400) expect(response.body).toMatch(/^[\x20-\x7e]+\n$/);
  });
});

const methods: [method: string, target: string, status: number][] = [
  ["PUT", "/put", 200],
  ["PATCH", "/patch", 200],
  ["DELETE", "/delete", 200],
  ["POST", "/anything", 200],
  ["PATCH", "/anything/a", 200],
  ["TRACE", "/anything", 200],
  ["QUERY", "/anything", 200],
  ["GET", "/post", 405],
  ["POST", "/get", 405],
  ["QUERY", "/get", 405],
  ["BREW", "/anything", 501],
];

describe("methods", () => {
  test.each(methods)("%s %s is %d", async (method, target, status) => {
    const response = await ask(started.port, method, target, { body: "x" });
    expect(response.status).toBe(status);
    if (status === 200) expect(JSON.parse(response.body)).toMatchObject({ data: "x" });
  });

  test("/anything names the method and takes any path", async () => {
    expect(await askJson("PUT", "/anything/a/b%20c?x=1")).toEqual({
      ...NO_BODY,
      args: { x: "1" },
      headers: HOST,
      method: "PUT",
      origin: "127.0.0.1",
      url: "http://example.test/anything/a/b%20c?x=1",
    });
  });

  test("/anything says that QUERY may have any content", async () => {
    const response = await ask(started.port, "QUERY", "/anything", { fields: FORM, body: "a=b" });
    expect(response.fields.get("accept-query")).toBe("*/*");
    expect(JSON.parse(response.body)).toMatchObject({ form: { a: "b" }, method: "QUERY" });
  });
});

const accepts: [target: string, accept: string, body: unknown][] = [
  ["/ip", "", { origin: "127.0.0.1" }],
  ["/ip", "Accept: */*\r\n", { origin: "127.0.0.1" }],
  ["/ip", "Accept: text/plain\r\n", "127.0.0.1"],
  ["/user-agent", "User-Agent: x/1\r\n", { "user-agent": "x/1" }],
  ["/user-agent", "User-Agent: x/1\r\nAccept: text/plain, */*;q=0.1\r\n", "x/1"],
  ["/user-agent", "", { "user-agent": null }],
];

describe("one value", () => {
  test.each(accepts)("%s for %s", async (target, fields, body) => {
    const response = await ask(started.port, "GET", target, { fields });
    expect(response.fields.get("vary")).toBe("Accept");
    expect(typeof body === "string" ? response.body : JSON.parse(response.body)).toEqual(body);
  });
});

describe("/dump/request", () => {
  test("shows fields in their order, case and repetition", async () => {
    const response = await ask(started.port, "PUT", "/dump/request?a", {
      fields: "x-b: 1\r\nX-A:  2 \r\nx-b: 3\r\n",
      body: "\xff",
    });
    expect(response.body).toBe(
      "PUT /dump/request?a HTTP/1.1\r\nHost: example.test\r\nx-b: 1\r\nX-A: 2\r\nx-b: 3\r\nContent-Length: 1\r\n\r\n\xff",
    );
  });
});

describe("/upload", () => {
  test("tells length and digest", async () => {
    expect(await askJson("PUT", "/upload", "Content-Type: a/b\r\n", "abc")).toEqual({
      bytes: 3,
      "content-type": "a/b",
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  });

  test("without a body is nothing", async () => {
    expect(await askJson("POST", "/upload")).toMatchObject({ bytes: 0, "content-type": null });
  });

  test("of a client that leaves ends without a fault", async () => {
    const client = await RawClient.connect(started.port);
    await client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    client.close();
    await ask(started.port, "GET", "/get");
    expect(started.observer.faults).toEqual([]);
  });
});

describe("without --testing", () => {
  test.each(["/get", "/anything", "/status/200", "/cookies", "/delay/1", "/image"])("%s is 404", async (target) => {
    const plain = startServer(application(null));
    expect((await ask(plain.port, "GET", target)).status).toBe(404);
    await plain.stop();
  });
});
