// Choosing entries, and doing something with those that are chosen: by a box in each row, which are there while one
// chooses.

import { askName, askYes, showCopy } from "./dialogs.js";
import { byId, eventElement, make, makeName } from "./dom.js";
import { makeFolder, nameFault, remove, rename } from "./entry-acts.js";
import { countOf } from "./formats.js";
import { addressOf, allNames, markNew, modifiedOf, nameOf, onList, refresh, shownRows } from "./list.js";

/** @typedef {import("./entry-acts.js").Entry} Entry */

const acts = (byId("page", HTMLElement).dataset["acts"] ?? "").split(" ");
const mayMake = acts.includes("folder");
const mayDelete = acts.includes("delete");
/** Deletions under way at once. */
const AT_ONCE = 4;
/** Of those that failed, how many are named. */
const MOST_NAMED = 5;

/** Names that are chosen; they stay chosen when the list is fetched anew. */
const chosen = new Set();
let isChoosing = false;
/** The row of the last box that was pressed: a press with shift reaches from there. */
let anchor = "";

const bar = byId("acts", HTMLElement);
/**
 * @param {string} text
 * @param {() => void} act
 */
const button = (text, act) => {
  const made = make("button", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
};
const buttons = {
  folder: button("New folder", () => void askFolder()),
  choose: button("Select", () => choose(!isChoosing)),
  all: button("Select all", chooseAll),
  copy: button("Copy link", () => void copyLinks()),
  rename: button("Rename", () => void askRename()),
  delete: button("Delete", () => void askDelete()),
};
const told = make("p", { id: "told", role: "status" });
bar.append(
  buttons.folder,
  buttons.choose,
  buttons.all,
  buttons.copy,
  buttons.rename,
  buttons.delete,
  told,
  make("ul", { id: "trouble", role: "alert", hidden: "" }),
);
bar.hidden = false;
buttons.choose.setAttribute("aria-pressed", "false");

// ── What is chosen ──

/** @param {boolean} isOn */
function choose(isOn) {
  isChoosing = isOn;
  if (!isOn) chosen.clear();
  buttons.choose.setAttribute("aria-pressed", String(isOn));
  showBoxes();
  tell("");
}

function chooseAll() {
  const names = shownRows().map(nameOf);
  const isAll = names.every((name) => chosen.has(name));
  for (const name of names) {
    if (isAll) chosen.delete(name);
    else chosen.add(name);
  }
  showBoxes();
}

/** What is gone is not chosen any more, also when something else gets its name. */
function forgetGone() {
  if (chosen.size === 0) return;
  const names = allNames();
  for (const name of chosen) if (!names.has(name)) chosen.delete(name);
}

/** Puts a box into each row, or takes them away, and shows what can be done. */
function showBoxes() {
  forgetGone();
  const rows = shownRows();
  // A folder can be empty, and have nothing to choose.
  buttons.choose.hidden = rows.length === 0 && !isChoosing;
  for (const row of rows) {
    const box = row.querySelector("input.choose");
    if (!isChoosing) box?.remove();
    else if (box instanceof HTMLInputElement) box.checked = chosen.has(nameOf(row));
    else row.cells[0]?.prepend(makeBox(nameOf(row)));
  }
  byId("list", HTMLElement).classList.toggle("choosing", isChoosing);
  showActs();
}

/** @param {string} name */
function makeBox(name) {
  const box = make("input", { type: "checkbox", class: "choose", "aria-label": "Select " + name });
  box.checked = chosen.has(name);
  box.addEventListener("click", (event) => {
    const names = event.shiftKey ? between(anchor, name) : [name];
    for (const each of names) {
      if (box.checked) chosen.add(each);
      else chosen.delete(each);
    }
    anchor = name;
    if (names.length > 1) showBoxes();
    else showActs();
  });
  return box;
}

/**
 * All names from one to the other, in the order of the list.
 * @param {string} from
 * @param {string} to
 */
function between(from, to) {
  const names = shownRows().map(nameOf);
  const [first, last] = [names.indexOf(from), names.indexOf(to)];
  return first < 0 ? [to] : names.slice(Math.min(first, last), Math.max(first, last) + 1);
}

function showActs() {
  const count = chosen.size === 0 ? 0 : chosenRows().length;
  buttons.folder.hidden = !mayMake || isChoosing;
  buttons.choose.textContent = isChoosing ? "Done" : "Select";
  buttons.all.hidden = !isChoosing;
  buttons.copy.hidden = count === 0;
  buttons.copy.textContent = count > 1 ? "Copy " + count + " links" : "Copy link";
  buttons.rename.hidden = count !== 1 || !mayDelete || !mayMake;
  buttons.delete.hidden = count === 0 || !mayDelete;
  buttons.delete.textContent = count > 1 ? "Delete " + count : "Delete";
}

function chosenRows() {
  return shownRows().filter((row) => chosen.has(nameOf(row)));
}

/**
 * Those in sight: nobody means what a filter hides.
 * @returns {Entry[]}
 */
function chosenEntries() {
  return chosenRows().map((row) => {
    const modified = row.classList.contains("folder") ? null : modifiedOf(row);
    return { name: nameOf(row), href: addressOf(row), modified };
  });
}

// ── What is done ──

/**
 * Says what has happened, and why what has not.
 * @param {string} line
 * @param {readonly { readonly name: string, readonly why: string }[]} faults
 */
function tell(line, faults = []) {
  told.textContent = line;
  const trouble = byId("trouble", HTMLElement);
  trouble.hidden = faults.length === 0;
  const named = faults.slice(0, MOST_NAMED).map(({ name, why }) => make("li", {}, makeName(name), ": ", why));
  const more = faults.length - named.length;
  trouble.replaceChildren(...named, ...(more > 0 ? [make("li", {}, "and " + more + " more.")] : []));
}

async function askDelete() {
  const entries = chosenEntries();
  const [only] = entries;
  if (only === undefined) return;
  const what = entries.length === 1 ? makeName(only.name) : entriesText(entries);
  const lines = ["It cannot be had back. Folders are removed only when they are empty."];
  const isYes = await askYes({ title: "Delete?", lines: [what, ...lines], button: "Delete" });
  if (!isYes) return;
  const faults = await forAll(entries, remove);
  const gone = entries.filter(({ name }) => faults.every((fault) => fault.name !== name));
  for (const { name } of gone) chosen.delete(name);
  await refresh();
  if (chosen.size === 0) choose(false);
  tell(gone.length === 0 ? "" : entriesText(gone) + " deleted.", faults);
  buttons.choose.focus();
}

/** @param {readonly Entry[]} entries */
function entriesText(entries) {
  const folders = entries.filter(({ href }) => href.endsWith("/")).length;
  const parts = [];
  if (entries.length > folders) parts.push(countOf(entries.length - folders, "file"));
  if (folders > 0) parts.push(countOf(folders, "folder"));
  return parts.join(" and ");
}

/**
 * A few at once; gives what failed.
 * @param {readonly Entry[]} entries
 * @param {(entry: Entry) => Promise<string | null>} act
 */
async function forAll(entries, act) {
  /** @type {{ name: string, why: string }[]} */
  const faults = [];
  const left = [...entries];
  const work = async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
      const why = await act(entry);
      if (why !== null) faults.push({ name: entry.name, why });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return faults;
}

async function askRename() {
  const [entry] = chosenEntries();
  if (entry === undefined) return;
  const asked = { title: "Rename", label: "New name", value: entry.name, button: "Rename" };
  const name = await askName(asked, async (typed) => {
    if (typed === entry.name) return null;
    return nameFault(typed) ?? rename(entry, typed);
  });
  if (name === null || name === entry.name) return;
  chosen.clear();
  markNew(name);
  await refresh();
  choose(false);
  tell(entry.name + " is called " + name + " now.");
  buttons.choose.focus();
}

async function askFolder() {
  const asked = { title: "New folder", label: "Name", value: "", button: "Make" };
  const name = await askName(asked, async (typed) => nameFault(typed) ?? makeFolder(typed));
  if (name === null) return;
  markNew(name);
  await refresh();
  tell("The folder " + name + " is there.");
}

async function copyLinks() {
  const text = chosenEntries()
    .map(({ href }) => href)
    .join("\n");
  const what = countOf(text.split("\n").length, "link");
  if (await copy(text)) return tell(what + " copied.");
  await showCopy({ title: what, text });
}

/**
 * False where the browser does not let pages copy, as over plain HTTP.
 * @param {string} text
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// While one chooses, all of a row is its box: on a phone that is what a finger finds.
document.addEventListener("click", (event) => {
  const link = isChoosing ? eventElement(event, "#list tbody tr:not(.up) th a", HTMLAnchorElement) : null;
  const box = link?.closest("tr")?.querySelector("input.choose");
  if (!(box instanceof HTMLElement)) return;
  event.preventDefault();
  box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
});
onList(showBoxes);
