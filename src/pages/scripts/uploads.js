// Uploads: each file goes out in a request of its own, so that it can be watched, cancelled and sent again alone.

import { byId, eventElement } from "./dom.js";
import { countOf, sizeText } from "./formats.js";
import { refresh } from "./list.js";
import { addRow, announce, showProgress, showState, showText, showTotals, terms, uploadList } from "./upload-panel.js";
import { outcomeLine, progressLine, SpeedMeter, totalsOf } from "./upload-totals.js";

/** @typedef {import("./upload-totals.js").UploadState} UploadState */
/** @typedef {import("./upload-panel.js").Action} Action */

const PARALLEL_UPLOADS = 3;
const TICK_MS = 250;
/** While uploads run, the list is fetched no more often than this. */
const REFRESH_MS = 3000;
const ASK_FIRST_BYTES = 1_000_000;
const TAKEN = "There is already a file with this name.";
const BROKEN_OFF = "The upload broke off: the server cannot be reached, or the file has changed meanwhile.";
const UNREADABLE = "The browser cannot read this file.";

/** One file on its way. */
class Upload {
  /** @type {UploadState} */
  state = "waiting";
  loaded = 0;
  /** A person said that it may take the place of another. */
  replaces = false;
  /** @type {XMLHttpRequest | null} */
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
  announce("Uploading " + countOf(queue.size, "file") + ".");
  start();
}

/** @param {string} text */
function say(text) {
  announce(text);
  if (!isBusy()) showText(text);
}

/** @param {number} bytes */
function tooLarge(bytes) {
  return "This file has " + sizeText(bytes) + "; the server takes at most " + terms.limit + ".";
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
    addEventListener("beforeunload", warn);
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
  updateTotals();
}

/** @param {Upload} upload */
function send(upload) {
  upload.loaded = 0;
  sending.add(upload);
  show(upload, "sending", "Starting");
  const isAsked = !terms.isRenamed && !upload.replaces && upload.size > ASK_FIRST_BYTES;
  if (isAsked) askFirst(upload);
  else sendBody(upload);
}

/**
 * A browser sends a whole body before it looks at the answer: for a large file, the name is asked about before.
 * @param {Upload} upload
 */
function askFirst(upload) {
  const request = openRequest(upload, "HEAD");
  request.addEventListener("load", () => {
    // A folder of this name answers from its own address; why a file cannot go there, the server says.
    const isTaken = request.status === 200 && !request.responseURL.endsWith("/");
    if (isTaken) settle(upload, "taken", TAKEN);
    else sendBody(upload);
  });
  request.send();
}

/** @param {Upload} upload */
function sendBody(upload) {
  const request = openRequest(upload, terms.isRenamed ? "POST" : "PUT");
  request.upload.addEventListener("progress", (event) => takeProgress(upload, event.loaded));
  request.addEventListener("load", () => settle(upload, ...judge(request, upload)));
  if (!terms.isRenamed && !upload.replaces) request.setRequestHeader("If-None-Match", "*");
  request.send(upload.file);
}

/**
 * @param {Upload} upload
 * @param {string} method
 */
function openRequest(upload, method) {
  const request = new XMLHttpRequest();
  upload.request = request;
  request.addEventListener("error", () => settle(upload, "failed", BROKEN_OFF));
  request.addEventListener("abort", () => settle(upload, "cancelled", "Cancelled"));
  request.open(method, addressOf(upload.path));
  return request;
}

/** @param {string} path */
function addressOf(path) {
  return "./" + path.split("/").map(encodeURIComponent).join("/");
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
 * The state that an answer puts an upload in, and the line that says so.
 * @param {XMLHttpRequest} request
 * @param {Upload} upload
 * @returns {[state: UploadState, line: string]}
 */
function judge(request, upload) {
  if (request.status >= 200 && request.status < 300) return ["done", storedLine(request, upload)];
  if (request.status === 412) return ["taken", TAKEN];
  const isLine = (request.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
  const [line] = isLine ? request.responseText.trim().split("\n", 1) : [];
  return ["failed", line || "The server answers with status " + request.status + "."];
}

/**
 * With `rename`, the name can be another than asked for.
 * @param {XMLHttpRequest} request
 * @param {Upload} upload
 */
function storedLine(request, upload) {
  const stored = (request.getResponseHeader("Location") ?? "").split("/").at(-1) ?? "";
  const asked = addressOf(upload.path).split("/").at(-1);
  return !terms.isRenamed || stored === "" || stored === asked
    ? "Uploaded"
    : "Uploaded as " + decodeURIComponent(stored);
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
  if (state === "done") refreshTimer ??= setTimeout(refreshNow, REFRESH_MS);
  if (state === "taken" || state === "failed") announce(upload.path + ": " + line);
  pump();
}

function finish() {
  clearInterval(ticker);
  ticker = undefined;
  removeEventListener("beforeunload", warn);
  announce(outcomeLine(batch));
  if (refreshTimer === undefined) return;
  clearTimeout(refreshTimer);
  refreshNow();
}

function refreshNow() {
  refreshTimer = undefined;
  void refresh();
}

function updateTotals() {
  const totals = totalsOf(batch);
  showTotals({
    isEmpty: uploads.size === 0,
    isBusy: isBusy(),
    taken: inState("taken").length,
    share: totals.bytes === 0 ? 0 : totals.loaded / totals.bytes,
    line: isBusy() ? progressLine(totals, meter.measure(performance.now(), sentBytes)) : outcomeLine(batch),
  });
}

/** @param {BeforeUnloadEvent} event */
function warn(event) {
  event.preventDefault();
}

// ── What people press ──

/** @type {Readonly<Record<Action, (upload: Upload) => void>>} */
const ACTIONS = {
  replace(upload) {
    upload.replaces = true;
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

/** @param {UploadState} wanted */
function inState(wanted) {
  return [...uploads.values()].filter(({ state }) => state === wanted);
}

/**
 * @param {string | undefined} word
 * @returns {word is Action}
 */
function isAction(word) {
  return word !== undefined && Object.hasOwn(ACTIONS, word);
}

function clear() {
  batch.clear();
  uploads.clear();
  uploadList.replaceChildren();
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
byId("replace-all", HTMLElement).addEventListener("click", () => act("replace", inState("taken")));
byId("skip-all", HTMLElement).addEventListener("click", () => act("skip", inState("taken")));
// Those that wait go first: an upload that ends would make one of them start.
byId("cancel-all", HTMLElement).addEventListener("click", () => act("cancel", [...queue, ...sending]));
byId("clear", HTMLElement).addEventListener("click", clear);
