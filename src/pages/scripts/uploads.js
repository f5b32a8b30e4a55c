// Uploads: each file goes out in a request of its own, so that it can be watched, cancelled and sent again alone.

import { byId, eventElement } from "./dom.js";
import { countOf, excessText, limitText } from "./formats.js";
import { isListEmpty, markNew, refresh } from "./list.js";
import {
  addRow,
  announce,
  removeRow,
  showProgress,
  showState,
  showText,
  showTotals,
  terms,
  uploadList,
  words,
} from "./upload-panel.js";
import { UploadRequest } from "./upload-request.js";
import { isUndecided, outcomeLine, progressLine, SpeedMeter, totalsOf } from "./upload-totals.js";

/** @typedef {import("./upload-totals.js").UploadState} UploadState */
/** @typedef {import("./upload-panel.js").Action} Action */

const PARALLEL_UPLOADS = 3;
const TICK_MS = 250;
const MOST_COUNTED_AT_ONCE = 200;
/** While uploads run, the list is fetched no more often than this. */
const REFRESH_MS = 3000;
const UNREADABLE = "The browser cannot read this file.";

/** One file on its way. */
class Upload {
  /** @type {UploadState} */
  state = "waiting";
  loaded = 0;
  /**
   * What a person said about a name that is taken.
   * @type {"ask" | "replace" | "rename"}
   */
  way = "ask";
  /** @type {UploadRequest | null} */
  request = null;

  /**
   * @param {Blob} file
   * @param {string} path
   */
  constructor(file, path) {
    this.file = file;
    this.path = path;
    this.row = addRow(path);
  }

  get size() {
    return this.file.size;
  }
}

/**
 * Every upload in the list, by its row.
 * @type {Map<Element, Upload>}
 */
const uploads = new Map();
/** @type {Set<Upload>} */
const queue = new Set();
/** @type {Set<Upload>} */
const sending = new Set();
/**
 * What the totals are about: all that was added since nothing was left to do.
 * @type {Set<Upload>}
 */
const batch = new Set();
const meter = new SpeedMeter();
/** All bytes that ever left. */
let sentBytes = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticker;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshTimer;
/** The list is being fetched for the last time: what has become of the uploads is said when it shows them. */
let isFinishing = false;

// ── What to send ──

/**
 * Takes files; one that could not be read is null.
 * @param {readonly { readonly file: File | null, readonly path: string }[]} found
 */
export function addUploads(found) {
  if (found.length === 0) return say("There are no files in what was dropped.");
  if (!isBusy()) batch.clear();
  for (const { file, path } of found) {
    const upload = new Upload(file ?? new Blob(), path);
    uploads.set(upload.row, upload);
    batch.add(upload);
    if (file === null) show(upload, "refused", UNREADABLE);
    else if (file.size > terms.maxBodyBytes) show(upload, "refused", tooLarge(file.size));
    else enqueue(upload);
  }
  announce((terms.isDropBox ? "Sending " : "Uploading ") + countOf(queue.size, "file") + ".");
  start();
}

/** @param {string} text */
function say(text) {
  announce(text);
  if (!isBusy()) showText(text);
}

/** @param {number} bytes */
function tooLarge(bytes) {
  return "This file has " + excessText(bytes) + "; the server takes at most " + limitText(terms.maxBodyBytes) + ".";
}

/** @param {Upload} upload */
function enqueue(upload) {
  queue.add(upload);
  show(upload, "waiting", "Waiting");
}

/**
 * @param {Upload} upload
 * @param {UploadState} state
 * @param {string} line
 */
function show(upload, state, line) {
  upload.state = state;
  showState(upload.row, state, line);
}

// ── Sending ──

function isBusy() {
  return queue.size + sending.size > 0;
}

function start() {
  if (ticker === undefined && isBusy()) {
    meter.reset();
    ticker = setInterval(updateTotals, TICK_MS);
  }
  pump();
}

function pump() {
  for (const upload of queue) {
    if (sending.size >= PARALLEL_UPLOADS) break;
    queue.delete(upload);
    send(upload);
  }
  if (!isBusy()) finish();
  // Of thousands the ticker shows the totals often enough: at each end they would be counted thousands of times.
  if (!isBusy() || uploads.size <= MOST_COUNTED_AT_ONCE) updateTotals();
}

/** @param {Upload} upload */
function send(upload) {
  upload.loaded = 0;
  sending.add(upload);
  show(upload, "sending", "Starting");
  const { file, path, way } = upload;
  upload.request = new UploadRequest(file, path, way, {
    progress: (loaded) => takeProgress(upload, loaded),
    end: (state, line) => settle(upload, state, line),
    stored: markNew,
  });
}

/**
 * @param {Upload} upload
 * @param {number} loaded
 */
function takeProgress(upload, loaded) {
  if (upload.state !== "sending") return;
  sentBytes += loaded - upload.loaded;
  upload.loaded = loaded;
  showProgress(upload.row, loaded, upload.size);
}

/**
 * @param {Upload} upload
 * @param {UploadState} state
 * @param {string} line
 */
function settle(upload, state, line) {
  upload.request = null;
  sending.delete(upload);
  show(upload, state, line);
  if (state === "done") refreshTimer ??= setTimeout(refreshNow, isListEmpty() ? 0 : REFRESH_MS);
  if (state === "taken" || state === "failed") announce(upload.path + ": " + line);
  pump();
}

function finish() {
  clearInterval(ticker);
  ticker = undefined;
  if (refreshTimer === undefined) return announceOutcome();
  clearTimeout(refreshTimer);
  refreshTimer = undefined;
  isFinishing = true;
  void refresh().then(() => {
    isFinishing = false;
    announceOutcome();
    updateTotals();
  });
}

function announceOutcome() {
  if (!isBusy()) announce(outcomeLine(batch, words.done));
}

function refreshNow() {
  refreshTimer = undefined;
  void refresh();
}

function updateTotals() {
  const totals = totalsOf(batch);
  const hasEnded = !isBusy() && !isFinishing;
  const states = [...uploads.values()].map(({ state }) => state);
  showTotals({
    isEmpty: uploads.size === 0,
    isBusy: isBusy(),
    canClear: !states.every(isUndecided),
    taken: states.filter(isTaken).length,
    undecided: states.filter(isUndecided).length,
    done: states.filter((state) => state === "done").length,
    share: totals.bytes === 0 ? 0 : totals.loaded / totals.bytes,
    line: hasEnded ? outcomeLine(batch, words.done) : progressLine(totals, meter.measure(performance.now(), sentBytes)),
  });
}

// What is not decided would be lost with the page, and what is under way.
addEventListener("beforeunload", (event) => {
  if (isBusy() || inState(isUndecided).length > 0) event.preventDefault();
});

// ── What people press ──

/** @type {Readonly<Record<Action, (upload: Upload) => void>>} */
const ACTIONS = {
  replace(upload) {
    upload.way = "replace";
    enqueue(upload);
  },
  keep(upload) {
    upload.way = "rename";
    enqueue(upload);
  },
  retry: enqueue,
  skip: (upload) => show(upload, "skipped", "Skipped"),
  cancel(upload) {
    if (upload.request !== null) return upload.request.abort();
    queue.delete(upload);
    show(upload, "cancelled", "Cancelled");
  },
};

/**
 * @param {Action} action
 * @param {readonly Upload[]} chosen
 */
function act(action, chosen) {
  for (const upload of chosen) ACTIONS[action](upload);
  start();
}

/** @param {UploadState} state */
function isTaken(state) {
  return state === "taken";
}

/** @param {(state: UploadState) => boolean} isWanted */
function inState(isWanted) {
  return [...uploads.values()].filter(({ state }) => isWanted(state));
}

/**
 * @param {string | undefined} word
 * @returns {word is Action}
 */
function isAction(word) {
  return word !== undefined && Object.hasOwn(ACTIONS, word);
}

/** Takes out what needs nobody any more. */
function clear() {
  for (const [row, upload] of uploads) {
    if (isUndecided(upload.state)) continue;
    uploads.delete(row);
    batch.delete(upload);
    removeRow(upload.row);
  }
  updateTotals();
  byId("choose-files", HTMLElement).focus();
}

uploadList.addEventListener("click", (event) => {
  const action = eventElement(event, "button", HTMLButtonElement)?.dataset["action"];
  const row = eventElement(event, "li", HTMLLIElement);
  const upload = row === null ? undefined : uploads.get(row);
  if (row === null || upload === undefined || !isAction(action)) return;
  act(action, [upload]);
  // The button that was pressed is gone; the keyboard goes on from where it was.
  const next = row.querySelector("button:not([hidden])");
  (next instanceof HTMLElement ? next : row).focus();
});
byId("replace-all", HTMLElement).addEventListener("click", () => act("replace", inState(isTaken)));
byId("keep-all", HTMLElement).addEventListener("click", () => act("keep", inState(isTaken)));
byId("skip-all", HTMLElement).addEventListener("click", () => act("skip", inState(isUndecided)));
// Those that wait go first: an upload that ends would make one of them start.
byId("cancel-all", HTMLElement).addEventListener("click", () => act("cancel", [...queue, ...sending]));
byId("clear", HTMLElement).addEventListener("click", clear);
