// A drop box for people: pages that send, and tell nothing of what is there. Programs get the lines that they got.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const BROWSER = "Accept: text/html,*/*;q=0.8\r\n";
const CURL = "Accept: */*\r\n";
const folder = tempFolder();
let server: StartedServer;
beforeAll(() => {
  mkdirSync(join(folder.path, "sub"));
  writeFileSync(join(folder.path, "secret.txt"), "secret");
  server = startServer(application(folder.path, "--upload-only"));
});
afterAll(async () => {
  await server.stop();
  folder[Symbol.dispose]();
});

async function ask(line: string, fields: string, body = ""): Promise<ReturnType<typeof readResponses>[number]> {
  const head = `${line} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n`;
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  return readResponses(await exchange(server.port, head + length + "\r\n" + body))[0]!;
}

describe("a browser gets the panel alone", () => {
  const pages: [path: string, action: string][] = [
    ["/", "files/"],
    ["/files/", "./"],
    ["/files/?sort=size", "./"],
  ];
  test.each(pages)("at %s", async (path, action) => {
    const { status, fields, body } = await ask("GET " + path, BROWSER);
    expect(status).toBe(200);
    expect(body).toContain(`<form method="post" action="${action}" enctype="multipart/form-data"`);
    expect(body).toContain("At most 1.07 GB at once.");
    expect(body).not.toMatch(/secret|id="list"|sub|href="files/);
    for (const [, kind, text] of body.matchAll(/<(style|script)>([^]*?)<\/\1>/g)) {
      const hash = createHash("sha256").update(Buffer.from(text!, "latin1")).digest("base64");
      expect(fields.get("content-security-policy")).toContain(`'sha256-${hash}'`);
      if (kind === "script") expect(() => new Function(text!)).not.toThrow();
    }
    expect(fields.get("vary")).toBe("Accept");
    expect(fields.get("etag")).toBeUndefined();
  });

  test("also when it leaves out the slash", async () => {
    const { status, fields } = await ask("GET /files", BROWSER);
    expect([status, fields.get("location"), fields.get("vary")]).toEqual([308, "files/", "Accept"]);
  });

  test.each(["/files/secret.txt", "/files/none.txt", "/files/sub/", "/files/none/"])(
    "and nothing of %s but that it cannot be read",
    async (path) => {
      const { status, body } = await ask("GET " + path, BROWSER);
      expect(status).toBe(403);
      expect(body).toContain("This is a drop box");
      expect(body).toContain(">The drop box</a>");
    },
  );
});

describe("a program gets lines", () => {
  test.each(["/files", "/files/", "/files/secret.txt"])("at %s", async (path) => {
    const { status, body } = await ask("GET " + path, CURL);
    expect([status, body]).toEqual([
      403,
      "This is a drop box: files can be sent here with PUT or POST, and not be read.\n",
    ]);
  });
});

describe("a form", () => {
  const part = (name: string): string =>
    `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\nbytes\r\n`;
  const type = "Content-Type: multipart/form-data; boundary=x\r\n";

  test("without scripts is answered with a page that leads back", async () => {
    const { status, fields, body } = await ask("POST /files/", BROWSER + type, part("a") + part("b") + "--x--\r\n");
    expect(status).toBe(201);
    expect(fields.get("location")).toBeUndefined();
    expect(body).toContain("<h1>2 files sent</h1>");
    expect(body).toContain('<a href="./">Send more</a>');
    expect(readdirSync(folder.path)).toContain("b");
  });

  test("into a folder below leads back to the drop box", async () => {
    const { body } = await ask("POST /files/sub/", BROWSER + type, part("c") + "--x--\r\n");
    expect(body).toContain("<h1>1 file sent</h1>");
    expect(body).toContain('<a href="../">Send more</a>');
  });

  test("from a program is answered with a line", async () => {
    const { status, body } = await ask("POST /files/", CURL + type, part("d") + "--x--\r\n");
    expect([status, body]).toEqual([201, "Stored.\n"]);
  });
});
