import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { createTestingRoutes } from "../../src/testing/routes.ts";
import { mayLeadTo } from "../../src/testing/redirects.ts";
import { chooseStatus, parseStatusChoices } from "../../src/testing/status-choice.ts";
import { application } from "../support/app.ts";
import { ask } from "../support/endpoint-client.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

let started: StartedServer;
beforeAll(() => {
  started = startServer(application(null, "--testing", "--allowed-host", "named.test"));
});
afterAll(() => started.stop());

const statuses: [codes: string, status: number, fields: Record<string, string>, body: string | RegExp][] = [
  ["200", 200, {}, ""],
  ["204", 204, {}, ""],
  ["301", 301, { location: "/redirect/1" }, ""],
  ["304", 304, {}, ""],
  ["308", 308, { location: "/redirect/1" }, ""],
  ["401", 401, { "www-authenticate": 'Basic realm="Fake Realm"' }, ""],
  ["402", 402, {}, /Pay/],
  ["406", 406, { "content-type": "application/json" }, /"image\/webp"/],
  ["407", 407, { "proxy-authenticate": 'Basic realm="Fake Realm"' }, ""],
  ["418", 418, { "x-more-info": "https://www.rfc-editor.org/rfc/rfc2324" }, /teapot/],
  ["599", 599, {}, ""],
  ["200:0,500", 500, {}, ""],
  ["500:0,201:0.5", 201, {}, ""],
  ["100", 400, {}, /status/],
  ["600", 400, {}, /status/],
  ["abc", 400, {}, /status/],
  ["200,", 400, {}, /status/],
  ["200:-1", 400, {}, /status/],
  ["200:0", 400, {}, /status/],
];

describe("/status", () => {
  test.each(statuses)("/%s is %d", async (codes, status, fields, body) => {
    const response = await ask(started.port, "GET", `/status/${codes}`);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.fields)).toMatchObject(fields);
    if (typeof body === "string") expect(response.body).toBe(body);
    else expect(response.body).toMatch(body);
  });

  test.each(["HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "QUERY"])("answers %s", async (method) => {
    expect((await ask(started.port, method, "/status/503")).status).toBe(503);
  });

  test("a seed decides among several", async () => {
    const asked = [1, 2, 3, 4, 5, 6].map((seed) => ask(started.port, "GET", `/status/200,500?seed=${seed}`));
    const first = (await Promise.all(asked)).map(({ status }) => status);
    // random.seed(n); random.random() < 0.5
    expect(first).toEqual([200, 500, 200, 200, 500, 500]);
  });

  const chances: [fraction: number, status: number][] = [
    [0, 200],
    [0.49, 200],
    [0.51, 404],
    [0.74, 404],
    [0.76, 503],
    [0.999999999, 503],
    [1, 503],
  ];
  test.each(chances)("weights share out the chance: %d is %d", (fraction, status) => {
    expect(chooseStatus(parseStatusChoices("200:2,404, 503 : 1,500:0")!, fraction)).toBe(status);
  });
});

const redirects: [target: string, status: number, location: string | undefined][] = [
  ["/redirect/1", 302, "/get"],
  ["/redirect/3", 302, "/relative-redirect/2"],
  ["/redirect/3?absolute=true", 302, "http://example.test/absolute-redirect/2"],
  ["/relative-redirect/1", 302, "/get"],
  ["/relative-redirect/2", 302, "/relative-redirect/1"],
  ["/absolute-redirect/1", 302, "http://example.test/get"],
  ["/absolute-redirect/2", 302, "http://example.test/absolute-redirect/1"],
  ["/redirect/0", 404, undefined],
  ["/redirect/-1", 404, undefined],
  ["/redirect/x", 404, undefined],
  ["/redirect/1001", 404, undefined],
  ["/redirect-to?url=/get", 302, "/get"],
  ["/redirect-to?url=/get&status_code=307", 307, "/get"],
  ["/redirect-to?url=/get&status_code=200", 302, "/get"],
  ["/redirect-to?url=%2Fa%20b%0D%0AX:%20y", 302, "/a%20b%0D%0AX:%20y"],
  ["/redirect-to?url=%2F%C3%A4", 302, "/%C3%A4"],
  ["/redirect-to?url=http%3A%2F%2Flocalhost%3A8080%2Fx", 302, "http://localhost:8080/x"],
  ["/redirect-to?url=http%3A%2F%2F127.0.0.1%2Fx", 302, "http://127.0.0.1/x"],
  ["/redirect-to?url=http%3A%2F%2F%5B%3A%3A1%5D%2Fx", 302, "http://[::1]/x"],
  ["/redirect-to?url=https%3A%2F%2Fnamed.test%2Fx", 302, "https://named.test/x"],
  ["/redirect-to?url=http%3A%2F%2Fexample.test%2Fx", 302, "http://example.test/x"],
  ["/redirect-to?url=http%3A%2F%2F%3A1", 302, "http://:1"],
  ["/redirect-to?url=https%3A%2F%2Fother.test", 403, undefined],
  ["/redirect-to?url=%2F%2Fother.test", 403, undefined],
  ["/redirect-to?url=%2F%5Cother.test", 403, undefined],
  ["/redirect-to?url=%5C%5Cother.test", 403, undefined],
  ["/redirect-to?url=%09%2F%2Fother.test", 403, undefined],
  ["/redirect-to?url=%2F%09%2Fother.test", 403, undefined],
  ["/redirect-to?url=http%3A%2F%2Flocalhost%40other.test", 403, undefined],
  ["/redirect-to?url=http%3A%2F%2F127.0.0.1.other.test", 403, undefined],
  ["/redirect-to?url=https%3Aother.test", 403, undefined],
  ["/redirect-to?url=http%3Aother.test", 403, undefined],
  ["/redirect-to?url=http%3A%2F%2Flocalhost%5C%40other.test", 403, undefined],
  ["/redirect-to?url=%2Fa%5C..%5Cb", 403, undefined],
  ["/redirect-to?url=%2Fa%3Fb%3D%5C", 302, "/a?b=\\"],
  ["/redirect-to?url=http%3A%2F%2Fexample.test%3A80%2Fx", 302, "http://example.test:80/x"],
  ["/redirect-to?url=https%3A%2F%2Fexample.test%3A443%2Fx", 302, "https://example.test:443/x"],
  ["/redirect-to?url=javascript%3Aalert(1)", 403, undefined],
  ["/redirect-to?url=data%3Atext%2Fhtml%2Cx", 403, undefined],
  ["/redirect-to", 400, undefined],
];

describe("redirects", () => {
  test.each(redirects)("%s is %d", async (target, status, location) => {
    const response = await ask(started.port, "GET", target);
    expect(response.status).toBe(status);
    expect(response.fields.get("location")).toBe(location);
  });

  test("nothing is led anywhere from a host that no browser could have asked", () => {
    expect(mayLeadTo("https://other.test", "http://1.2.3.4.5", new Set())).toBe(false);
    expect(mayLeadTo("/get", "http://1.2.3.4.5", new Set())).toBe(false);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH"])("/redirect-to answers %s", async (method) => {
    expect((await ask(started.port, method, "/redirect-to?url=/x&status_code=308")).status).toBe(308);
  });
});

const cookies: [why: string, target: string, status: number, set: string | undefined][] = [
  ["one of the path", "/cookies/set/a/b", 302, "a=b; Path=/"],
  ["those of the query", "/cookies/set?x=y&z=1", 302, "x=y; Path=/, z=1; Path=/"],
  ["the first of one name", "/cookies/set?x=1&x=2", 302, "x=1; Path=/"],
  ["quoted, what may not stand bare", "/cookies/set?q=%22%3B%20a", 302, 'q="\\"\\073 a"; Path=/'],
  ["in octal, what is no ASCII", "/cookies/set?q=%C3%A4", 302, 'q="\\303\\244"; Path=/'],
  ["nothing with a line end in it", "/cookies/set/a/%0D%0AX:%20y", 302, 'a="\\015\\012X: y"; Path=/'],
  ["no name that is no token", "/cookies/set?a%20b=c", 400, undefined],
  ["no empty name", "/cookies/set?=c", 400, undefined],
  ["away", "/cookies/delete?x", 302, "x=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"],
];

describe("/cookies", () => {
  test.each(cookies)("sets %s", async (_why, target, status, set) => {
    const response = await ask(started.port, "GET", target);
    expect(response.status).toBe(status);
    expect(response.fields.get("set-cookie")).toBe(set);
    expect(response.fields.get("location")).toBe(status === 302 ? "/cookies" : undefined);
  });

  const sent: [field: string, shown: object][] = [
    ["", {}],
    ["Cookie: a=b\r\n", { a: "b" }],
    ["Cookie: a=b; c=d=e;f\r\n", { a: "b", c: "d=e", f: "" }],
    ["Cookie: a=1; a=2\r\n", { a: "1" }],
    ['Cookie: q="\\"\\073 a"\r\n', { q: '"; a' }],
    ["Cookie: __proto__=1\r\n", JSON.parse('{"__proto__":"1"}')],
  ];
  test.each(sent)("shows %j", async (fields, shown) => {
    const response = await ask(started.port, "GET", "/cookies", { fields });
    expect(JSON.parse(response.body)).toEqual({ cookies: shown });
  });
});

const auths: [target: string, field: string, status: number, challenge: string | undefined][] = [
  ["/basic-auth/u/p", "", 401, 'Basic realm="Fake Realm"'],
  ["/basic-auth/u/p", "Basic dTpw", 200, undefined],
  ["/basic-auth/u/p", "basic dTpw", 200, undefined],
  ["/basic-auth/u/p", "Basic dTpx", 401, 'Basic realm="Fake Realm"'],
  ["/basic-auth/u/p", "Bearer dTpw", 401, 'Basic realm="Fake Realm"'],
  ["/basic-auth/u/p%3Aq", "Basic dTpwOnE=", 200, undefined],
  ["/basic-auth/%C3%A4/p", "Basic w6Q6cA==", 200, undefined],
  ["/hidden-basic-auth/u/p", "", 404, undefined],
  ["/hidden-basic-auth/u/p", "Basic dTpw", 200, undefined],
  ["/bearer", "", 401, "Bearer"],
  ["/bearer", "Basic dTpw", 401, "Bearer"],
  ["/bearer", "Bearer", 401, "Bearer"],
  ["/bearer", "Bearer abc.def==", 200, undefined],
];

describe("authentication", () => {
  test.each(auths)("%s with %j is %d", async (target, field, status, challenge) => {
    const fields = field === "" ? "" : `Authorization: ${field}\r\n`;
    const response = await ask(started.port, "GET", target, { fields });
    expect(response.status).toBe(status);
    expect(response.fields.get("www-authenticate")).toBe(challenge);
    if (status === 200) expect(JSON.parse(response.body)).toMatchObject({ authenticated: true });
  });
});

const caching: [why: string, target: string, fields: string, status: number, shown: Record<string, string>][] = [
  ["what is asked for again", "/cache", "If-None-Match: x\r\n", 304, {}],
  ["what is asked for again by date", "/cache", "If-Modified-Since: x\r\n", 304, {}],
  ["seconds", "/cache/60", "", 200, { "cache-control": "public, max-age=60" }],
  ["a tag", "/etag/a", "", 200, { etag: '"a"' }],
  ["the same tag", "/etag/a", 'If-None-Match: W/"b", "a"\r\n', 304, { etag: '"a"' }],
  ["any tag", "/etag/a", "If-None-Match: *\r\n", 304, { etag: '"a"' }],
  ["another tag", "/etag/a", 'If-None-Match: "b"\r\n', 200, { etag: '"a"' }],
  ["a demand that holds", "/etag/a", 'If-Match: "a"\r\n', 200, { etag: '"a"' }],
  ["a demand that does not", "/etag/a", 'If-Match: "b"\r\n', 412, {}],
  ["a weak demand", "/etag/a", 'If-Match: W/"a"\r\n', 412, {}],
  ["no tag at all", "/etag/a%22b", "", 400, {}],
  ["no number", "/cache/x", "", 404, {}],
];

describe("caching", () => {
  test.each(caching)("%s: %s", async (_why, target, fields, status, shown) => {
    const response = await ask(started.port, "GET", target, { fields });
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.fields)).toMatchObject(shown);
  });

  test("/cache has validators of its own each time", async () => {
    const [one, other] = await Promise.all([ask(started.port, "GET", "/cache"), ask(started.port, "GET", "/cache")]);
    expect(one.fields.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
    expect(other.fields.get("etag")).not.toBe(one.fields.get("etag"));
    expect(Date.parse(one.fields.get("last-modified")!)).toBeLessThanOrEqual(Date.parse(one.fields.get("date")!));
  });
});

const codings: [path: string, coding: string, mark: string, decode: (bytes: Uint8Array) => Uint8Array][] = [
  ["/gzip", "gzip", "gzipped", gunzipSync],
  ["/deflate", "deflate", "deflated", inflateSync],
  ["/brotli", "br", "brotli", brotliDecompressSync],
  ["/zstd", "zstd", "zstd", (bytes) => Bun.zstdDecompressSync(bytes as Uint8Array<ArrayBuffer>)],
];

describe("codings", () => {
  test.each(codings)("%s is in %s, asked for or not", async (path, coding, mark, decode) => {
    const response = await ask(started.port, "GET", path);
    expect(response.fields.get("content-encoding")).toBe(coding);
    const text = Buffer.from(decode(Buffer.from(response.body, "latin1"))).toString();
    expect(JSON.parse(text)).toEqual({
      headers: { Host: "example.test" },
      method: "GET",
      origin: "127.0.0.1",
      [mark]: true,
    });
  });
});

const chosen: [query: string, status: number, lines: Record<string, string>, body: unknown][] = [
  ["?a=b&a=c&X=y", 200, { a: "b, c", x: "y" }, { a: ["b", "c"], X: "y", "Content-Type": "application/json" }],
  ["?Content-Type=text/plain", 200, { "content-type": "text/plain" }, { "Content-Type": "text/plain" }],
  ["?a=%0D%0AX:%20y", 200, { a: "??X: y" }, { a: "??X: y" }],
  ["", 200, {}, { "Content-Type": "application/json" }],
  ["?a%20b=c", 400, {}, null],
  ["?Content-Length=5", 400, {}, null],
  ["?transfer-encoding=chunked", 400, {}, null],
  ["?Connection=close", 400, {}, null],
  ["?Refresh=0;url=https://other.test", 400, {}, null],
  ["?clear-site-data=%22*%22", 400, {}, null],
  ["?Strict-Transport-Security=max-age=9", 400, {}, null],
];

describe("/response-headers", () => {
  test.each(chosen)("%s is %d", async (query, status, lines, body) => {
    const response = await ask(started.port, "GET", `/response-headers${query}`);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.fields)).toMatchObject(lines);
    if (body === null) return;
    const shown = JSON.parse(response.body) as Record<string, string>;
    expect(shown).toMatchObject(body as object);
    expect(shown["Content-Length"]).toBe(response.fields.get("content-length")!);
  });

  test("tells its length where one digit more makes it longer", async () => {
    for (let length = 0; length < 120; length++) {
      const response = await ask(started.port, "POST", `/response-headers?a=${"x".repeat(length)}`);
      expect(JSON.parse(response.body)["Content-Length"]).toBe(String(response.body.length));
    }
  });
});

const documents: [path: string, type: string, content: RegExp][] = [
  ["/html", "text/html; charset=utf-8", /<h1>Herman Melville - Moby-Dick<\/h1>/],
  ["/xml", "application/xml", /^<\?xml version="1.0" encoding="us-ascii"\?>/],
  ["/json", "application/json", /"slideshow"/],
  ["/jsonl", "application/x-ndjson", /^\{.*\}\n\{.*\}\n/],
  ["/robots.txt", "text/plain", /^User-agent: \*\nDisallow: \/deny\n$/],
  ["/deny", "text/plain", /YOU SHOULDN'T BE HERE/],
  ["/encoding/utf8", "text/html; charset=utf-8", /\xe2\x88\xae/],
  ["/forms/post", "text/html; charset=utf-8", /action="\/post"/],
  ["/links/3/1", "text/html; charset=utf-8", /<a href='\/links\/3\/0'>0<\/a> 1 <a href='\/links\/3\/2'>2<\/a> /],
  ["/base64/SFRUUEJJTiBpcyBhd2Vzb21l", "text/plain; charset=utf-8", /^HTTPBIN is awesome$/],
  ["/base64/_w==", "application/octet-stream", /^\xff$/],
  ["/base64/PHNjcmlwdD4", "text/plain; charset=utf-8", /^<script>$/],
  ["/image/png", "image/png", /^\x89PNG\r\n\x1a\n/],
  ["/image/jpeg", "image/jpeg", /^\xff\xd8\xff/],
  ["/image/webp", "image/webp", /^RIFF....WEBP/s],
  ["/image/svg", "image/svg+xml", /^<svg /],
  ["/uuid", "application/json", /"uuid": "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/],
  ["/uuid?seed=1", "application/json", /"uuid": "4420823c-fde6-41c2-ab30-f90ec7dd01e4"/],
];

describe("documents", () => {
  test.each(documents)("%s is %s", async (path, type, content) => {
    const response = await ask(started.port, "GET", path);
    expect(response.status).toBe(200);
    expect(response.fields.get("content-type")).toBe(type);
    expect(response.body).toMatch(content);
    const head = await ask(started.port, "HEAD", path);
    expect(head.fields.get("content-length")).toBe(response.fields.get("content-length"));
  });

  const images: [accept: string, type: string, status: number][] = [
    ["", "image/png", 200],
    ["Accept: */*\r\n", "image/png", 200],
    ["Accept: image/webp\r\n", "image/webp", 200],
    ["Accept: image/svg+xml, image/jpeg;q=0.5\r\n", "image/svg+xml", 200],
    ["Accept: image/jpeg, image/*;q=0.5\r\n", "image/jpeg", 200],
    ["Accept: image/png;q=0, image/*\r\n", "image/jpeg", 200],
    ["Accept: text/html\r\n", "application/json", 406],
  ];
  test.each(images)("/image for %j is %s", async (fields, type, status) => {
    const response = await ask(started.port, "GET", "/image", { fields });
    expect(response.status).toBe(status);
    expect(response.fields.get("content-type")).toBe(type);
    expect(response.fields.get("vary")).toBe("Accept");
  });

  const missing: [path: string, status: number][] = [
    ["/image/gif", 404],
    ["/links/x", 404],
    ["/links/1/x", 404],
    ["/base64/!", 400],
    ["/base64/A", 400],
    ["/env", 404],
  ];
  test.each(missing)("%s is %d", async (path, status) => {
    expect((await ask(started.port, "GET", path)).status).toBe(status);
  });

  test("/links/{n} leads to the first page", async () => {
    expect((await ask(started.port, "GET", "/links/7")).fields.get("location")).toBe("/links/7/0");
  });
});

describe("what others than programs may do", () => {
  test.each(Object.keys(createTestingRoutes({ allowedHosts: [] })))("%s answers as a stranger", async (path) => {
    const target = path.replace(/\{(?:n|seconds|offset)\}/g, "0").replace(/\{[a-z]+\}/g, "x");
    const response = await ask(started.port, "OPTIONS", target, {
      fields: "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: X-A\r\n",
    });
    expect(response.fields.get("content-security-policy")).toStartWith("sandbox");
    expect(response.fields.get("access-control-allow-origin")).toBe("*");
    expect(response.fields.get("access-control-allow-methods")).toBe(response.fields.get("allow"));
    expect(response.fields.get("access-control-allow-headers")).toBe("X-A");
  });

  test("a page that a query makes runs as nobody", async () => {
    const response = await ask(started.port, "GET", "/response-headers?Content-Type=text/html&x=%3Cscript%3E");
    expect(response.fields.get("content-security-policy")).toBe("sandbox allow-forms");
  });

  test("no page is told that it may use the visitor's cookies", async () => {
    const response = await ask(started.port, "GET", "/cookies", { fields: "Origin: https://other.test\r\n" });
    expect(response.fields.has("access-control-allow-credentials")).toBe(false);
  });
});
