// What axe-core finds against the pages, in light and dark, on a desktop and on a phone. axe-core is no part of the project:
// MINI_HTTP_AXE is the path of its axe.min.js, which `.ci/run` fetches.

import { describe, expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage } from "../support/folder-page.ts";

const AXE = process.env["MINI_HTTP_AXE"] ?? "";
const noAxe = existsSync(AXE) ? null : "skipped: no axe-core (MINI_HTTP_AXE is the path of axe.min.js)";
if (noBrowser === null && noAxe !== null) console.warn(noAxe);

const folder = new FolderPage();
const { inBrowser } = folder;

/** Rules that were broken, each with what broke it. */
async function violations(): Promise<string[]> {
  const { view } = folder.page;
  await view.cdp("Runtime.evaluate", { expression: readFileSync(AXE, "utf8") });
  // A button takes 0.12 s from one colour to another: between two schemes it has little contrast for that long.
  await folder.page.read(`Promise.allSettled(document.getAnimations().map((each) => each.finished)).then(() => null)`);
  return folder.page.read(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 120)).join(" | ")))`,
  );
}

const press = (text: string): Promise<void> =>
  folder.page.read(`[...document.querySelectorAll("button")].findLast((each) => each.innerText === "${text}").click()`);

async function chooseOne(): Promise<void> {
  await press("Select");
  await folder.page.read(`document.querySelector("input.choose").click()`);
}

/** How a person comes to see it. */
const views: [what: string, path: string, flags: string[], act: () => Promise<unknown>][] = [
  ["the first page", "/", [], async () => {}],
  ["a folder", "/files/", ["--allow-delete"], async () => {}],
  ["a folder to read", "/files/", ["--read-only"], async () => {}],
  ["a folder where nobody has logged in", "/files/", ["--anonymous", "ro@/", "--auth", "a:b"], async () => {}],
  ["an empty folder", "/files/sub/deep/", [], async () => {}],
  ["a filter that fits nothing", "/files/?filter=nothing", [], async () => {}],
  ["a choice", "/files/", ["--allow-delete"], chooseOne],
  [
    "a question before something is deleted",
    "/files/",
    ["--allow-delete"],
    async () => {
      await chooseOne();
      await press("Delete");
    },
  ],
  ["a question for a name", "/files/", [], () => press("New folder")],
  [
    "a search",
    "/files/?filter=a",
    [],
    async () => {
      await press("Search in all folders");
      await folder.page.until(`document.querySelector("#found span").textContent.includes("looked at")`);
    },
  ],
  [
    "a preview",
    "/files/",
    [],
    async () => {
      await folder.page.read(`document.querySelector("#list a[href='alpha.txt']").click()`);
      await folder.page.until(`document.querySelector("#preview pre")?.textContent === "alpha"`);
    },
  ],
  [
    "a name that is taken",
    "/files/",
    [],
    async () => {
      await folder.page.drop(folder.make("alpha.txt", "another"));
      await folder.untilState("taken");
    },
  ],
  ["a drop box", "/files/", ["--upload-only"], async () => {}],
  ["something that is not there", "/files/none", [], async () => {}],
];

describe.skipIf(noBrowser !== null || noAxe !== null)("axe-core has nothing against", () => {
  for (const [what, path, flags, act] of views) {
    inBrowser(what, async () => {
      writeFileSync(join(folder.served, "README.md"), "# Read me\n");
      for (const scheme of ["light", "dark"]) {
        for (const width of [1280, 390]) {
          await folder.open(path, flags);
          await folder.page.view.cdp("Emulation.setEmulatedMedia", {
            features: [{ name: "prefers-color-scheme", value: scheme }],
          });
          await folder.resize(width, width < 500);
          await act();
          expect([scheme, width, ...(await violations())]).toEqual([scheme, width]);
          // What is undecided would keep the page.
          await folder.page.read(`document.querySelector("#upload-list button[data-action=skip]")?.click()`);
        }
      }
      folder.page.complaints.length = 0;
    });
  }
});
