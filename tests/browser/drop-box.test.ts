// A drop box as people use it, and the pages of refusals, in a real browser.

import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage } from "../support/folder-page.ts";

if (noBrowser !== null) console.warn("tests/browser/drop-box.test.ts " + noBrowser);

const folder = new FolderPage();
const { inBrowser } = folder;
const BOX = ["--upload-only"];

describe.skipIf(noBrowser !== null)("a drop box", () => {
  for (const path of ["/", "/files/"]) {
    inBrowser(`takes files and folders at ${path}, also under names that are taken, and asks for more`, async () => {
      await folder.open(path, BOX);
      expect(await folder.page.text("#choose-files")).toBe("Choose files");
      folder.make("tree/inner.txt", "inner");
      await folder.page.drop(
        folder.make("alpha.txt", "other"),
        folder.make("large.bin", 1_500_000),
        join(folder.local, "tree"),
      );
      await folder.untilState("done", 3);
      expect(await folder.page.text("#total-text")).toBe("3 files sent.");
      expect(await folder.page.text("#choose-files")).toBe("Send more");
      expect((await folder.uploadRows()).map(([, , line]) => line)).toEqual(["Sent", "Sent", "Sent"]);
      expect(readFileSync(join(folder.served, "alpha.txt"), "utf8")).toBe("alpha");
      expect(readFileSync(join(folder.served, "tree/inner.txt"), "utf8")).toBe("inner");
      expect(readdirSync(folder.served).filter((name) => name.startsWith("alpha"))).toHaveLength(2);
    });
  }

  inBrowser("says why a file is too large, before it is sent", async () => {
    await folder.open("/files/", [...BOX, "--max-body-size", "1K"]);
    await folder.page.drop(folder.make("large.bin", 1200));
    await folder.untilState("refused");
    expect((await folder.uploadRows())[0]![2]).toBe("This file has 1.2 kB; the server takes at most 1.02 kB.");
    expect(existsSync(join(folder.served, "large.bin"))).toBe(false);
  });

  inBrowser("works without scripts", async () => {
    await folder.open("/", BOX);
    await folder.page.view.cdp("Emulation.setScriptExecutionDisabled", { value: true });
    await folder.open("/");
    await folder.page.choose("#files", folder.make("one.txt", "one"), folder.make("two.txt", "two"));
    await folder.page.follow("#plain button");
    await folder.page.until(`document.querySelector("h1")?.textContent === "2 files sent"`);
    await folder.page.follow("main a");
    await folder.page.until(`location.pathname === "/files/" && document.querySelector("#plain") !== null`);
    expect(readFileSync(join(folder.served, "two.txt"), "utf8")).toBe("two");
  });

  for (const [width, fontPx] of [
    [320, 24],
    [375, 16],
  ] as const) {
    inBrowser(`needs no sideways scrolling ${width} px wide with letters of ${fontPx} px`, async () => {
      await folder.open("/", BOX);
      await folder.resize(width, true);
      await folder.page.view.cdp("Page.setFontSizes", { fontSizes: { standard: fontPx, fixed: fontPx } });
      await folder.open("/");
      await folder.page.drop(folder.make("z".repeat(120) + ".txt", "z"));
      await folder.untilState("done");
      expect(await folder.page.read<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    });
  }
});

describe.skipIf(noBrowser !== null)("the page of a refusal", () => {
  inBrowser("leads to the folder, which is there", async () => {
    await folder.open("/files/sub/no/such.txt");
    expect(await folder.page.text("h1")).toBe("Not Found");
    await folder.page.follow("main li:nth-last-child(2) a");
    await folder.page.until(`location.pathname === "/files/" && document.querySelector("#list") !== null`);
  });

  inBrowser("needs no sideways scrolling at 320 px", async () => {
    await folder.open("/files/" + "x".repeat(200));
    await folder.resize(320, true);
    await folder.open("/files/" + "x".repeat(200));
    expect(await folder.page.read<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  });
});
