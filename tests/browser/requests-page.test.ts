// The live page of the recorder, in a real browser.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { application } from "../support/app.ts";
import { BrowserPage, noBrowser } from "../support/browser.ts";
import { ask } from "../support/endpoint-client.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";

if (noBrowser !== null) console.warn("tests/browser/requests-page.test.ts " + noBrowser);

describe.skipIf(noBrowser !== null)("/-/requests.html", () => {
  let started: StartedServer;
  let page: BrowserPage;
  beforeAll(async () => {
    started = startServer(application(null, "--testing"));
    page = new BrowserPage(700, 600);
    await page.open(`http://localhost:${started.port}/-/requests.html`);
    await page.until("document.querySelector('#state').textContent.startsWith('waiting')");
  });
  afterAll(async () => {
    page[Symbol.dispose]();
    await started.stop();
  });

  test("shows each request as it comes, the newest first, and all of it to whoever opens it", async () => {
    await ask(started.port, "POST", "/post?a=%3Cb%3E", {
      fields: "X-Odd: <i>\r\nCookie: a=b\r\n",
      body: "<script>1</script>",
    });
    await ask(started.port, "GET", "/status/503");
    await page.until("document.querySelectorAll('details').length === 2");
    expect(await page.text("details:first-child summary")).toMatch(/GET\s+\/status\/503\s+503/);
    await page.follow("details:last-child summary");
    await page.until("document.querySelector('details:last-child pre').textContent !== ''");
    const text = await page.text("details:last-child pre");
    expect(text).toStartWith("POST /post?a=%3Cb%3E HTTP/1.1\nHost: example.test\nX-Odd: <i>\nCookie: [masked]\n");
    expect(text).toContain("\n<script>1</script>\n");
    expect(await page.read<number>("document.querySelectorAll('pre i, pre script').length")).toBe(0);
  });

  test("is emptied with a button, and goes on", async () => {
    await page.press("#clear");
    await page.until("document.querySelectorAll('details').length === 0");
    await ask(started.port, "GET", "/uuid");
    await page.until("document.querySelectorAll('details').length === 1");
    expect(page.complaints).toEqual([]);
  });

  test("fits a narrow window, in the light and in the dark", async () => {
    for (const value of ["light", "dark"]) {
      await page.view.cdp("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
      const [ink, ground] = await page.read<string[]>(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]",
      );
      expect(ink).not.toBe(ground);
      expect(await page.read<boolean>("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
  });
});
