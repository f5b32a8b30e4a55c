import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { ask } from "../support/ask.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** What the page says under its list; null for nothing. */
async function readmeUnder(
  files: Readonly<Record<string, string | Buffer>>,
  flags: readonly string[] = [],
): Promise<string | null> {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "x"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder.path, "x", name), content);
  const server = startServer(application(folder.path, ...flags));
  const { body } = await ask(server.port, "GET", "/files/x/", "Accept: text/html\r\n");
  await server.stop();
  return (
    /<section id="readme"[^]*?<pre[^>]*>\n([^]*?)<\/pre>/.exec(Buffer.from(body, "latin1").toString())?.[1] ?? null
  );
}

describe("under the list stands", () => {
  test.each(["README.md", "readme.md", "README", "ReadMe.txt", "readme.markdown"])("%s, as text", async (name) => {
    expect(await readmeUnder({ [name]: "# Hello <b>\n" })).toBe("# Hello &lt;b&gt;\n");
  });

  test("its beginning, where it is long", async () => {
    const text = await readmeUnder({ "README.md": "x".repeat(65_535) + "\u00e9" + "y".repeat(1000) });
    expect(text).toBe("x".repeat(65_535) + "\n\u2026");
  });

  test.each([
    ["another name", { "README.html": "x", "MYREADME.md": "x", "README.md.bak": "x" }, []],
    ["no text", { "README.md": Buffer.from([0, 1, 2]) }, []],
    ["a text of another charset", { "README.md": Buffer.from("Gr\xfc\xdfe", "latin1") }, []],
    ["an empty one", { "README.md": "" }, []],
    ["one that may not be read", { "README.md": "x" }, ["--anonymous", "ro@/", "--anonymous", "none@/x/README.md"]],
  ])("nothing of %s", async (_, files, flags) => {
    expect(await readmeUnder(files as Readonly<Record<string, string | Buffer>>, flags)).toBeNull();
  });

  test("nothing that lies outside", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "served"));
    writeFileSync(join(folder.path, "secret"), "secret");
    symlinkSync("../secret", join(folder.path, "served/README.md"));
    const server = startServer(application(join(folder.path, "served")));
    const { body } = await ask(server.port, "GET", "/files/", "Accept: text/html\r\n");
    await server.stop();
    expect(body).not.toContain('id="readme"');
  });

  test("what it is now, and its tag changes with it", async () => {
    using folder = tempFolder();
    const server = startServer(application(folder.path));
    const tags: (string | undefined)[] = [];
    for (const text of ["one", "two"]) {
      writeFileSync(join(folder.path, "README.md"), text);
      const { body, fields } = await ask(server.port, "GET", "/files/", "Accept: text/html\r\n");
      expect(body).toContain(`${text}</pre>`);
      tags.push(fields.get("etag"));
    }
    await server.stop();
    expect(tags[0]).not.toBe(tags[1]);
  });
});
