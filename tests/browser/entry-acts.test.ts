// What people do with the entries of a folder on its page: by mouse, by the keyboard, on a phone.

import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noBrowser } from "../support/browser.ts";
import { FolderPage } from "../support/folder-page.ts";

if (noBrowser !== null) console.warn("tests/browser/entry-acts.test.ts " + noBrowser);

const folder = new FolderPage();
const { inBrowser } = folder;
const WRITING = ["--allow-delete"];

/** The buttons above the list, as they are shown. */
function buttons(): Promise<string[]> {
  return folder.page.read(
    `[...document.querySelectorAll("#acts button")].filter((each) => each.checkVisibility()).map((each) => each.innerText)`,
  );
}

/** With the keyboard: the focus is there first. */
function pressAct(text: string): Promise<void> {
  const wanted = `each.innerText === ${JSON.stringify(text)} && each.checkVisibility()`;
  const all = `[...document.querySelectorAll("#acts button, dialog button")]`;
  return folder.page.read(`((button) => (button.focus(), button.click()))(${all}.findLast((each) => ${wanted}))`);
}

/** Presses the box of a row. */
function choose(name: string, shift = false): Promise<void> {
  return folder.page.read(
    `[...document.querySelectorAll("input.choose")].find((each) => each.ariaLabel === ${JSON.stringify("Select " + name)}).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: ${shift} }))`,
  );
}

/** Opens the dialog that asks for another name of an entry. */
async function askForNameOf(name: string): Promise<void> {
  await pressAct("Select");
  await choose(name);
  await pressAct("Rename");
}

/** Types it into the dialog that is open. */
async function giveName(name: string): Promise<void> {
  await folder.page.read(`document.querySelector("#asked-name").value = ${JSON.stringify(name)}`);
  await folder.page.view.press("Enter");
}

function chosenNames(): Promise<string[]> {
  return folder.page.read(
    `[...document.querySelectorAll("input.choose:checked")].map((each) => each.ariaLabel.replace("Select ", ""))`,
  );
}

/** What a question says of the name that was typed. */
async function refusal(): Promise<string> {
  await folder.page.until(`document.querySelector("dialog [role=alert]")?.checkVisibility() === true`);
  folder.page.complaints.length = 0;
  return folder.page.text("dialog [role=alert]");
}

const told = (): Promise<string> => folder.page.text("#told");
const focused = (): Promise<string> =>
  folder.page.read("document.activeElement.textContent || document.activeElement.id");

describe.skipIf(noBrowser !== null)("above the list stands what may be done", () => {
  inBrowser("by whoever may only read", async () => {
    await folder.open("/files/", ["--read-only"]);
    expect(await buttons()).toEqual(["Select"]);
    await pressAct("Select");
    await choose("alpha.txt");
    expect(await buttons()).toEqual(["Done", "Select all", "Copy link"]);
  });

  inBrowser("by whoever may write and not delete", async () => {
    await folder.open();
    expect(await buttons()).toEqual(["New folder", "Select"]);
    await pressAct("Select");
    await choose("alpha.txt");
    expect(await buttons()).toEqual(["Done", "Select all", "Copy link"]);
  });

  inBrowser("by whoever may delete, for one and for several", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    expect(await buttons()).toEqual(["Done", "Select all"]);
    await choose("alpha.txt");
    expect(await buttons()).toEqual(["Done", "Select all", "Copy link", "Rename", "Delete"]);
    await choose("zebra.bin");
    expect(await buttons()).toEqual(["Done", "Select all", "Copy 2 links", "Delete 2"]);
    await pressAct("Done");
    expect(await folder.page.read(`document.querySelectorAll("input.choose").length`)).toBe(0);
  });

  inBrowser("by whoever has the right there, and not elsewhere", async () => {
    const rights = ["--anonymous", "ro@/", "--anonymous", "read,create,write,delete@/sub"];
    await folder.open("/files/", rights);
    expect(await buttons()).toEqual(["Select"]);
    await folder.page.open(`http://127.0.0.1:${folder.started!.port}/files/sub/`);
    expect(await buttons()).toEqual(["New folder", "Select"]);
  });

  inBrowser("and nothing to choose in an empty folder", async () => {
    await folder.open("/files/sub/deep/");
    expect(await buttons()).toEqual(["New folder"]);
  });
});

describe.skipIf(noBrowser !== null)("entries are chosen", () => {
  inBrowser("one by one, all, and from one to another", async () => {
    for (const name of ["b1", "b2", "b3"]) writeFileSync(join(folder.served, name), "");
    await folder.open("/files/?filter=b");
    await pressAct("Select");
    await pressAct("Select all");
    expect(await chosenNames()).toEqual(["sub", "b1", "b2", "b3", `it's "100%" <b>&.txt`, "zebra.bin"]);
    await pressAct("Select all");
    expect(await chosenNames()).toEqual([]);
    await choose("b1");
    await choose("b3", true);
    expect(await chosenNames()).toEqual(["b1", "b2", "b3"]);
  });

  inBrowser("and nothing happens to those that a filter hides, or that are gone", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    await pressAct("Select all");
    expect(await buttons()).toContain("Delete 4");
    await folder.page.press("#filter");
    await folder.page.view.type("alpha");
    expect(await buttons()).toEqual(["Done", "Select all", "Copy link", "Rename", "Delete"]);
    await pressAct("Delete");
    await pressAct("Delete");
    await folder.page.until(`document.querySelector("#told").textContent === "1 file deleted."`);
    expect(readdirSync(folder.served)).not.toContain("alpha.txt");
    expect(readdirSync(folder.served)).toHaveLength(3);
  });

  inBrowser("by a touch of the row on a phone", async () => {
    await folder.open();
    await folder.resize(390, true);
    await pressAct("Select");
    await folder.page.press(`#list a[href="alpha.txt"]`);
    expect(await chosenNames()).toEqual(["alpha.txt"]);
    await folder.page.press(`#list a[href="alpha.txt"]`);
    expect(await chosenNames()).toEqual([]);
    expect(await folder.page.read("location.pathname")).toBe("/files/");
  });

  inBrowser("and stay so when the list is fetched anew", async () => {
    await folder.open();
    await pressAct("Select");
    await choose("zebra.bin");
    await folder.page.press(`thead button[data-column="size"]`);
    await folder.page.until(`document.querySelector("th[aria-sort=descending]") !== null`);
    expect(await chosenNames()).toEqual(["zebra.bin"]);
  });
});

describe.skipIf(noBrowser !== null)("deleting", () => {
  inBrowser("asks first, and no is an answer", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    await choose("alpha.txt");
    await pressAct("Delete");
    expect(await folder.page.text("dialog h2")).toBe("Delete?");
    // What is grave is not what the Enter key does.
    expect(await focused()).toBe("Cancel");
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("dialog") === null`);
    expect(await focused()).toBe("Delete");
    expect(existsSync(join(folder.served, "alpha.txt"))).toBe(true);
  });

  inBrowser("removes what is chosen, and says why something stays", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    for (const name of ["alpha.txt", "sub", `it's "100%" <b>&.txt`]) await choose(name);
    await pressAct("Delete 3");
    await pressAct("Delete");
    await folder.page.until(`document.querySelector("#told").textContent !== ""`);
    expect(await told()).toBe("2 files deleted.");
    expect(await folder.page.text("#trouble")).toMatch(/^sub: .*folder/);
    expect(await folder.shownNames()).toEqual(["sub", "zebra.bin"]);
    expect(await chosenNames()).toEqual(["sub"]);
    expect(readdirSync(folder.served).toSorted()).toEqual(["sub", "zebra.bin"]);
  });

  inBrowser("leaves what somebody else has changed meanwhile", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    await choose("alpha.txt");
    writeFileSync(join(folder.served, "alpha.txt"), "newer");
    await pressAct("Delete");
    await pressAct("Delete");
    await folder.page.until(`!document.querySelector("#trouble").hidden`);
    expect(await folder.page.text("#trouble")).toMatch(/^alpha\.txt: It has changed since it was listed/);
    expect(existsSync(join(folder.served, "alpha.txt"))).toBe(true);
  });

  inBrowser("says when the server is away", async () => {
    await folder.open("/files/", WRITING);
    await pressAct("Select");
    await choose("alpha.txt");
    await folder.started!.stop();
    folder.started = null;
    await pressAct("Delete");
    await pressAct("Delete");
    await folder.page.until(`!document.querySelector("#trouble").hidden`);
    expect(await folder.page.text("#trouble")).toBe("alpha.txt: The server cannot be reached.");
    folder.page.complaints.length = 0;
  });
});

describe.skipIf(noBrowser !== null)("renaming", () => {
  inBrowser("gives files and folders another name", async () => {
    await folder.open("/files/", WRITING);
    for (const [from, to] of [
      ["alpha.txt", "beta & <100%>.txt"],
      ["sub", "sub two"],
    ] as const) {
      await askForNameOf(from);
      expect(await focused()).toBe("asked-name");
      // The name is chosen up to its last dot.
      expect(await folder.page.read(`document.getSelection().toString()`)).toBe(from.replace(/\.txt$/, ""));
      await giveName(to);
      await folder.page.until(`document.querySelector("#told").textContent.endsWith(" now.")`);
      expect(await told()).toBe(`${from} is called ${to} now.`);
      expect(existsSync(join(folder.served, to))).toBe(true);
      expect(existsSync(join(folder.served, from))).toBe(false);
      await folder.page.read(`document.querySelector("#told").textContent = ""`);
    }
  });

  inBrowser("never takes the place of something", async () => {
    await folder.open("/files/", WRITING);
    await askForNameOf("alpha.txt");
    await giveName("zebra.bin");
    expect(await refusal()).toBe("There is already something with this name.");
    expect(readdirSync(folder.served)).toContain("alpha.txt");
  });

  // Nobody types a long name twice because of one letter.
  inBrowser("keeps what was typed where it is refused, until another name is taken", async () => {
    await folder.open("/files/", WRITING);
    await askForNameOf("alpha.txt");
    for (const [typed, why] of [
      ["a/b", "A name has no slash."],
      ["zebra.bin", "There is already something with this name."],
      [".beta.txt", "No file can have this name: a part of it is empty, or begins with a dot (see --hidden)."],
    ] as const) {
      await giveName(typed);
      await folder.page.until(`document.querySelector("dialog [role=alert]")?.textContent === ${JSON.stringify(why)}`);
      expect(await folder.page.read(`document.querySelector("#asked-name").value`)).toBe(typed);
      expect(await focused()).toBe("asked-name");
    }
    await giveName("beta.txt");
    await folder.page.until(`document.querySelector("#told").textContent === "alpha.txt is called beta.txt now."`);
    expect(await folder.page.read(`document.querySelector("dialog") === null`)).toBe(true);
    folder.page.complaints.length = 0;
  });

  inBrowser("that was refused can be left as it was", async () => {
    await folder.open("/files/", WRITING);
    await askForNameOf("alpha.txt");
    await giveName("zebra.bin");
    await refusal();
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("dialog") === null`);
    expect(await focused()).toBe("Rename");
    expect(await chosenNames()).toEqual(["alpha.txt"]);
    expect(await told()).toBe("");
  });

  inBrowser("that was under way when somebody thought better of it is told all the same", async () => {
    await folder.open("/files/", WRITING);
    await askForNameOf("alpha.txt");
    await folder.page.read(`(() => {
      const real = globalThis.fetch;
      globalThis.fetch = async (...asked) => {
        const answer = await real(...asked);
        if (asked[1]?.method === "MOVE") await new Promise((resolve) => (globalThis.letGo = resolve));
        return answer;
      };
      document.querySelector("#asked-name").value = "beta.txt";
    })()`);
    await folder.page.view.press("Enter");
    await folder.page.until("globalThis.letGo !== undefined");
    await folder.page.view.press("Escape");
    await folder.page.until(`document.querySelector("dialog") === null`);
    await folder.page.read("globalThis.letGo()");
    await folder.page.until(`document.querySelector("#told").textContent === "alpha.txt is called beta.txt now."`);
    expect(await folder.shownNames()).toContain("beta.txt");
  });
});

describe.skipIf(noBrowser !== null)("a new folder", () => {
  inBrowser("is made, marked, and refused where something has its name", async () => {
    await folder.open();
    await pressAct("New folder");
    await folder.page.view.type("fresh #1");
    await folder.page.view.press("Enter");
    await folder.untilListed("fresh #1");
    expect(await told()).toBe("The folder fresh #1 is there.");
    expect(await folder.page.read(`document.querySelectorAll("tr.new").length`)).toBe(1);
    await pressAct("New folder");
    await folder.page.view.type("fresh #1");
    await folder.page.view.press("Enter");
    expect(await refusal()).toBe("There is already something with this name.");
    await folder.page.view.type(" b");
    await folder.page.view.press("Enter");
    await folder.untilListed("fresh #1 b");
    expect(existsSync(join(folder.served, "fresh #1"))).toBe(true);
  });

  inBrowser("is made in an empty folder, too", async () => {
    await folder.open("/files/sub/deep/");
    await pressAct("New folder");
    await folder.page.view.type("deeper");
    await folder.page.view.press("Enter");
    await folder.untilListed("deeper");
    expect(existsSync(join(folder.served, "sub/deep/deeper"))).toBe(true);
    expect(await buttons()).toEqual(["New folder", "Select"]);
  });
});

describe.skipIf(noBrowser !== null)("links are copied", () => {
  inBrowser("or shown where the browser does not let pages copy", async () => {
    mkdirSync(join(folder.served, "a b"));
    await folder.open();
    await folder.page.read(
      `Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { globalThis.copied = text; } } })`,
    );
    await pressAct("Select");
    await choose("a b");
    await choose("alpha.txt");
    await pressAct("Copy 2 links");
    await folder.page.until(`document.querySelector("#told").textContent !== ""`);
    expect(await told()).toBe("2 links copied.");
    const base = `http://127.0.0.1:${folder.started!.port}/files/`;
    expect(await folder.page.read(`globalThis.copied`)).toBe(`${base}a%20b/\n${base}alpha.txt`);
    await folder.page.read(`navigator.clipboard.writeText = () => Promise.reject(new Error("no"))`);
    await pressAct("Copy 2 links");
    await folder.page.until(`document.querySelector("dialog textarea") !== null`);
    expect(await folder.page.read(`document.querySelector("dialog textarea").value`)).toBe(
      `${base}a%20b/\n${base}alpha.txt`,
    );
  });
});

describe.skipIf(noBrowser !== null)("a name that is taken", () => {
  inBrowser("may be kept beside the new file", async () => {
    await folder.open();
    await folder.page.drop(folder.make("alpha.txt", "another"));
    await folder.untilState("taken");
    await folder.page.press(`#upload-list [data-action="keep"]`);
    await folder.untilState("done");
    await folder.untilListed("alpha (1).txt");
    expect((await folder.uploadRows())[0]).toEqual(["alpha.txt", "done", "Uploaded as alpha (1).txt"]);
    expect(readdirSync(folder.served)).toContain("alpha.txt");
  });
});
