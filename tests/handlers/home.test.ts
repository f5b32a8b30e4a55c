import { afterAll, describe, expect, test } from "bun:test";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe("the landing page links to what this server offers", () => {
  const folder = tempFolder();
  afterAll(() => folder[Symbol.dispose]());
  const cases: [why: string, directory: string | null, flags: string[], has: string, hasNot: string][] = [
    ["no folder", null, [], "--directory", 'href="files/"'],
    ["a folder", folder.path, [], 'href="files/"', "<form"],
    ["a drop box", folder.path, ["--upload-only"], '<form method="post" action="files/"', 'href="files/"'],
  ];
  test.each(cases)("%s", async (_why, directory, flags, has, hasNot) => {
    const server = startServer(application(directory, ...flags));
    const received = await exchange(server.port, "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n");
    const { body, fields } = readResponses(received)[0]!;
    expect(body).toContain(has);
    expect(body).not.toContain(hasNot);
    // A proxy may serve this below another path.
    expect(body).not.toMatch(/(?:href|action)="\//);
    expect(fields.get("content-security-policy")).toContain("default-src 'none'");
    await server.stop();
  });
});
