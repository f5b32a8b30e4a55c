// How numbers, sizes, times and names read: for the server, which writes the first page, and for the script, which
// changes it. Both take this very text, so that they cannot differ. Nothing here knows of a document.

/** Of 1000 each, as phones and most file managers have them. */
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/**
 * Three digits at most, as long as there is a unit for it.
 * @param {number} bytes
 */
export function sizeText(bytes) {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  return value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1) + " " + UNITS[unit];
}

/**
 * A size that must not be exceeded; never more than it is.
 * @param {number} bytes
 */
export function limitText(bytes) {
  return threeDigits(bytes, Math.floor);
}

/**
 * A size that exceeds a limit, and does so as text too.
 * @param {number} bytes
 */
export function excessText(bytes) {
  return threeDigits(bytes, Math.ceil);
}

/**
 * @param {number} bytes
 * @param {(number: number) => number} round
 */
function threeDigits(bytes, round) {
  const step = 10 ** Math.max(0, String(bytes).length - 3);
  const rounded = round(bytes / step) * step;
  const unit = Math.min(UNITS.length - 1, Math.floor((String(rounded).length - 1) / 3));
  return Number((rounded / 1000 ** unit).toPrecision(3)) + " " + UNITS[unit];
}

/**
 * "1,234 files", "1 file".
 * @param {number} count
 * @param {string} noun
 */
export function countOf(count, noun) {
  return groupedText(count) + " " + noun + (count === 1 ? "" : "s");
}

const GROUPED = new Intl.NumberFormat("en");

/**
 * A whole number as one reads it.
 * @param {number} count
 */
export function groupedText(count) {
  return GROUPED.format(count);
}

/**
 * What a list shows.
 * @typedef {object} Contents
 * @property {number} files
 * @property {number} folders
 * @property {number} bytes Of the files.
 * @property {number} total How many entries there are without the filter.
 * @property {string} filter
 */

/**
 * "12 files, 3 folders, 4.5 MB", and, with a filter, how many of all that are.
 * @param {Contents} contents
 */
export function contentsText({ files, folders, bytes, total, filter }) {
  const parts = [];
  if (files > 0) parts.push(countOf(files, "file"));
  if (folders > 0) parts.push(countOf(folders, "folder"));
  if (files > 0) parts.push(sizeText(bytes));
  const all = parts.join(", ");
  if (filter === "") return all;
  const shown = groupedText(files + folders) + " of " + groupedText(total) + " shown";
  return all === "" ? shown : all + " · " + shown;
}

/**
 * A name as the filter sees it: in any case, composed or not.
 * @param {string} name
 */
export function foldName(name) {
  return name.toLowerCase().replaceAll("ς", "σ").normalize("NFC");
}

/** What changes the order of letters (Unicode's bidirectional controls) or breaks a line, and is not seen itself. */
const UNSEEN_CONTROL = /([\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])/;

/**
 * A name cut for showing: text, control, text, control, …, text. Each control stands alone, so that it can be marked and
 * changes nothing around it.
 * @param {string} name
 */
export function nameParts(name) {
  return name.split(UNSEEN_CONTROL);
}

/**
 * What a control is marked with: its number in Unicode.
 * @param {string} control
 */
export function codeOf(control) {
  return (control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/**
 * To the minute, in the zone of whoever reads.
 * @param {Date} date
 */
export function localTime(date) {
  /** @param {number} number */
  const two = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return day + " " + two(date.getHours()) + ":" + two(date.getMinutes());
}

/**
 * How long something takes yet; at least a second.
 * @param {number} seconds
 */
export function durationText(seconds) {
  if (seconds < 60) return Math.max(1, Math.ceil(seconds)) + " s";
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}
