// The page of a folder on screens that are small, enlarged, touched, or in colours that the system sets.

import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage, SLOW_FILE_BYTES } from "../support/folder-page.ts";

if (noBrowser !== null) console.warn("tests/browser/folder-screens.test.ts " + noBrowser);

const folder = new FolderPage();
const { inBrowser } = folder;
const MIN_TARGET_PX = 44;

/** What reaches over the right edge of the page, and may be seen there. */
const TOO_WIDE = `[...document.querySelectorAll("body *")]
  .filter((each) => each.checkVisibility() && each.closest(".unseen") === null && each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80))`;

describe.skipIf(noBrowser !== null)("no sideways scrolling", () => {
  const screens: [why: string, width: number, fontPx: number][] = [
    ["320 px wide", 320, 16],
    ["320 px wide with larger fonts", 320, 24],
    ["360 px wide with fonts twice as large", 360, 32],
    ["a desktop with fonts twice as large", 1280, 32],
    ["a tablet with larger fonts", 800, 24],
  ];
  for (const [why, width, fontPx] of screens) {
    inBrowser(`on a screen ${why}`, async () => {
      const deep = join(folder.served, "a folder with a long name/" + "y".repeat(80));
      mkdirSync(deep, { recursive: true });
      writeFileSync(join(deep, "x".repeat(200) + ".txt"), "long");
      writeFileSync(join(deep, "large.bin"), Buffer.alloc(999_400));
      await folder.open();
      await folder.resize(width, width < 500);
      await folder.page.view.cdp("Page.setFontSizes", { fontSizes: { standard: fontPx, fixed: fontPx } });
      for (const path of ["/files/", "/files/a%20folder%20with%20a%20long%20name/" + "y".repeat(80) + "/"]) {
        await folder.open(path);
        await folder.page.drop(folder.make("z".repeat(120) + ".txt", "z"), folder.make("alpha.txt", "a"));
        await folder.page.until(`document.querySelector("#total-text").textContent.includes("uploaded")`);
        expect(await folder.page.read<string[]>(TOO_WIDE)).toEqual([]);
        expect(await folder.page.read<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
        const skip = `document.querySelector("#upload-list [data-action=skip]:not([hidden])")?.click()`;
        await folder.page.read(skip);
        expect(await folder.mayLeave()).toBe(true);
      }
    });
  }
});

describe.skipIf(noBrowser !== null)("on a phone", () => {
  inBrowser("what is touched is 44 px high and wide", async () => {
    writeFileSync(join(folder.served, "a"), "");
    await folder.open();
    await folder.resize(375, true);
    await folder.open();
    await folder.page.drop(folder.make("alpha.txt", "a"));
    await folder.untilState("taken");
    const small = `[...document.querySelectorAll("button, input:not([type=hidden]), tbody a")]
      .filter((each) => each.checkVisibility())
      .map((each) => {
        const { left, top, width, height } = each.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        scrollTo(0, y + scrollY - 300);
        const at = each.getBoundingClientRect();
        const isHit = (dx, dy) => each.contains(document.elementFromPoint(at.left + at.width / 2 + dx, at.top + at.height / 2 + dy));
        const reach = (dx, dy) => { let far = 0; while (far < 60 && isHit(dx * far, dy * far)) far++; return far; };
        return [each.outerHTML.slice(0, 90), reach(-1, 0) + reach(1, 0), reach(0, -1) + reach(0, 1)];
      })
      .filter(([, width, height]) => width < ${MIN_TARGET_PX} || height < ${MIN_TARGET_PX})`;
    expect(await folder.page.read<unknown[]>(small)).toEqual([]);
  });

  inBrowser("a touch beside the name, on its row, opens it", async () => {
    await folder.open();
    await folder.resize(375, true);
    await folder.open();
    const beside = `(() => {
      const { right, bottom, left } = document.querySelector("tbody .folder").getBoundingClientRect();
      return document.elementFromPoint((left + right) / 2, bottom - 4).closest("a")?.getAttribute("href");
    })()`;
    expect(await folder.page.read<string>(beside)).toBe("sub/");
    const save = `(() => {
      const button = document.querySelector("tbody button");
      const { left, top, width, height } = button.getBoundingClientRect();
      return document.elementFromPoint(left + width / 2, top + height / 2) === button;
    })()`;
    expect(await folder.page.read<boolean>(save)).toBe(true);
  });
});

describe.skipIf(noBrowser !== null)("in colours that the system forces", () => {
  const icons: [why: string, selector: string][] = [
    ["a folder's icon", "tbody .folder th a"],
    ["a file's icon", "tbody tr:not(.folder) th a"],
    ["the button that saves", "tbody .get"],
  ];
  inBrowser("icons are seen", async () => {
    await folder.open();
    const features = [{ name: "forced-colors", value: "active" }];
    await folder.page.view.cdp("Emulation.setEmulatedMedia", { features });
    expect(await folder.page.read<boolean>(`matchMedia("(forced-colors: active)").matches`)).toBe(true);
    const paper = await folder.page.read<string>("getComputedStyle(document.body).backgroundColor");
    for (const [why, selector] of icons) {
      const colour = `getComputedStyle(document.querySelector(${JSON.stringify(selector)}), "::before").backgroundColor`;
      expect([why, await folder.page.read<string>(colour)]).not.toEqual([why, paper]);
    }
    await folder.slowDown();
    await folder.page.drop(folder.make("slow.bin", SLOW_FILE_BYTES));
    await folder.page.until(`document.querySelector("#total-bar").value > 0.01`);
    const bar = `getComputedStyle(document.querySelector("#total-bar")).borderTopWidth`;
    expect(await folder.page.read<string>(bar)).not.toBe("0px");
    await folder.page.press("#cancel-all");
    await folder.untilState("cancelled");
  });
});
