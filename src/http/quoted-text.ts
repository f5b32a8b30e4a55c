// What a client sent, made fit to be repeated in a line of ours: visible ASCII in quotes, escaped as in the log, and short.

/** More of it helps nobody. */
const MOST_CHARS = 100;
const UNSAFE = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu;

/** `text` in any script; its quotes, backslashes and all but visible ASCII become `\xNN`, byte by byte of UTF-8. */
export function quoteText(text: string): string {
  const start = text.slice(0, MOST_CHARS).toWellFormed();
  return `"${start.replace(UNSAFE, escapeChar)}${text.length > MOST_CHARS ? "..." : ""}"`;
}

function escapeChar(char: string): string {
  return [...Buffer.from(char, "utf8")].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
