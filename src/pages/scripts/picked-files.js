// What people give to be uploaded: files and folders that they choose, or drop anywhere on the page.

import { byId } from "./dom.js";
import { addUploads } from "./uploads.js";

/**
 * A file and where it goes, below the folder of the page. Null: the browser cannot read it.
 * @typedef {{ file: File | null, path: string }} PickedFile
 */

// ── Choosing ──

/**
 * @param {string} buttonId
 * @param {string} fieldId
 */
function offer(buttonId, fieldId) {
  const field = byId(fieldId, HTMLInputElement);
  byId(buttonId, HTMLButtonElement).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    addUploads([...(field.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    // The same files can be chosen again.
    field.value = "";
  });
}

offer("choose-files", "picked-files");
offer("choose-folder", "picked-folder");
byId("choose-folder", HTMLButtonElement).hidden = !("webkitdirectory" in byId("picked-folder", HTMLInputElement));

// ── Dropping ──

/** @param {DragEvent} event */
function droppedData({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ? dataTransfer : null;
}

/** @param {DragEvent} event */
async function takeDrop(event) {
  const data = droppedData(event);
  if (data === null) return;
  event.preventDefault();
  showTarget(false);
  // The items are gone after the first await.
  const dropped = [...data.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  /** @type {PickedFile[]} */
  const found = [];
  for (const each of dropped) if (each !== null) await collect(each, "", found);
  addUploads(found);
}

/**
 * Walks a dropped file or folder.
 * @param {File | FileSystemEntry} entry
 * @param {string} above
 * @param {PickedFile[]} found
 */
async function collect(entry, above, found) {
  const path = above + entry.name;
  if (entry instanceof File) found.push({ file: entry, path });
  else if (isFileEntry(entry)) found.push({ file: await fileOf(entry), path });
  else if (isFolderEntry(entry)) for (const child of await childrenOf(entry)) await collect(child, path + "/", found);
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
function isFileEntry(entry) {
  return entry.isFile;
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemDirectoryEntry}
 */
function isFolderEntry(entry) {
  return !entry.isFile;
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File | null>}
 */
function fileOf(entry) {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}

/**
 * The browser gives some at a time, and none at the end.
 * @param {FileSystemDirectoryEntry} folder
 */
async function childrenOf(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const children = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return children;
    children.push(...some);
  }
}

/** @param {boolean} isOver */
function showTarget(isOver) {
  byId("target", HTMLElement).hidden = !isOver;
}

addEventListener("dragover", (event) => {
  const data = droppedData(event);
  if (data === null) return;
  event.preventDefault();
  data.dropEffect = "copy";
  showTarget(true);
});
addEventListener("dragleave", (event) => {
  // Within the page, the pointer enters something else.
  if (event.relatedTarget === null) showTarget(false);
});
addEventListener("drop", (event) => void takeDrop(event));
