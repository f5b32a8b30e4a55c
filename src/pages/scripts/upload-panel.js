// The panel that shows uploads: built here, in the place of the plain form, since nothing of it works without scripts.
// It knows rows and lines; what they mean is the queue's business.

import { byId, make, makeName, within } from "./dom.js";
import { countOf, sizeText } from "./formats.js";
import { rankOf } from "./upload-totals.js";

/** @typedef {import("./upload-totals.js").UploadState} UploadState */
/** @typedef {"replace" | "keep" | "skip" | "retry" | "cancel"} Action */

const { dataset } = byId("upload", HTMLElement);
/** What the server does with uploads, and how large one may be. */
export const terms = {
  maxBodyBytes: Number(dataset["maxBodyBytes"]),
  limit: dataset["limit"] ?? "",
  /** The server finds a free name by itself. */
  isRenamed: dataset["onDuplicate"] === "rename",
  mayReplace: dataset["onDuplicate"] === "overwrite",
  folder: dataset["folder"] ?? "",
  /** Where the files go. */
  base: dataset["base"] ?? "./",
  /** Nobody here sees what is in the folder. */
  isDropBox: dataset["folder"] === "",
};

/** What happens to files, in words. */
export const words = terms.isDropBox
  ? { done: "sent", hint: "send them", touch: "Send files.", more: "Send more" }
  : { done: "uploaded", hint: "upload them", touch: "Upload files into this folder.", more: "Choose files" };

/** @type {Readonly<Partial<Record<UploadState, readonly Action[]>>>} */
const BUTTONS = {
  waiting: ["cancel"],
  sending: ["cancel"],
  taken: ["replace", "keep", "skip"],
  failed: ["retry", "skip"],
  cancelled: ["retry"],
};

buildPanel();
export const uploadList = byId("upload-list", HTMLUListElement);
const showDone = byId("show-done", HTMLButtonElement);
let rowsMade = 0;
/**
 * Those that stand first, in the order in which they were added.
 * @type {HTMLLIElement[]}
 */
const firstRows = [];
const pageTitle = document.title;

function buildPanel() {
  const hidden = { hidden: "" };
  /**
   * @param {string} id
   * @param {string} text
   * @param {Readonly<Record<string, string>>} attributes
   */
  const button = (id, text, attributes = {}) => make("button", { id, type: "button", ...attributes }, text);
  /**
   * @param {string} id
   * @param {string} label
   * @param {string} attribute
   */
  const picker = (id, label, attribute) =>
    make("input", { id, type: "file", [attribute]: "", "aria-label": label, ...hidden });
  const hint = make(
    "p",
    {},
    make("span", { class: "by-mouse" }, "Drop files or folders anywhere on this page to " + words.hint + "."),
    make("span", { class: "by-touch" }, words.touch),
    make("small", {}, "At most " + terms.limit + " each."),
  );
  const choose = make(
    "div",
    { id: "choose" },
    hint,
    button("choose-files", "Choose files"),
    button("choose-folder", "Choose a folder"),
    picker("picked-files", "Files to upload", "multiple"),
    picker("picked-folder", "Folder to upload", "webkitdirectory"),
  );
  const total = make(
    "div",
    { id: "total" },
    make("p", { id: "total-text" }),
    button("replace-all", "Replace all", hidden),
    button("keep-all", "Keep all", hidden),
    button("skip-all", "Skip all", hidden),
    button("cancel-all", "Cancel all", hidden),
    button("clear", "Clear", hidden),
    make("progress", { id: "total-bar", max: 1, value: 0, "aria-label": "All uploads" }),
  );
  const unfold = button("show-done", "", { "aria-expanded": "false", "aria-controls": "upload-list", ...hidden });
  const list = make("ul", { id: "upload-list", "aria-label": "Uploads" });
  const where = terms.isDropBox
    ? make("span", {}, "Drop to send")
    : make("span", {}, "Drop to upload into ", makeName(terms.folder));
  byId("plain", HTMLElement).hidden = true;
  byId("upload", HTMLElement).append(
    choose,
    make("div", { id: "uploads", ...hidden }, total, list, unfold),
    make("p", { id: "news", class: "unseen", role: "status", "aria-live": "polite" }),
    make("div", { id: "target", ...hidden }, where),
  );
}

// ── Rows ──

/**
 * A row at the end of the list.
 * @param {string} path
 */
export function addRow(path) {
  /**
   * @param {Action} action
   * @param {string} text
   */
  const button = (action, text) =>
    make("button", { type: "button", "data-action": action, "aria-label": text + " " + path }, text);
  const row = make(
    "li",
    { tabindex: -1, "data-number": ++rowsMade },
    makeName(path, { class: "name" }),
    make("span", { class: "state" }),
    make(
      "span",
      { class: "actions" },
      button("replace", "Replace"),
      button("keep", "Keep both"),
      button("skip", "Skip"),
      button("retry", "Try again"),
      button("cancel", "Cancel"),
    ),
    make("progress", { max: 1, value: 0, "aria-label": path }),
  );
  uploadList.append(row);
  return row;
}

/**
 * @param {HTMLLIElement} row
 * @param {UploadState} state
 * @param {string} line
 */
export function showState(row, state, line) {
  row.dataset["state"] = state;
  stateLine(row).textContent = line;
  const wanted = BUTTONS[state] ?? [];
  for (const button of row.querySelectorAll("button")) {
    const { action } = button.dataset;
    button.hidden = !wanted.some((each) => each === action) || (action === "replace" && !terms.mayReplace);
  }
  if (state === "sending") within(row, "progress", HTMLProgressElement).value = 0;
  place(row, state);
}

/**
 * Puts the row where its state belongs: what needs a person is at the top, in the order in which it was added, and what
 * is done at the end. A row with the keyboard in it stays.
 * @param {HTMLLIElement} row
 * @param {UploadState} state
 */
function place(row, state) {
  const place = firstRows.indexOf(row);
  if (place >= 0) firstRows.splice(place, 1);
  const isFirst = rankOf(state) === 0;
  const before = isFirst ? firstRows.findLastIndex((each) => numberOf(each) < numberOf(row)) : -1;
  if (isFirst) firstRows.splice(before + 1, 0, row);
  if (row.contains(document.activeElement)) return;
  if (rankOf(state) === 2) uploadList.append(row);
  if (!isFirst) return;
  const above = firstRows[before];
  if (above === undefined) uploadList.prepend(row);
  else above.after(row);
}

/** @param {HTMLLIElement} row */
function numberOf(row) {
  return Number(row.dataset["number"]);
}

/**
 * Takes a row out of the list.
 * @param {HTMLLIElement} row
 */
export function removeRow(row) {
  const place = firstRows.indexOf(row);
  if (place >= 0) firstRows.splice(place, 1);
  row.remove();
}

/**
 * @param {HTMLLIElement} row
 * @param {number} loaded
 * @param {number} size
 */
export function showProgress(row, loaded, size) {
  within(row, "progress", HTMLProgressElement).value = size === 0 ? 1 : loaded / size;
  stateLine(row).textContent = loaded < size ? sizeText(loaded) + " of " + sizeText(size) : "Waiting for the server";
}

/** @param {HTMLLIElement} row */
function stateLine(row) {
  return within(row, ".state", HTMLElement);
}

// ── Around the rows ──

/** More than this are folded away when they are done. */
const MOST_DONE_IN_SIGHT = 3;

/**
 * @typedef {object} Totals
 * @property {boolean} isEmpty There is no row.
 * @property {boolean} isBusy
 * @property {boolean} canClear
 * @property {number} taken How many rows ask whether they may replace a file.
 * @property {number} undecided How many rows wait for a person, those among them.
 * @property {number} done How many rows are done.
 * @property {number} share What has been sent of all, 0 to 1.
 * @property {string} line
 */

/** @param {Totals} totals */
export function showTotals({ isEmpty, isBusy, canClear, taken, undecided, done, share, line }) {
  byId("uploads", HTMLElement).hidden = isEmpty;
  byId("total-bar", HTMLProgressElement).hidden = !isBusy;
  byId("total-bar", HTMLProgressElement).value = share;
  byId("total-text", HTMLElement).textContent = line;
  byId("cancel-all", HTMLElement).hidden = !isBusy;
  byId("clear", HTMLElement).hidden = isBusy || !canClear;
  byId("replace-all", HTMLElement).hidden = taken < 2 || !terms.mayReplace;
  byId("keep-all", HTMLElement).hidden = taken < 2;
  byId("skip-all", HTMLElement).hidden = undecided < 2;
  if (done > 0) byId("choose-files", HTMLElement).textContent = words.more;
  document.title = isBusy ? Math.floor(share * 100) + "% – " + pageTitle : pageTitle;
  foldDone(done);
}

/** @param {number} done */
function foldDone(done) {
  const isOpen = showDone.ariaExpanded === "true";
  showDone.hidden = done <= MOST_DONE_IN_SIGHT;
  showDone.textContent = isOpen ? "Hide " + words.done + " files" : "Show " + countOf(done, words.done + " file");
  uploadList.classList.toggle("folded", !showDone.hidden && !isOpen);
}

showDone.addEventListener("click", () => {
  showDone.ariaExpanded = String(showDone.ariaExpanded !== "true");
  foldDone(uploadList.querySelectorAll('[data-state="done"]').length);
});

/**
 * For those who do not see the panel.
 * @param {string} text
 */
export function announce(text) {
  byId("news", HTMLElement).textContent = text;
}

/**
 * For what has no row, while nothing is sent.
 * @param {string} text
 */
export function showText(text) {
  byId("uploads", HTMLElement).hidden = false;
  byId("total-bar", HTMLElement).hidden = true;
  byId("clear", HTMLElement).hidden = false;
  byId("total-text", HTMLElement).textContent = text;
}
