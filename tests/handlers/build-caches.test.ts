// What build tools send to a cache, byte for byte as ccache 4.7, Gradle 4.4 and later, Bazel 4.2 and sccache 0.16 do.

import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { parseConfig } from "../../src/config.ts";
import { exchange, RawClient } from "../support/raw-client.ts";
import { type ReadResponse, readResponses } from "../support/response-reader.ts";
import { UploadHouse } from "../support/upload-requests.ts";

const HEX = "0123456789abcdef".repeat(4);
/** Every byte, and larger than one packet. */
const OBJECT = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)).repeat(20);

/** The field lines of one tool; `own` has those of the method. */
type Tool = (method: "GET" | "PUT", own: string) => string;

const ccache: Tool = (method, own) =>
  `Accept: */*\r\n${own}${method === "PUT" ? "Content-Type: application/octet-stream\r\n" : ""}Host: a\r\nUser-Agent: ccache/4.7.5\r\n`;
const gradle: Tool = (method, own) =>
  (method === "GET"
    ? "Accept: application/vnd.gradle.build-cache-artifact.v1, */*\r\n"
    : "Content-Type: application/vnd.gradle.build-cache-artifact.v1\r\n") +
  `X-Gradle-Version: 4.4.1\r\n${own}Host: a\r\nConnection: Keep-Alive\r\nUser-Agent: Gradle/4.4.1 (Linux;6;amd64)\r\n` +
  "Accept-Encoding: gzip,deflate\r\n";
const bazel: Tool = (method, own) =>
  method === "GET"
    ? "host: a\r\nconnection: keep-alive\r\naccept: */*\r\naccept-encoding: gzip\r\nuser-agent: bazel/\r\n"
    : `host: a\r\naccept: */*\r\n${own.toLowerCase()}connection: keep-alive\r\nuser-agent: bazel/\r\n`;
const sccache: Tool = (_method, own) => `${own}accept: */*\r\nuser-agent: sccache/0.16.0\r\nhost: a\r\n`;

const tools: [tool: string, fields: Tool, target: string][] = [
  ["ccache, flat", ccache, "/files/c/0c80336ihufpg44h8e564sr17eejgvp1m"],
  ["ccache, subdirs", ccache, "/files/c/d3/fbtd0gsuobt7ur5i5uv5okenpg2jlom"],
  ["ccache, bazel", ccache, `/files/c/ac/${HEX}`],
  ["Gradle", gradle, "/files/gradle/c05070e789c28a8374f58c18d5ee3f25"],
  ["Bazel, an action", bazel, `/files/bazel/ac/${HEX}`],
  ["Bazel, an output", bazel, `/files/bazel/cas/${HEX}`],
  ["sccache", sccache, `/files/s/f/0/b/${HEX}`],
];

function lookUp(fields: Tool, target: string): string {
  return `GET ${target} HTTP/1.1\r\n${fields("GET", "")}\r\n`;
}

function put(fields: Tool, target: string, content: string, more = ""): string {
  return `PUT ${target} HTTP/1.1\r\n${more}${fields("PUT", `Content-Length: ${content.length}\r\n`)}\r\n${content}`;
}

/** The stored bytes, whatever coding the tool said it takes. */
function decoded({ body, fields }: ReadResponse): string {
  if (fields.get("content-encoding") !== "gzip") return body;
  return gunzipSync(Buffer.from(body, "latin1")).toString("latin1");
}

describe("a build cache", () => {
  test.each(tools)("of %s misses, stores, finds and replaces on one connection", async (_tool, fields, target) => {
    await using house = new UploadHouse();
    const found = lookUp(fields, target);
    const asked = [found, put(fields, target, OBJECT), found, put(fields, target, "newer"), found];
    const answers = readResponses(await exchange(house.serve(), asked.join("")), ["GET", "PUT", "GET", "PUT", "GET"]);
    expect(answers.map(({ status }) => status)).toEqual([404, 201, 200, 204, 200]);
    expect([decoded(answers[2]!), decoded(answers[4]!)]).toEqual([OBJECT, "newer"]);
    expect(house.content(target.slice("/files/".length))).toBe("newer");
  });

  test.each(tools)("of %s keeps an object without a byte", async (_tool, fields, target) => {
    await using house = new UploadHouse();
    const asked = put(fields, target, "") + lookUp(fields, target);
    const [stored, found] = readResponses(await exchange(house.serve(), asked), ["PUT", "GET"]);
    expect([stored!.status, found!.status, decoded(found!)]).toEqual([201, 200, ""]);
  });

  test.each([
    ["as ccache asks before it shares", ccache],
    ["as Bazel would", bazel],
  ])("says with HEAD whether it has an object, %s", async (_why, fields) => {
    await using house = new UploadHouse();
    const target = `/files/cas/${HEX}`;
    const head = lookUp(fields, target).replace("GET", "HEAD");
    const methods = ["HEAD", "PUT", "HEAD"];
    const answers = readResponses(await exchange(house.serve(), head + put(fields, target, OBJECT) + head), methods);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [404, ""],
      [201, ""],
      [200, ""],
    ]);
  });

  test.each([
    ["--max-body-size", "1K"],
    ["--evict", "1K"],
  ])("answers 413 to what %s %s does not take, before a tool that waits for it sends it", async (flag, size) => {
    await using house = new UploadHouse();
    const run = parseConfig(["--directory", house.root, flag, size], {});
    if (run.kind !== "serve") throw new Error("the test's flags are wrong");
    const port = house.serve([flag, size], run.config.limits);
    const target = "/files/gradle/c05070e789c28a8374f58c18d5ee3f25";
    const waits = put(gradle, target, OBJECT, "Expect: 100-continue\r\n");
    const client = await RawClient.connect(port);
    await client.send(waits.slice(0, waits.indexOf("\r\n\r\n") + 4));
    const [answer] = readResponses(await client.untilEnd(), ["PUT"]);
    expect([answer!.status, answer!.fields.get("connection")]).toEqual([413, "close"]);
    client.close();
    expect(house.names()).toEqual(["folder", "old.txt"]);
  });

  test("lets a tool that waits with 100-continue go on", async () => {
    await using house = new UploadHouse();
    const client = await RawClient.connect(house.serve());
    const target = "/files/gradle/c05070e789c28a8374f58c18d5ee3f25";
    const waits = put(gradle, target, OBJECT, "Expect: 100-continue\r\n");
    const bodyAt = waits.indexOf("\r\n\r\n") + 4;
    await client.send(waits.slice(0, bodyAt));
    expect(await client.until(({ received }) => received !== "")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send(waits.slice(bodyAt));
    client.end();
    expect(await client.untilEnd()).toContain("HTTP/1.1 201 Created\r\n");
    client.close();
    expect(house.content(target.slice("/files/".length))).toBe(OBJECT);
  });

  test("takes one object from many at once, and each of them finds it whole", async () => {
    await using house = new UploadHouse();
    const port = house.serve();
    const target = `/files/bazel/cas/${HEX}`;
    const asked = put(bazel, target, OBJECT) + lookUp(bazel, target);
    const all = await Promise.all(Array.from({ length: 16 }, () => exchange(port, asked)));
    const answers = all.map((text) => readResponses(text, ["PUT", "GET"]));
    expect(answers.filter(([stored]) => stored!.status === 201)).toHaveLength(1);
    for (const [stored, found] of answers) {
      expect([201, 204]).toContain(stored!.status);
      expect([found!.status, decoded(found!)]).toEqual([200, OBJECT]);
    }
  });

  const comers: [who: string, login: string, miss: number, stored: number][] = [
    ["the right name and password", `Basic ${btoa("ci:long-enough-a-secret")}`, 404, 201],
    ["the right token", "Bearer long-enough-a-token-0123", 404, 201],
    ["nothing", "", 404, 401],
    ["a wrong password", `Basic ${btoa("ci:wrong")}`, 401, 401],
  ];
  test.each(comers)("that everybody may read stores for who brings %s", async (_who, login, miss, stored) => {
    await using house = new UploadHouse();
    const rights = ["--auth", "ci:long-enough-a-secret@/:rw", "--token", "robot:long-enough-a-token-0123@/:rw"];
    const port = house.serve([...rights, "--anonymous", "ro@/"]);
    const credentials: Tool = (method, own) => gradle(method, login === "" ? own : `${own}Authorization: ${login}\r\n`);
    const target = "/files/gradle/c05070e789c28a8374f58c18d5ee3f25";
    const statuses: number[] = [];
    for (const [method, asked] of [
      ["GET", lookUp(credentials, target)],
      ["PUT", put(credentials, target, OBJECT)],
    ] as const) {
      statuses.push(readResponses(await exchange(port, asked), [method])[0]!.status);
    }
    expect(statuses).toEqual([miss, stored]);
  });
});
