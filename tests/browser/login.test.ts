// What a person meets on the way in: the browser's page about a certificate that it does not know, its question for a
// name and a password, and the page behind them.

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrowserPage, noBrowser } from "../support/browser.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

if (noBrowser !== null) console.warn(noBrowser);

type Credentials = readonly [name: string, password: string];

/** Answers the browser's question with these, one after the other; when they are used up it is cancelled. */
async function logIn(page: BrowserPage, ...answers: readonly Credentials[]): Promise<{ asked: number }> {
  const told = { asked: 0 };
  const { view } = page;
  view.addEventListener<{ requestId: string }>("Fetch.authRequired", ({ data: { requestId } }) => {
    const [username, password] = answers[told.asked++] ?? [];
    const response = username === undefined ? "CancelAuth" : "ProvideCredentials";
    void view.cdp("Fetch.continueWithAuth", {
      requestId,
      authChallengeResponse: username === undefined ? { response } : { response, username, password },
    });
  });
  view.addEventListener<{ requestId: string }>("Fetch.requestPaused", ({ data: { requestId } }) => {
    void view.cdp("Fetch.continueRequest", { requestId });
  });
  await view.cdp("Fetch.enable", { handleAuthRequests: true, patterns: [{ resourceType: "Document" }] });
  return told;
}

/** One that can be told things before it goes anywhere. */
async function blankPage(): Promise<BrowserPage> {
  const page = new BrowserPage();
  await page.view.navigate("about:blank");
  return page;
}

describe.skipIf(noBrowser !== null)("on the way in", () => {
  const folder = tempFolder();
  const served = join(folder.path, "served");
  const file = join(folder.path, "photo.txt");
  let page: BrowserPage;
  let server: RunningProgram;
  mkdirSync(served);
  writeFileSync(join(served, "there.txt"), "there");
  writeFileSync(file, "a photo");
  beforeEach(async () => {
    page = new BrowserPage();
    const rights = ["--auth", "ada:right@/:rw", "--anonymous", "none@/"];
    await page.view.navigate("about:blank");
    server = await RunningProgram.start(["--host", "127.0.0.1", "--tls", "self-signed", ...rights, served]);
  });
  afterEach(async () => {
    page[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  afterAll(() => folder[Symbol.dispose]());
  const address = (): string => `https://127.0.0.1:${server.port}/files/`;
  const acceptCertificate = (): Promise<unknown> =>
    page.view.cdp("Security.setIgnoreCertificateErrors", { ignore: true });

  test("the browser warns of the certificate, and goes on when it is told to", async () => {
    await page.view.navigate(address()).catch(() => {});
    await page.until(`document.body?.innerText.includes("ERR_CERT_AUTHORITY_INVALID")`);
    page[Symbol.dispose]();
    page = await blankPage();
    await acceptCertificate();
    const told = await logIn(page, ["ada", "right"]);
    await page.open(address());
    await page.until(`document.querySelector("a[href='there.txt']") !== null`);
    expect(told.asked).toBe(1);
    expect(await page.text("#who")).toBe("Logged in as ada");
  });

  test("whoever gives up sees a page that says what is needed, with a way on", async () => {
    await acceptCertificate();
    await logIn(page);
    await page.open(address());
    await page.until(`document.body?.innerText.includes("This needs a login")`);
    expect(await page.read<string>("document.title")).toContain("Unauthorized");
    expect(await page.read<number>("document.querySelectorAll('a[href]').length")).toBeGreaterThan(0);
  });

  test("whoever errs is asked again, and then reads, sends and stays who he is", async () => {
    await acceptCertificate();
    const told = await logIn(page, ["ada", "wrong"], ["ada", "right"]);
    await page.open(address());
    await page.until(`document.querySelector("a[href='there.txt']") !== null`);
    expect(told.asked).toBe(2);
    await page.choose("#picked-files", file);
    await page.until(`document.querySelector("a[href='photo.txt']") !== null`);
    expect(existsSync(join(served, "photo.txt"))).toBe(true);
    expect(readFileSync(join(served, "photo.txt"), "utf8")).toBe("a photo");
    await page.open(address() + "there.txt");
    await page.until(`document.body?.innerText === "there"`);
    expect(told.asked).toBe(2);
    await server.untilLog((log) => /Login failed for "ada" from 127\.0\.0\.1\./.test(log));
    expect(page.complaints).toEqual([]);
  });
});
