// Searching below a folder, and looking at files in place, on the page of the folder.

import { describe, expect } from "bun:test";
import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage } from "../support/folder-page.ts";

if (noBrowser !== null) console.warn("tests/browser/find-and-look.test.ts " + noBrowser);

const folder = new FolderPage();
const { inBrowser } = folder;
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

function foundNames(): Promise<string[]> {
  return folder.page.read(`[...document.querySelectorAll("#found li a")].map((each) => each.textContent)`);
}

async function pressLink(name: string): Promise<void> {
  await folder.page.read(
    `((link) => (link.focus(), link.click()))([...document.querySelectorAll("#list tbody a")].find((each) => each.textContent === ${JSON.stringify(name)}))`,
  );
}

const isShown = (selector: string): Promise<void> =>
  folder.page.until(`document.querySelector("#preview ${selector}") !== null`);
const focusedText = (): Promise<string> => folder.page.read("document.activeElement.textContent");

describe.skipIf(noBrowser !== null)("a search", () => {
  inBrowser("shows what lies below, with links that lead there", async () => {
    mkdirSync(join(folder.served, "sub/deep/a b"));
    writeFileSync(join(folder.served, "sub/deep/a b/alpha #2.txt"), "2");
    await folder.open();
    expect(await folder.page.read(`document.querySelector("#search").hidden`)).toBe(true);
    await folder.page.press("#filter");
    await folder.page.view.type("alpha");
    await folder.page.press("#search");
    await folder.page.until(`document.querySelector("#found span").textContent.includes("looked at")`);
    expect((await foundNames()).toSorted()).toEqual(["alpha.txt", "sub/deep/a b/alpha #2.txt"]);
    expect(await folder.page.text("#found span")).toBe("2 names found. 7 looked at.");
    const href = `[...document.querySelectorAll("#found li a")].find((each) => each.textContent.includes("#2")).href`;
    expect(await folder.page.read(`fetch(${href}).then((response) => response.text())`)).toBe("2");
    await folder.page.read(`[...document.querySelectorAll("#found button")].at(-1).click()`);
    expect(await folder.page.read(`document.querySelector("#found").hidden`)).toBe(true);
    expect(await folder.page.read("document.activeElement.id")).toBe("filter");
  });

  inBrowser("that finds nothing says so, and so does a server that is away", async () => {
    await folder.open();
    await folder.page.press("#filter");
    await folder.page.view.type("nowhere");
    await folder.page.press("#search");
    await folder.page.until(`document.querySelector("#found span").textContent.startsWith("Nothing found.")`);
    await folder.started!.stop();
    folder.started = null;
    await folder.page.press("#search");
    await folder.page.until(`document.querySelector("#found span").textContent === "The server cannot be reached."`);
    folder.page.complaints.length = 0;
  });
});

describe.skipIf(noBrowser !== null)("a file is looked at in place", () => {
  inBrowser("as text, one after the other by the keyboard, and the focus comes back", async () => {
    writeFileSync(join(folder.served, "code.ts"), "<script>globalThis.ran = true</script>");
    await folder.open();
    await pressLink("alpha.txt");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent === "alpha"`);
    expect(await folder.page.text("#preview h2")).toBe("alpha.txt");
    await folder.page.view.press("ArrowRight");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent.startsWith("<script>")`);
    expect(await folder.page.text("#preview h2")).toBe("code.ts");
    expect(await folder.page.read("globalThis.ran")).toBeUndefined();
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("#preview") === null`);
    expect(await focusedText()).toBe("code.ts");
    expect(await folder.page.read("location.pathname")).toBe("/files/");
  });

  inBrowser("one after the other by its buttons, and the keys still arrive", async () => {
    for (const name of ["one.txt", "three.txt", "two.txt"]) writeFileSync(join(folder.served, name), name);
    await folder.open();
    await pressLink("one.txt");
    await isShown("pre");
    const pressNext = `[...document.querySelectorAll("#preview button")].find((each) => each.textContent === "Next")`;
    await folder.page.read(`${pressNext}.focus()`);
    for (const name of ["three.txt", "two.txt"]) {
      await folder.page.view.press("Enter");
      await folder.page.until(`document.querySelector("#preview pre")?.textContent === "${name}"`);
      expect(await folder.page.read(`document.querySelector("#preview").contains(document.activeElement)`)).toBe(true);
    }
    await folder.page.view.press("ArrowLeft");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent === "three.txt"`);
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("#preview") === null`);
  });

  inBrowser("not when it was closed before the server said what it is", async () => {
    for (const name of ["one.txt", "two.txt"]) writeFileSync(join(folder.served, name), name);
    await folder.open();
    await pressLink("one.txt");
    await isShown("pre");
    await folder.page.read(`(() => {
      const real = globalThis.fetch;
      globalThis.fetch = (...asked) => new Promise((resolve) => (globalThis.letGo = () => resolve(real(...asked))));
      [...document.querySelectorAll("#preview button")].find((each) => each.textContent === "Next").click();
      [...document.querySelectorAll("#preview button")].find((each) => each.textContent === "Close").click();
    })()`);
    await folder.page.until(`document.querySelector("#preview") === null`);
    await folder.page.read(`(globalThis.letGo(), new Promise((resolve) => setTimeout(resolve, 200)))`);
    expect(await folder.page.read(`document.querySelector("#preview") === null`)).toBe(true);
  });

  inBrowser("and a refusal is not taken for its text", async () => {
    writeFileSync(join(folder.served, "gone.txt"), "gone");
    await folder.open();
    await folder.page.read(`(() => {
      const real = globalThis.fetch;
      globalThis.fetch = (address, asked) => real(asked.method === "HEAD" ? address : address + "-not", asked);
    })()`);
    await pressLink("gone.txt");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent.endsWith("status 404.")`);
    folder.page.complaints.length = 0;
  });

  inBrowser("of a long text, the beginning", async () => {
    writeFileSync(join(folder.served, "long.txt"), "x".repeat(300_000));
    await folder.open();
    await pressLink("long.txt");
    await folder.page.until(
      `document.querySelector("#preview pre")?.textContent.endsWith("… (open it to see all of it)")`,
    );
    expect(await folder.page.read(`document.querySelector("#preview pre").textContent.length`)).toBeLessThan(262_200);
  });

  inBrowser("as a picture, and a broken one says so", async () => {
    writeFileSync(join(folder.served, "pixel.png"), PIXEL);
    writeFileSync(join(folder.served, "broken.png"), "no picture");
    await folder.open();
    await pressLink("pixel.png");
    await folder.page.until(`document.querySelector("#preview img")?.naturalWidth === 1`);
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("#preview") === null`);
    await pressLink("broken.png");
    await folder.page.until(`document.querySelector("#preview [role=alert]")?.checkVisibility() === true`);
    folder.page.complaints.length = 0;
  });

  inBrowser("as sound and as film", async () => {
    writeFileSync(join(folder.served, "song.mp3"), "");
    writeFileSync(join(folder.served, "film.mp4"), "");
    await folder.open();
    for (const [name, selector] of [
      ["song.mp3", "audio"],
      ["film.mp4", "video"],
    ] as const) {
      await pressLink(name);
      await folder.page.until(`document.querySelector("#preview h2")?.textContent === "${name}"`);
      await isShown(`:is(${selector}, [role=alert]:not([hidden]))`);
      await folder.page.view.press("Escape");
      await folder.page.until(`document.querySelector("#preview") === null`);
    }
    folder.page.complaints.length = 0;
  });

  inBrowser("one after the other, also where one has nothing to show: who looks stays", async () => {
    for (const name of ["a.txt", "b.zip", "c.html", "d.txt"]) writeFileSync(join(folder.served, name), name);
    await folder.open("/files/?filter=.");
    await pressLink("a.txt");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent === "a.txt"`);
    const title = (name: string): Promise<void> =>
      folder.page.until(`document.querySelector("#preview h2")?.textContent === "${name}"`);
    // The first is the list's own, by its name.
    await folder.page.view.press("ArrowRight");
    await title("alpha.txt");
    for (const name of ["b.zip", "c.html"]) {
      await folder.page.view.press("ArrowRight");
      await title(name);
      expect(await folder.page.text("#preview .viewer")).toBe("There is no preview of it.");
      expect(await folder.page.read(`document.querySelector("#preview a").href.endsWith("/${name}")`)).toBe(true);
      expect(await folder.page.read(`document.querySelector("#preview").contains(document.activeElement)`)).toBe(true);
    }
    await folder.page.view.press("ArrowRight");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent === "d.txt"`);
    await folder.page.view.press("ArrowLeft");
    await title("c.html");
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("#preview") === null`);
    expect(await focusedText()).toBe("c.html");
    expect(await folder.page.read("location.pathname")).toBe("/files/");
  });

  inBrowser("and one that is gone meanwhile keeps nobody from the next", async () => {
    for (const name of ["one.txt", "three.txt", "two.txt"]) writeFileSync(join(folder.served, name), name);
    await folder.open();
    await pressLink("one.txt");
    await isShown("pre");
    unlinkSync(join(folder.served, "three.txt"));
    await folder.page.view.press("ArrowRight");
    await folder.page.until(`document.querySelector("#preview .viewer")?.textContent.startsWith("It cannot be read")`);
    await folder.page.view.press("ArrowRight");
    await folder.page.until(`document.querySelector("#preview pre")?.textContent === "two.txt"`);
    folder.page.complaints.length = 0;
  });

  inBrowser("but a page, an archive and another tab are opened as ever", async () => {
    writeFileSync(join(folder.served, "page.html"), "<p id=it>page</p>");
    await folder.open();
    await pressLink("page.html");
    await folder.page.until(`document.querySelector("#it")?.textContent === "page"`);
  });
});

describe.skipIf(noBrowser !== null)("a README", () => {
  inBrowser("stands under the list, and runs nothing", async () => {
    writeFileSync(join(folder.served, "README.md"), "# Read\n<img src=x onerror='globalThis.ran = true'>\n");
    await folder.open();
    expect(await folder.page.text("#readme pre")).toBe("# Read\n<img src=x onerror='globalThis.ran = true'>");
    expect(await folder.page.read("globalThis.ran")).toBeUndefined();
  });
});
