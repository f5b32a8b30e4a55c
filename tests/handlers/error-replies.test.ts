// Refusals for people: a page with the same sentence, for clients that would rather have HTML.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const folder = tempFolder();
let server: StartedServer;
beforeAll(() => void (server = startServer(application(folder.path))));
afterAll(async () => {
  await server.stop();
  folder[Symbol.dispose]();
});

type Answer = ReturnType<typeof readResponses>[number];

async function ask(to: StartedServer, line: string, accept: string | null, more = ""): Promise<Answer> {
  const field = accept === null ? "" : `Accept: ${accept}\r\n`;
  const received = await exchange(to.port, `${line} HTTP/1.1\r\nHost: a\r\n${field}${more}Connection: close\r\n\r\n`);
  return readResponses(received, [line.split(" ")[0]!])[0]!;
}

function linksOf(html: string): string[] {
  return [...html.matchAll(/<a href="([^"]*)">([^<]*)/g)].map(([, address, text]) => `${text} ${address}`);
}

describe("a browser gets a page", () => {
  const refused: [why: string, line: string, status: number, sentence: string, links: string[]][] = [
    ["a missing file", "GET /files/no.txt", 404, "There is no such file.", ["The shared folder ../files/", "Home ../"]],
    [
      "a missing file below",
      "GET /files/a/b/no.txt?x=1",
      404,
      "There is no such file.",
      ["This folder ./", "The shared folder ../../../files/", "Home ../../../"],
    ],
    [
      "a missing folder",
      "GET /files/a/b/",
      404,
      "There is no such file.",
      ["The folder above ../", "The shared folder ../../../files/", "Home ../../../"],
    ],
    [
      "an unknown path",
      "GET /cat.jpg",
      404,
      "a shared folder is at /files/",
      ["The shared folder ./files/", "Home ./"],
    ],
    [
      "a method that is not there",
      "POST /user-agent",
      405,
      "Allow names those it has.",
      ["The shared folder ./files/", "Home ./"],
    ],
    [
      "a form that holds nothing",
      "POST /files/a/",
      415,
      "multipart/form-data",
      ["This folder ./", "The shared folder ../../files/", "Home ../../"],
    ],
    ["a name that is none", "GET /files/%00", 400, "no name for a file", ["The shared folder ../files/", "Home ../"]],
  ];
  test.each(refused)("of %s", async (_why, line, status, sentence, links) => {
    const { status: given, fields, body } = await ask(server, line, BROWSER, "Content-Length: 0\r\n");
    expect(given).toBe(status);
    expect(fields.get("content-type")).toBe("text/html; charset=utf-8");
    expect(fields.get("content-security-policy")).toStartWith("default-src 'none'; style-src 'sha256-");
    expect(fields.get("vary")).toBe("Accept");
    expect(body).toContain('<meta name="viewport"');
    expect(body).toContain(sentence);
    expect(linksOf(body)).toEqual(links);
  });

  test("of a 405, with Allow", async () => {
    expect((await ask(server, "DELETE /user-agent", BROWSER)).fields.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  test("in which what the client sent is text", async () => {
    const received = await exchange(
      server.port,
      `GET /files/ HTTP/1.1\r\nHost: x.example\r\nAccept: ${BROWSER}\r\nConnection: close\r\n\r\n`,
    );
    const { status, body } = readResponses(received)[0]!;
    expect(status).toBe(421);
    expect(body).toContain("&quot;x.example&quot;");
  });

  test("whose length HEAD tells, without the page", async () => {
    const got = await ask(server, "GET /no", BROWSER);
    const told = await ask(server, "HEAD /no", BROWSER);
    expect(told.fields.get("content-length")).toBe(got.fields.get("content-length"));
    expect(told.fields.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test("without a folder where none is served, and with the drop box where there is one", async () => {
    const none = startServer(application(null));
    expect(linksOf((await ask(none, "GET /files/x", BROWSER)).body)).toEqual(["Home ../"]);
    await none.stop();
    const box = startServer(application(folder.path, "--upload-only"));
    const links = linksOf((await ask(box, "GET /files/a/x", BROWSER)).body);
    expect(links).toEqual(["The drop box ../../files/", "Home ../../"]);
    await box.stop();
  });
});

test("who takes no coding of ours gets the line, whatever else", async () => {
  const { status, fields } = await ask(server, "GET /echo/a", BROWSER, "Accept-Encoding: identity;q=0\r\n");
  expect([status, fields.get("content-type"), fields.get("vary")]).toEqual([406, "text/plain", "Accept-Encoding"]);
});

describe("a program gets the line", () => {
  const accepts: [why: string, accept: string | null][] = [
    ["without Accept", null],
    ["with curl's", "*/*"],
    ["that would rather have text", "text/plain, text/html;q=0.9"],
    ["that takes anything but HTML", "*/*, text/html;q=0"],
    ["that wants something else", "application/json"],
  ];
  test.each(accepts)("%s", async (_why, accept) => {
    const { fields, body } = await ask(server, "GET /files/no.txt", accept);
    expect(body).toBe("There is no such file.\n");
    expect(fields.get("content-type")).toBe("text/plain");
    expect(fields.get("vary")).toBe("Accept");
    expect(fields.get("content-security-policy")).toBeUndefined();
  });
});
