// What people see and do on the page of a folder, in a real browser against the whole application.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "../support/app.ts";
import { BrowserPage, noBrowser } from "../support/browser.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

if (noBrowser !== null) console.warn("tests/browser/folder-page.test.ts " + noBrowser);

const TEST_MS = 30_000;
const TAKEN = "There is already a file with this name.";
const SLOW_BYTES_PER_SECOND = 1_000_000;

let outer: ReturnType<typeof tempFolder>;
let served: string;
/** Where the files lie that are dropped. */
let local: string;
let started: StartedServer | null;
let page: BrowserPage;

beforeEach(() => {
  outer = tempFolder();
  served = join(outer.path, "served");
  local = join(outer.path, "local");
  mkdirSync(join(served, "sub/deep"), { recursive: true });
  mkdirSync(local);
  writeFileSync(join(served, "alpha.txt"), "alpha");
  writeFileSync(join(served, `it's "100%" <b>&.txt`), "odd");
  writeFileSync(join(served, "zebra.bin"), Buffer.alloc(1500));
  utimesSync(join(served, "alpha.txt"), 1e9, 1e9);
});
afterEach(async () => {
  await started?.stop();
  started = null;
  outer[Symbol.dispose]();
});

/** A file to drop. */
function make(name: string, content: string | number): string {
  const path = join(local, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : Buffer.alloc(content));
  return path;
}

/** Opens a folder's page on a server with these flags. */
async function open(path = "/files/", flags: readonly string[] = []): Promise<void> {
  started ??= startServer(application(served, ...flags));
  await page.open(`http://127.0.0.1:${started.port}${path}`);
}

async function slowDown(): Promise<void> {
  await page.view.cdp("Network.enable");
  const speed = { downloadThroughput: -1, uploadThroughput: SLOW_BYTES_PER_SECOND };
  await page.view.cdp("Network.emulateNetworkConditions", { offline: false, latency: 0, ...speed });
}

const shownNames = (): Promise<string[]> =>
  page.read(`[...document.querySelectorAll("#list tbody tr:not([hidden]) bdi")].map((name) => name.textContent)`);

const uploadRows = (): Promise<[name: string, state: string, line: string][]> =>
  page.read(
    `[...document.querySelectorAll("#upload-list li")].map((row) => [row.querySelector(".name").textContent, row.dataset.state, row.querySelector(".state").textContent])`,
  );

const untilState = (state: string, count = 1): Promise<void> =>
  page.until(`document.querySelectorAll('#upload-list [data-state="${state}"]').length === ${count}`);

/** Waits for a row of the list. */
const untilListed = (name: string): Promise<void> =>
  page.until(
    `[...document.querySelectorAll("#list bdi")].some((each) => each.textContent === ${JSON.stringify(name)})`,
  );

/** One page a test, which must not complain. */
function inBrowser(name: string, body: () => Promise<void>): void {
  test(
    name,
    async () => {
      using opened = new BrowserPage();
      page = opened;
      await body();
      expect(page.complaints).toEqual([]);
    },
    TEST_MS,
  );
}

describe.skipIf(noBrowser !== null)("the list", () => {
  inBrowser("shows what is there, and its links lead there", async () => {
    await open();
    expect(await shownNames()).toEqual(["sub", "alpha.txt", `it's "100%" <b>&.txt`, "zebra.bin"]);
    expect(await page.text("#count")).toBe("3 files, 1 folder, 1.5 kB");
    expect(await page.read(`document.querySelector("#list .zone")`)).toBeNull();
    const odd = `[...document.querySelectorAll("tbody th a")].find((link) => link.textContent.startsWith("it")).href`;
    expect(await page.read(`fetch(${odd}).then((response) => response.text())`)).toBe("odd");
    await page.press("tbody .folder a");
    await page.until(`location.pathname === "/files/sub/" && document.querySelector("h1")?.textContent === "sub"`);
    expect(await shownNames()).toEqual(["deep"]);
    await page.press("tbody .up a");
    await page.until(`location.pathname === "/files/" && document.querySelector("h1")?.textContent === "files"`);
  });

  inBrowser("filters while typing", async () => {
    await open();
    const all = await page.text("#count");
    await page.press("#filter");
    await page.view.type("ALPHA");
    expect(await shownNames()).toEqual(["alpha.txt"]);
    expect(await page.text("#count")).toBe("1 file, 5 B · 1 of 4 shown");
    await page.view.type("<i>");
    expect(await shownNames()).toEqual([]);
    expect(await page.text("#no-match")).toBe("No name here contains “ALPHA<i>”. Show all");
    await page.press("#no-match button");
    await page.until(`document.querySelector("#no-match") === null`);
    expect(await shownNames()).toHaveLength(4);
    expect(await page.text("#count")).toBe(all);
  });

  inBrowser("that the server has filtered is widened while typing", async () => {
    await open("/files/?filter=zeb");
    expect(await shownNames()).toEqual(["zebra.bin"]);
    await page.press("#filter");
    for (const _ of "zeb") await page.view.press("Backspace");
    await untilListed("alpha.txt");
    expect(await shownNames()).toHaveLength(4);
  });

  inBrowser("is sorted in place, with the filter and the keyboard kept", async () => {
    await open("/files/?filter=a");
    await page.press(`thead button[data-column="size"]`);
    await page.until(`document.querySelector("th[aria-sort=descending] button")?.dataset.column === "size"`);
    expect(await shownNames()).toEqual(["zebra.bin", "alpha.txt"]);
    expect(await page.read("location.search")).toBe("?sort=size&order=desc&filter=a");
    expect(await page.read("document.activeElement.dataset.column")).toBe("size");
    await page.view.press("Enter");
    await page.until(`document.querySelector("th[aria-sort=ascending] button")?.dataset.column === "size"`);
    expect(await shownNames()).toEqual(["alpha.txt", "zebra.bin"]);
  });

  inBrowser("saves a file without leaving the page", async () => {
    await open();
    await page.read(
      `HTMLAnchorElement.prototype.click = function () { globalThis.saved = [this.href, this.download]; }`,
    );
    await page.press(`button[aria-label="Download alpha.txt"]`);
    await page.until("globalThis.saved");
    expect(await page.read("saved")).toEqual([`http://127.0.0.1:${started!.port}/files/alpha.txt?download`, ""]);
  });

  inBrowser("needs no sideways scrolling on a phone", async () => {
    writeFileSync(join(served, "x".repeat(200) + ".txt"), "long");
    await open();
    await page.view.cdp("Emulation.setDeviceMetricsOverride", {
      width: 360,
      height: 700,
      deviceScaleFactor: 1,
      mobile: true,
    });
    expect(await page.read("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });

  inBrowser("of a read-only folder offers no upload, and takes no drop", async () => {
    await open("/files/", ["--read-only"]);
    expect(await shownNames()).toHaveLength(4);
    expect(await page.read(`document.querySelectorAll("#upload, [type=file]").length`)).toBe(0);
  });
});

describe.skipIf(noBrowser !== null)("uploads", () => {
  inBrowser("of two dropped files and a folder arrive, and the list shows them", async () => {
    await open();
    const files = Array.from({ length: 120 }, (_, index) => make(`tree/many/${index}.txt`, String(index)));
    await page.drop(make("one.txt", "one"), make("two ü#?%.txt", "two"), make("tree/empty", "") && join(local, "tree"));
    await untilState("done", files.length + 3);
    await untilListed("tree");
    expect(await shownNames()).toContain("two ü#?%.txt");
    expect(readFileSync(join(served, "two ü#?%.txt"), "utf8")).toBe("two");
    expect(readdirSync(join(served, "tree/many"))).toHaveLength(120);
    expect(readFileSync(join(served, "tree/empty"), "utf8")).toBe("");
    expect(await page.text("#total-text")).toBe("123 files uploaded.");
    expect(await page.text("#news")).toBe("123 files uploaded.");
  });

  inBrowser("of entries that a page made itself work too", async () => {
    await open();
    await page.read(`(() => {
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
    await untilState("done", 2);
    await untilListed("folder");
    expect(readFileSync(join(served, "folder/inner.txt"), "utf8")).toBe("inner");
    expect(await uploadRows()).toContainEqual(["folder/broken.txt", "refused", "The browser cannot read this file."]);
  });

  inBrowser("show their progress, warn before the page is left, and can be cancelled", async () => {
    await open();
    await slowDown();
    const leaves = `dispatchEvent(new Event("beforeunload", { cancelable: true }))`;
    expect(await page.read(leaves)).toBe(true);
    await page.drop(make("slow.bin", 4_000_000));
    await page.until(`document.querySelector("#upload-list progress")?.value > 0.1`);
    expect((await uploadRows())[0]![2]).toMatch(/^[\d.]+ [kM]B of 4\.0 MB$/);
    await page.until(`document.querySelector("#total-text").textContent.includes("left")`);
    expect(await page.text("#total-text")).toMatch(/^0.of.1.file · .+.of.4\.0.MB · .+B\/s · \d+.s.left$/);
    expect(await page.read(leaves)).toBe(false);
    await page.press("#upload-list [data-action=cancel]");
    await untilState("cancelled");
    expect(await page.read(leaves)).toBe(true);
    expect(existsSync(join(served, "slow.bin"))).toBe(false);
    await page.press("#upload-list [data-action=retry]");
    await untilState("sending");
    await page.press("#cancel-all");
    await untilState("cancelled");
    expect(await page.text("#total-text")).toBe("1 file left out.");
    await page.press("#clear");
    expect(await page.read("document.querySelector('#uploads').hidden")).toBe(true);
  });

  inBrowser("run three at a time, and the list can be sorted meanwhile", async () => {
    await open();
    await slowDown();
    await page.drop(...["a", "b", "c", "d"].map((name) => make(name + ".bin", 300_000)));
    await untilState("sending", 3);
    await untilState("waiting", 1);
    await page.press(`thead button[data-column="size"]`);
    await page.until(`document.querySelector("th[aria-sort] button").dataset.column === "size"`);
    await untilState("done", 4);
    await untilListed("d.bin");
    expect((await shownNames()).slice(0, 3)).toEqual(["sub", "a.bin", "b.bin"]);
  });

  const conflicts: [why: string, bytes: number][] = [
    ["small", 3],
    ["large", 2_000_000],
  ];
  for (const [why, bytes] of conflicts) {
    inBrowser(`of a ${why} file under a taken name ask before they replace`, async () => {
      await open();
      await page.drop(make("alpha.txt", bytes));
      await untilState("taken");
      expect(await uploadRows()).toEqual([["alpha.txt", "taken", TAKEN]]);
      expect(readFileSync(join(served, "alpha.txt"), "utf8")).toBe("alpha");
      await page.press("#upload-list [data-action=replace]");
      await untilState("done");
      expect(readFileSync(join(served, "alpha.txt"))).toHaveLength(bytes);
    });
  }

  inBrowser("under taken names are replaced or skipped all at once", async () => {
    await open();
    const both = [make("alpha.txt", "a"), make("zebra.bin", "z")];
    await page.drop(...both);
    await untilState("taken", 2);
    await page.press("#skip-all");
    await untilState("skipped", 2);
    expect(readFileSync(join(served, "alpha.txt"), "utf8")).toBe("alpha");
    await page.drop(...both);
    await untilState("taken", 2);
    await page.press("#replace-all");
    await untilState("done", 2);
    expect(readFileSync(join(served, "zebra.bin"), "utf8")).toBe("z");
  });

  inBrowser("under a taken name offer no replacing where the server forbids it", async () => {
    await open("/files/", ["--on-duplicate", "error"]);
    await page.drop(make("alpha.txt", "other"));
    await untilState("taken");
    expect(await page.read("document.querySelector('#upload-list [data-action=replace]').hidden")).toBe(true);
    await page.press("#upload-list [data-action=skip]");
    await untilState("skipped");
  });

  inBrowser("under a taken name get another one with --on-duplicate rename", async () => {
    await open("/files/", ["--on-duplicate", "rename"]);
    await page.drop(make("alpha.txt", "other"));
    await untilState("done");
    const [, , line] = (await uploadRows())[0]!;
    expect(line).toMatch(/^Uploaded as alpha.+\.txt$/);
    expect(readFileSync(join(served, line.slice("Uploaded as ".length)), "utf8")).toBe("other");
  });

  inBrowser("that are too large are not sent", async () => {
    await open("/files/", ["--max-body-size", "1K"]);
    await page.drop(make("large.bin", 1200));
    await untilState("refused");
    const line = "This file has 1.2 kB; the server takes at most 1 KiB.";
    expect(await uploadRows()).toEqual([["large.bin", "refused", line]]);
    expect(started!.observer.records.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  inBrowser("that the server refuses show its sentence, and can be tried again", async () => {
    await open();
    writeFileSync(join(served, "inner"), "a file");
    make("inner/x.txt", "x");
    await page.drop(join(local, "inner"));
    await untilState("failed");
    const line = "A file stands where this path needs a folder.";
    expect(await uploadRows()).toEqual([["inner/x.txt", "failed", line]]);
    await page.press("#upload-list [data-action=retry]");
    await untilState("failed");
  });

  inBrowser("that reach no server say so", async () => {
    await open();
    await started!.stop();
    await page.drop(make("x.txt", "x"));
    await untilState("failed");
    expect((await uploadRows())[0]![2]).toStartWith("The upload broke off");
  });

  inBrowser("of an empty folder say that there is nothing, into an empty folder fill it", async () => {
    await open("/files/sub/deep/");
    expect(await page.text(".nothing")).toBe("This folder is empty.");
    mkdirSync(join(local, "hollow"));
    await page.drop(join(local, "hollow"));
    await page.until("!document.querySelector('#uploads').hidden");
    expect(await page.text("#total-text")).toBe("There are no files in what was dropped.");
    await page.drop(make("x.txt", "x"));
    await untilListed("x.txt");
    expect(await page.read(`document.querySelectorAll(".nothing:not([hidden])").length`)).toBe(0);
    expect(await page.read(`document.querySelector("#tools").hidden`)).toBe(false);
  });

  inBrowser("of chosen files go the same way", async () => {
    await open();
    await page.choose("#picked-files", make("one.txt", "one"), make("two.txt", "two"));
    await untilState("done", 2);
    await untilListed("two.txt");
  });
});

describe.skipIf(noBrowser !== null)("without scripts", () => {
  inBrowser("the list, its order, its filter and the upload form work", async () => {
    await open();
    await page.view.cdp("Emulation.setScriptExecutionDisabled", { value: true });
    await open();
    expect(await page.text("thead")).toContain("Modified (UTC)");
    expect(await page.read(`document.querySelector("#choose")`)).toBeNull();
    await page.read(`document.querySelector("#filter").value = "alpha"`);
    await page.follow("#narrow button");
    await page.until(`location.search === "?sort=name&order=asc&filter=alpha" && document.readyState === "complete"`);
    expect(await shownNames()).toEqual(["alpha.txt"]);
    await page.follow("button[data-column=size]");
    await page.until(`location.search === "?sort=size&order=desc&filter=alpha" && document.readyState === "complete"`);
    await page.follow("button[aria-label='Download alpha.txt']");
    const asked = (): string | undefined => started!.observer.records.at(-1)?.target;
    for (let tries = 0; tries < 100 && asked() !== "/files/alpha.txt?download="; tries++) await Bun.sleep(20);
    expect(asked()).toBe("/files/alpha.txt?download=");
    await page.choose("#files", make("one.txt", "one"), make("two.txt", "two"));
    await page.follow("#plain button");
    await page.until(`location.search === "" && document.querySelectorAll("#list bdi").length > 5`);
    expect(await shownNames()).toEqual(["sub", "alpha.txt", `it's "100%" <b>&.txt`, "one.txt", "two.txt", "zebra.bin"]);
  });
});
