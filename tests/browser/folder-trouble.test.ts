// The page of a folder when things go wrong or are unusual: a server that is away, files that wait for a decision, names
// that read differently than they are.

import { describe, expect } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage, SLOW_FILE_BYTES } from "../support/folder-page.ts";

if (noBrowser !== null) console.warn("tests/browser/folder-trouble.test.ts " + noBrowser);

const folder = new FolderPage();
const { inBrowser } = folder;
const AWAY = "The list could not be fetched anew: the server cannot be reached.";

describe.skipIf(noBrowser !== null)("while the server is away", () => {
  inBrowser("a click on a column leaves the page and its failed uploads as they are", async () => {
    await folder.open();
    await folder.started!.stop();
    await folder.page.drop(folder.make("x.txt", "x"));
    await folder.untilState("failed");
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("#stale")`);
    expect(await folder.page.text("#stale")).toBe(AWAY + " Try again");
    expect(await folder.shownNames()).toHaveLength(4);
    expect(await folder.uploadRows()).toHaveLength(1);
    expect(await folder.page.read("location.search")).toBe("");
  });

  inBrowser("a filter that widens says that rows are missing, and finds them later", async () => {
    await folder.open("/files/?filter=zeb");
    const { port } = folder.started!;
    await folder.page.view.cdp("Network.enable");
    const network = (offline: boolean): Promise<unknown> =>
      folder.page.view.cdp("Network.emulateNetworkConditions", {
        offline,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      });
    await network(true);
    await folder.page.press("#filter");
    for (const _ of "zeb") await folder.page.view.press("Backspace");
    await folder.page.until(`document.querySelector("#stale")`);
    await network(false);
    await folder.page.press("#stale button");
    await folder.untilListed("alpha.txt");
    expect(await folder.page.read(`document.querySelector("#stale")`)).toBeNull();
    expect(folder.started!.port).toBe(port);
  });

  inBrowser("an answer that is no list is told by its status", async () => {
    await folder.open("/files/sub/");
    rmSync(join(folder.served, "sub"), { recursive: true });
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("#stale")`);
    expect(await folder.page.text("#stale")).toStartWith("The list could not be fetched anew: the server answers 404");
    expect(await folder.shownNames()).toEqual(["deep"]);
  });
});

describe.skipIf(noBrowser !== null)("uploads that wait for a decision", () => {
  inBrowser("are asked about before the page is left, until they have one", async () => {
    await folder.open();
    expect(await folder.mayLeave()).toBe(true);
    await folder.page.drop(folder.make("alpha.txt", "a"));
    await folder.untilState("taken");
    expect(await folder.mayLeave()).toBe(false);
    await folder.page.press("#upload-list [data-action=skip]");
    await folder.untilState("skipped");
    expect(await folder.mayLeave()).toBe(true);
  });

  inBrowser("that failed are asked about too", async () => {
    await folder.open();
    writeFileSync(join(folder.served, "inner"), "a file");
    folder.make("inner/x.txt", "x");
    await folder.page.drop(join(folder.local, "inner"));
    await folder.untilState("failed");
    expect(await folder.mayLeave()).toBe(false);
    await folder.page.press("#upload-list [data-action=skip]");
    await folder.untilState("skipped");
    expect(await folder.mayLeave()).toBe(true);
  });

  inBrowser("stay when the list of uploads is cleared", async () => {
    await folder.open();
    await folder.page.drop(folder.make("alpha.txt", "a"), folder.make("new.txt", "n"));
    await folder.untilState("taken");
    await folder.untilState("done");
    await folder.page.press("#clear");
    expect((await folder.uploadRows()).map(([name]) => name)).toEqual(["alpha.txt"]);
    expect(await folder.page.read(`document.querySelector("#clear").hidden`)).toBe(true);
    await folder.page.press("#upload-list [data-action=replace]");
    await folder.untilState("done");
    await folder.page.press("#clear");
    expect(await folder.page.read(`document.querySelector("#uploads").hidden`)).toBe(true);
  });

  inBrowser("stand in the order in which they were added, above the others", async () => {
    await folder.open();
    const names = Array.from({ length: 12 }, (_, index) => `taken ${String(index).padStart(2, "0")}.txt`);
    for (const name of names) writeFileSync(join(folder.served, name), "");
    const mixed = names.flatMap((name) => [folder.make("fresh " + name, "f"), folder.make(name, "t")]);
    await folder.page.drop(...mixed);
    await folder.untilState("taken", 12);
    await folder.untilState("done", 12);
    const rows = await folder.uploadRows();
    expect(rows.map(([, state]) => state)).toEqual([...Array(12).fill("taken"), ...Array(12).fill("done")]);
    expect(rows.slice(0, 12).map(([name]) => name)).toEqual(names);
  });
});

describe.skipIf(noBrowser !== null)("the list and the uploads agree", () => {
  inBrowser("an upload is not called uploaded while the list says that the folder is empty", async () => {
    await folder.open("/files/sub/deep/");
    await folder.page.read(`(() => {
      globalThis.seen = [];
      new MutationObserver(() => {
        const total = document.querySelector("#total-text").textContent;
        if (total.includes("uploaded") && document.body.textContent.includes("This folder is empty.")) seen.push(total);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    })()`);
    await folder.page.drop(folder.make("one.txt", "1"), folder.make("two.txt", "2"));
    await folder.untilListed("two.txt");
    await folder.page.until(`document.querySelector("#total-text").textContent === "2 files uploaded."`);
    expect(await folder.page.read("seen")).toEqual([]);
  });

  inBrowser("an empty folder is not called empty when the list cannot be fetched after an upload", async () => {
    await folder.open("/files/sub/deep/");
    await folder.page.read(`globalThis.fetch = () => Promise.reject(new TypeError("away"))`);
    await folder.page.drop(folder.make("one.txt", "1"));
    await folder.page.until(`document.querySelector("#total-text").textContent === "1 file uploaded."`);
    expect(await folder.page.text("#stale")).toStartWith(AWAY);
    expect(await folder.page.read(`document.body.innerText.includes("This folder is empty.")`)).toBe(false);
  });
});

describe.skipIf(noBrowser !== null)("names", () => {
  const RAISED = "x\u202egpj.exe";

  /** How wide the name is shown, against the same letters in their plain order. */
  const shownText = (selector: string): Promise<string> =>
    folder.page.read(`document.querySelector(${JSON.stringify(selector)}).innerText`);

  inBrowser("with spaces at their ends and two together are shown as they are", async () => {
    const name = "two  spaces .txt";
    mkdirSync(join(folder.served, "spaces"));
    writeFileSync(join(folder.served, "spaces", name), "");
    await folder.open("/files/spaces/");
    expect(await shownText("tbody tr:not(.up) a > bdi")).toBe(name);
    await folder.page.drop(folder.make("up  load.txt", "u"));
    await folder.untilState("done");
    expect(await shownText("#upload-list .name")).toBe("up  load.txt");
  });

  inBrowser("with a control that turns their letters round show it, and keep their order", async () => {
    mkdirSync(join(folder.served, "turned"));
    writeFileSync(join(folder.served, "turned", RAISED), "");
    await folder.open("/files/turned/");
    const [shown] = await folder.shownNames();
    expect(shown).toBe(RAISED);
    const edges = `(() => {
      const name = document.querySelector("tbody tr:not(.up) a > bdi");
      const text = name.lastChild;
      return [0, text.length - 1].map((at) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
      });
    })()`;
    const [first, last] = await folder.page.read<[number, number]>(edges);
    expect(first).toBeLessThan(last);
    const mark = `getComputedStyle(document.querySelector("tbody tr:not(.up) a > bdi bdi"), "::before").content`;
    expect(await folder.page.read<string>(mark)).toContain("202E");
    await folder.page.press("#filter");
    await folder.page.view.type("gpj");
    expect(await folder.shownNames()).toEqual([RAISED]);
  });

  inBrowser("with such a control are shown so in uploads and above the list", async () => {
    mkdirSync(join(folder.served, "a\u2066b"));
    await folder.open("/files/a%E2%81%A6b/");
    expect(await folder.page.read(`document.querySelector("h1 bdi bdi").dataset.code`)).toBe("2066");
    await folder.page.drop(folder.make(RAISED, "u"));
    await folder.untilState("done");
    expect(await folder.page.read(`document.querySelector("#upload-list .name bdi").dataset.code`)).toBe("202E");
    expect((await folder.uploadRows())[0]![0]).toBe(RAISED);
  });
});

describe.skipIf(noBrowser !== null)("an upload in sight", () => {
  inBrowser("is told by its share in the title, until it ends", async () => {
    await folder.open();
    const title = await folder.page.read<string>("document.title");
    await folder.slowDown();
    await folder.page.drop(folder.make("slow.bin", SLOW_FILE_BYTES));
    await folder.page.until(`/^[1-9]\\d?% – files/.test(document.title)`);
    await folder.page.press("#cancel-all");
    await folder.untilState("cancelled");
    expect(await folder.page.read("document.title")).toBe(title);
  });

  inBrowser("marks its row in the list as new, also after the list is sorted", async () => {
    await folder.open("/files/", ["--on-duplicate", "rename"]);
    folder.make("tree/inner/x.txt", "x");
    await folder.page.drop(folder.make("alpha.txt", "other"), join(folder.local, "tree"));
    await folder.untilState("done", 2);
    await folder.untilListed("tree");
    const marked = `[...document.querySelectorAll("#list tr.new bdi")].map((name) => name.textContent)`;
    await folder.page.until(`${marked}.length === 2`);
    const [first, second] = await folder.page.read<[string, string]>(marked);
    expect(first).toBe("tree");
    expect(second).toMatch(/^alpha.+\.txt$/);
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("th[aria-sort] button").dataset.column === "size"`);
    expect(await folder.page.read<string[]>(marked)).toHaveLength(2);
  });

  inBrowser("is folded away with others that arrived, and can be looked at", async () => {
    await folder.open();
    await folder.page.drop(...["a", "b", "c"].map((name) => folder.make(name + ".txt", name)));
    await folder.untilState("done", 3);
    const seen = `[...document.querySelectorAll("#upload-list li")].filter((row) => row.checkVisibility()).length`;
    expect(await folder.page.read<number>(seen)).toBe(3);
    expect(await folder.page.read(`document.querySelector("#show-done").hidden`)).toBe(true);
    await folder.page.drop(...["d", "e", "alpha"].map((name) => folder.make(name + ".txt", name)));
    await folder.untilState("done", 5);
    await folder.untilState("taken");
    expect(await folder.page.read<number>(seen)).toBe(1);
    expect(await folder.page.text("#show-done")).toBe("Show 5 uploaded files");
    await folder.page.press("#show-done");
    expect(await folder.page.read<number>(seen)).toBe(6);
    expect(await folder.page.text("#show-done")).toBe("Hide uploaded files");
    expect(await folder.page.read(`document.querySelector("#show-done").ariaExpanded`)).toBe("true");
  });
});
