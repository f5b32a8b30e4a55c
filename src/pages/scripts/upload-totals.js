// What uploads are together: counts, bytes, speed, and the lines that say so. Nothing here knows of a document.

import { countOf, durationText, sizeText } from "./formats.js";

/**
 * Where an upload is. `taken`: another file has its name; `refused`: it cannot be sent at all; `failed`: it can be sent
 * again.
 * @typedef {"waiting" | "sending" | "done" | "taken" | "failed" | "refused" | "cancelled" | "skipped"} UploadState
 */

/**
 * True for uploads that wait for a person to decide.
 * @param {UploadState} state
 */
export function isUndecided(state) {
  return state === "taken" || state === "failed";
}

/**
 * What stands first in the list: what needs a person, then what is on its way, then what has ended.
 * @param {UploadState} state
 */
export function rankOf(state) {
  if (isUndecided(state) || state === "refused") return 0;
  return state === "done" ? 2 : 1;
}

/**
 * @typedef {object} Counted
 * @property {UploadState} state
 * @property {number} size Of the file, in bytes.
 * @property {number} loaded How much of it has left.
 */

/**
 * What was given up is no part of the whole.
 * @param {Iterable<Counted>} uploads
 */
export function totalsOf(uploads) {
  const totals = { done: 0, active: 0, loaded: 0, bytes: 0 };
  for (const { state, size, loaded } of uploads) {
    const isActive = state === "sending" || state === "waiting";
    if (state !== "done" && !isActive) continue;
    totals.bytes += size;
    if (state === "done") totals.loaded += size;
    if (state === "sending") totals.loaded += loaded;
    if (isActive) totals.active += 1;
    else totals.done += 1;
  }
  return totals;
}

/**
 * @param {ReturnType<typeof totalsOf>} totals
 * @param {number} bytesPerSecond 0 when it is not known.
 */
export function progressLine({ done, active, loaded, bytes }, bytesPerSecond) {
  const parts = [done + " of " + countOf(done + active, "file"), sizeText(loaded) + " of " + sizeText(bytes)];
  if (bytesPerSecond > 0)
    parts.push(sizeText(bytesPerSecond) + "/s", durationText((bytes - loaded) / bytesPerSecond) + " left");
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

/**
 * What has become of uploads; empty when there were none.
 * @param {Iterable<Counted>} uploads
 * @param {string} done What files are that arrived: "uploaded", "sent".
 */
export function outcomeLine(uploads, done) {
  const states = [...uploads].map(({ state }) => state);
  /** @param {...UploadState} wanted */
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  const [arrived, taken, given] = [count("done"), count("taken"), count("cancelled", "skipped")];
  const failed = count("failed", "refused");
  const parts = [];
  if (arrived > 0) parts.push(countOf(arrived, "file") + " " + done);
  if (taken > 0) parts.push(countOf(taken, "name") + " already taken");
  if (failed > 0) parts.push(countOf(failed, "file") + " not " + done);
  if (given > 0) parts.push(countOf(given, "file") + " left out");
  return parts.length === 0 ? "" : parts.join(", ") + ".";
}

const SPEED_WINDOW_MS = 5000;
/** The first moments say nothing: the browser reads ahead. */
const SPEED_UNKNOWN_MS = 500;

/** How fast bytes leave, over the last seconds. */
export class SpeedMeter {
  /** @type {{ at: number, bytes: number }[]} */
  #samples = [];

  reset() {
    this.#samples = [];
  }

  /**
   * Bytes per second; 0 while nobody can tell.
   * @param {number} at In ms, of any clock that only goes forward.
   * @param {number} bytes All that ever left.
   */
  measure(at, bytes) {
    this.#samples = this.#samples.filter((sample) => at - sample.at <= SPEED_WINDOW_MS);
    this.#samples.push({ at, bytes });
    const first = this.#samples[0] ?? { at, bytes };
    const elapsed = at - first.at;
    return elapsed < SPEED_UNKNOWN_MS ? 0 : ((bytes - first.bytes) * 1000) / elapsed;
  }
}
