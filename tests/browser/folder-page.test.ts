// What people see and do on the page of a folder, in a real browser against the whole application.

import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage, SLOW_FILE_BYTES } from "../support/folder-page.ts";
import { until } from "../support/patience.ts";

if (noBrowser !== null) console.warn("tests/browser/folder-page.test.ts " + noBrowser);

const TAKEN = "There is already a file with this name.";
const folder = new FolderPage();
const { inBrowser } = folder;

describe.skipIf(noBrowser !== null)("the list", () => {
  inBrowser("shows what is there, and its links lead there", async () => {
    await folder.open();
    expect(await folder.shownNames()).toEqual(["sub", "alpha.txt", `it's "100%" <b>&.txt`, "zebra.bin"]);
    expect(await folder.page.text("#count")).toBe("3 files, 1 folder, 1.5 kB");
    expect(await folder.page.read(`document.querySelector("#list .zone")`)).toBeNull();
    const odd = `[...document.querySelectorAll("tbody th a")].find((link) => link.textContent.startsWith("it")).href`;
    expect(await folder.page.read(`fetch(${odd}).then((response) => response.text())`)).toBe("odd");
    await folder.page.press("tbody .folder a");
    await folder.page.until(
      `location.pathname === "/files/sub/" && document.querySelector("h1")?.textContent === "sub"`,
    );
    expect(await folder.shownNames()).toEqual(["deep"]);
    await folder.page.press("tbody .up a");
    await folder.page.until(`location.pathname === "/files/" && document.querySelector("h1")?.textContent === "files"`);
  });

  inBrowser("filters while typing", async () => {
    await folder.open();
    const all = await folder.page.text("#count");
    await folder.page.press("#filter");
    await folder.page.view.type("ALPHA");
    expect(await folder.shownNames()).toEqual(["alpha.txt"]);
    expect(await folder.page.text("#count")).toBe("1 file, 5 B · 1 of 4 shown");
    await folder.page.view.type("<i>");
    expect(await folder.shownNames()).toEqual([]);
    expect(await folder.page.text("#no-match")).toBe("No name here contains “ALPHA<i>”. Show all");
    await folder.page.press("#no-match button");
    await folder.page.until(`document.querySelector("#no-match") === null`);
    expect(await folder.shownNames()).toHaveLength(4);
    expect(await folder.page.text("#count")).toBe(all);
  });

  inBrowser("that the server has filtered is widened while typing", async () => {
    await folder.open("/files/?filter=zeb");
    expect(await folder.shownNames()).toEqual(["zebra.bin"]);
    await folder.page.press("#filter");
    for (const _ of "zeb") await folder.page.view.press("Backspace");
    await folder.untilListed("alpha.txt");
    expect(await folder.shownNames()).toHaveLength(4);
  });

  inBrowser("keeps its order while one walks", async () => {
    await folder.open();
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("th[aria-sort=descending] button")?.dataset.column === "size"`);
    await folder.page.follow("tbody .folder a");
    await folder.page.until(`location.pathname === "/files/sub/"`);
    await folder.page.until(`document.querySelector("th[aria-sort=descending] button")?.dataset.column === "size"`);
    await folder.page.follow("tbody .up a");
    await folder.page.until(`location.pathname === "/files/" && location.search.includes("sort=size")`);
  });

  inBrowser("is sorted in place, with the filter and the keyboard kept", async () => {
    await folder.open("/files/?filter=a");
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("th[aria-sort=descending] button")?.dataset.column === "size"`);
    expect(await folder.shownNames()).toEqual(["zebra.bin", "alpha.txt"]);
    expect(await folder.page.read("location.search")).toBe("?sort=size&order=desc&filter=a");
    expect(await folder.page.read("document.activeElement.dataset.column")).toBe("size");
    await folder.page.view.press("Enter");
    await folder.page.until(`document.querySelector("th[aria-sort=ascending] button")?.dataset.column === "size"`);
    expect(await folder.shownNames()).toEqual(["alpha.txt", "zebra.bin"]);
  });

  inBrowser("saves a file without leaving the page", async () => {
    await folder.open();
    await folder.page.read(
      `HTMLAnchorElement.prototype.click = function () { globalThis.saved = [this.href, this.download]; }`,
    );
    await folder.page.press(`button[aria-label="Download alpha.txt"]`);
    await folder.page.until("globalThis.saved");
    expect(await folder.page.read("saved")).toEqual([
      `http://127.0.0.1:${folder.started!.port}/files/alpha.txt?download`,
      "",
    ]);
  });

  inBrowser("needs no sideways scrolling on a phone", async () => {
    writeFileSync(join(folder.served, "x".repeat(200) + ".txt"), "long");
    await folder.open();
    await folder.page.view.cdp("Emulation.setDeviceMetricsOverride", {
      width: 360,
      height: 700,
      deviceScaleFactor: 1,
      mobile: true,
    });
    expect(await folder.page.read("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });

  inBrowser("of a read-only folder offers no upload, and takes no drop", async () => {
    await folder.open("/files/", ["--read-only"]);
    expect(await folder.shownNames()).toHaveLength(4);
    expect(await folder.page.read(`document.querySelectorAll("#upload, [type=file]").length`)).toBe(0);
  });
});

describe.skipIf(noBrowser !== null)("uploads", () => {
  inBrowser("of two dropped files and a folder arrive, and the list shows them", async () => {
    await folder.open();
    const files = Array.from({ length: 120 }, (_, index) => folder.make(`tree/many/${index}.txt`, String(index)));
    await folder.page.drop(
      folder.make("one.txt", "one"),
      folder.make("two ü#?%.txt", "two"),
      folder.make("tree/empty", "") && join(folder.local, "tree"),
    );
    await folder.untilState("done", files.length + 3);
    await folder.untilListed("tree");
    expect(await folder.shownNames()).toContain("two ü#?%.txt");
    expect(readFileSync(join(folder.served, "two ü#?%.txt"), "utf8")).toBe("two");
    expect(readdirSync(join(folder.served, "tree/many"))).toHaveLength(120);
    expect(readFileSync(join(folder.served, "tree/empty"), "utf8")).toBe("");
    expect(await folder.page.text("#total-text")).toBe("123 files uploaded.");
    expect(await folder.page.text("#news")).toBe("123 files uploaded.");
  });

  inBrowser("of entries that a page made itself work too", async () => {
    await folder.open();
    await folder.page.read(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(["one"], "one.txt"));
      data.items.add(new File([""], "stands for a folder"));
      const file = { name: "inner.txt", isFile: true, file: (done) => done(new File(["inner"], "inner.txt")) };
      const broken = { name: "broken.txt", isFile: true, file: (_, fail) => fail(new Error("gone")) };
      const batches = [[file], [broken], []];
      const folder = { name: "folder", isFile: false, createReader: () => ({ readEntries: (done) => done(batches.shift()) }) };
      DataTransferItem.prototype.webkitGetAsEntry = function () {
        return this.getAsFile().name === "one.txt" ? null : folder;
      };
      document.querySelector("table").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    })()`);
    await folder.untilState("done", 2);
    await folder.untilListed("folder");
    expect(readFileSync(join(folder.served, "folder/inner.txt"), "utf8")).toBe("inner");
    expect(await folder.uploadRows()).toContainEqual([
      "folder/broken.txt",
      "refused",
      "The browser cannot read this file.",
    ]);
  });

  inBrowser("show their progress, warn before the page is left, and can be cancelled", async () => {
    await folder.open();
    await folder.slowDown();
    const leaves = `dispatchEvent(new Event("beforeunload", { cancelable: true }))`;
    expect(await folder.page.read(leaves)).toBe(true);
    await folder.page.drop(folder.make("slow.bin", SLOW_FILE_BYTES));
    await folder.page.until(`document.querySelector("#upload-list progress")?.value > 0.01`);
    expect((await folder.uploadRows())[0]![2]).toMatch(/^[\d.]+ [kM]B of 50\.0 MB$/);
    await folder.page.until(`document.querySelector("#total-text").textContent.includes("left")`);
    expect(await folder.page.text("#total-text")).toMatch(
      /^0.of.1.file · .+.of.50\.0.MB · .+B\/s · \d+.(?:s|min).left$/,
    );
    expect(await folder.page.read(leaves)).toBe(false);
    await folder.page.press("#upload-list [data-action=cancel]");
    await folder.untilState("cancelled");
    expect(await folder.page.read(leaves)).toBe(true);
    expect(existsSync(join(folder.served, "slow.bin"))).toBe(false);
    await folder.page.press("#upload-list [data-action=retry]");
    await folder.untilState("sending");
    await folder.page.press("#cancel-all");
    await folder.untilState("cancelled");
    expect(await folder.page.text("#total-text")).toBe("1 file left out.");
    await folder.page.press("#clear");
    expect(await folder.page.read("document.querySelector('#uploads').hidden")).toBe(true);
  });

  inBrowser("run three at a time, and the list can be sorted meanwhile", async () => {
    await folder.open();
    // As good as standing still.
    await folder.slowDown(1000);
    await folder.page.drop(...["a", "b", "c", "d"].map((name) => folder.make(name + ".bin", 300_000)));
    await folder.untilState("sending", 3);
    await folder.untilState("waiting", 1);
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("th[aria-sort] button").dataset.column === "size"`);
    await folder.speedUp();
    await folder.untilState("done", 4);
    await folder.untilListed("d.bin");
    expect((await folder.shownNames()).slice(0, 3)).toEqual(["sub", "a.bin", "b.bin"]);
  });

  const conflicts: [why: string, bytes: number][] = [
    ["small", 3],
    ["large", 2_000_000],
  ];
  for (const [why, bytes] of conflicts) {
    inBrowser(`of a ${why} file under a taken name ask before they replace`, async () => {
      await folder.open();
      await folder.page.drop(folder.make("alpha.txt", bytes));
      await folder.untilState("taken");
      expect(await folder.uploadRows()).toEqual([["alpha.txt", "taken", TAKEN]]);
      expect(readFileSync(join(folder.served, "alpha.txt"), "utf8")).toBe("alpha");
      await folder.page.press("#upload-list [data-action=replace]");
      await folder.untilState("done");
      expect(readFileSync(join(folder.served, "alpha.txt"))).toHaveLength(bytes);
    });
  }

  inBrowser("under taken names are replaced or skipped all at once", async () => {
    await folder.open();
    const both = [folder.make("alpha.txt", "a"), folder.make("zebra.bin", "z")];
    await folder.page.drop(...both);
    await folder.untilState("taken", 2);
    await folder.page.press("#skip-all");
    await folder.untilState("skipped", 2);
    expect(readFileSync(join(folder.served, "alpha.txt"), "utf8")).toBe("alpha");
    await folder.page.drop(...both);
    await folder.untilState("taken", 2);
    await folder.page.press("#replace-all");
    await folder.untilState("done", 2);
    expect(readFileSync(join(folder.served, "zebra.bin"), "utf8")).toBe("z");
  });

  inBrowser("under a taken name offer no replacing where the server forbids it", async () => {
    await folder.open("/files/", ["--on-duplicate", "error"]);
    await folder.page.drop(folder.make("alpha.txt", "other"));
    await folder.untilState("taken");
    expect(await folder.page.read("document.querySelector('#upload-list [data-action=replace]').hidden")).toBe(true);
    await folder.page.press("#upload-list [data-action=skip]");
    await folder.untilState("skipped");
  });

  inBrowser("under a taken name get another one with --on-duplicate rename", async () => {
    await folder.open("/files/", ["--on-duplicate", "rename"]);
    await folder.page.drop(folder.make("alpha.txt", "other"));
    await folder.untilState("done");
    const [, , line] = (await folder.uploadRows())[0]!;
    expect(line).toMatch(/^Uploaded as alpha.+\.txt$/);
    expect(readFileSync(join(folder.served, line.slice("Uploaded as ".length)), "utf8")).toBe("other");
  });

  inBrowser("that are too large are not sent", async () => {
    await folder.open("/files/", ["--max-body-size", "1K"]);
    await folder.page.drop(folder.make("large.bin", 1200));
    await folder.untilState("refused");
    const line = "This file has 1.2 kB; the server takes at most 1.02 kB.";
    expect(await folder.uploadRows()).toEqual([["large.bin", "refused", line]]);
    expect(folder.started!.observer.records.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  inBrowser("that the server refuses show its sentence, and can be tried again", async () => {
    await folder.open();
    writeFileSync(join(folder.served, "inner"), "a file");
    folder.make("inner/x.txt", "x");
    await folder.page.drop(join(folder.local, "inner"));
    await folder.untilState("failed");
    const line = "A file stands where this path needs a folder.";
    expect(await folder.uploadRows()).toEqual([["inner/x.txt", "failed", line]]);
    await folder.page.press("#upload-list [data-action=retry]");
    await folder.untilState("failed");
  });

  inBrowser("that reach no server say so", async () => {
    await folder.open();
    await folder.started!.stop();
    await folder.page.drop(folder.make("x.txt", "x"));
    await folder.untilState("failed");
    expect((await folder.uploadRows())[0]![2]).toStartWith("The upload broke off");
  });

  inBrowser("of an empty folder say that there is nothing, into an empty folder fill it", async () => {
    await folder.open("/files/sub/deep/");
    expect(await folder.page.text(".nothing")).toBe("This folder is empty.");
    mkdirSync(join(folder.local, "hollow"));
    await folder.page.drop(join(folder.local, "hollow"));
    await folder.page.until("!document.querySelector('#uploads').hidden");
    expect(await folder.page.text("#total-text")).toBe("There are no files in what was dropped.");
    await folder.page.drop(folder.make("x.txt", "x"));
    await folder.untilListed("x.txt");
    expect(await folder.page.read(`document.querySelectorAll(".nothing:not([hidden])").length`)).toBe(0);
    expect(await folder.page.read(`document.querySelector("#tools").hidden`)).toBe(false);
  });

  inBrowser("of chosen files go the same way", async () => {
    await folder.open();
    await folder.page.choose("#picked-files", folder.make("one.txt", "one"), folder.make("two.txt", "two"));
    await folder.untilState("done", 2);
    await folder.untilListed("two.txt");
  });
});

describe.skipIf(noBrowser !== null)("without scripts", () => {
  inBrowser("the list, its order, its filter and the upload form work", async () => {
    await folder.open();
    await folder.page.view.cdp("Emulation.setScriptExecutionDisabled", { value: true });
    await folder.open();
    expect(await folder.page.text("thead")).toContain("Modified (UTC)");
    expect(await folder.page.read(`document.querySelector("#choose")`)).toBeNull();
    await folder.page.read(`document.querySelector("#filter").value = "alpha"`);
    await folder.page.follow("#narrow button");
    await folder.page.until(
      `location.search === "?sort=name&order=asc&filter=alpha" && document.readyState === "complete"`,
    );
    expect(await folder.shownNames()).toEqual(["alpha.txt"]);
    await folder.page.follow("button[data-column=size]");
    await folder.page.until(
      `location.search === "?sort=size&order=desc&filter=alpha" && document.readyState === "complete"`,
    );
    await folder.page.follow("button[aria-label='Download alpha.txt']");
    const asked = (): string | undefined => folder.started!.observer.records.at(-1)?.target;
    await until(() => asked() === "/files/alpha.txt?download=");
    await folder.page.choose("#files", folder.make("one.txt", "one"), folder.make("two.txt", "two"));
    await folder.page.follow("#plain button");
    await folder.page.until(`location.search === "" && document.querySelectorAll("#list bdi").length > 5`);
    expect(await folder.shownNames()).toEqual([
      "sub",
      "alpha.txt",
      `it's "100%" <b>&.txt`,
      "one.txt",
      "two.txt",
      "zebra.bin",
    ]);
  });
});
