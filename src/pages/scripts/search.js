// Looks for what stands in the filter in all folders below this one, and shows it as it is found.

import { byId, make, makeName } from "./dom.js";
import { countOf, groupedText, sizeText } from "./formats.js";

/** @typedef {{ readonly path: string, readonly type: "file" | "directory", readonly size: number | null }} Found */
/** @typedef {{ readonly complete: boolean, readonly stopped: string | null, readonly lookedAt: number }} Summary */

const searchField = byId("filter", HTMLInputElement);
const searchButton = make("button", { type: "button", id: "search", hidden: "" }, "Search in all folders");
const searchStop = make("button", { type: "button", hidden: "" }, "Stop");
const searchClose = make("button", { type: "button" }, "Close");
const searchLine = make("p", { role: "status" });
const foundList = make("ul", { "aria-label": "What was found" });
const foundPart = make("section", { id: "found", "aria-label": "Search", hidden: "" }, searchLine, foundList);
/** @type {AbortController | null} */
let underWay = null;

searchLine.append(make("span", {}), " ", searchStop, " ", searchClose);
byId("narrow", HTMLFormElement).append(searchButton);
byId("list", HTMLElement).before(foundPart);

/** @param {string} text */
function saySearch(text) {
  const [line] = searchLine.children;
  if (line !== undefined) line.textContent = text;
}

async function searchBelow() {
  const words = searchField.value.trim();
  if (words === "") return;
  underWay?.abort();
  const mine = new AbortController();
  underWay = mine;
  foundList.replaceChildren();
  foundPart.hidden = false;
  searchStop.hidden = false;
  saySearch("Searching …");
  const say = (/** @type {string} */ text) => {
    if (underWay === mine) saySearch(text);
  };
  try {
    const response = await fetch("./?search=" + encodeURIComponent(words), { signal: mine.signal });
    if (!response.ok || response.body === null) say((await response.text()).trim().split("\n", 1)[0] ?? "");
    else await showFound(response.body, mine);
  } catch {
    say(mine.signal.aborted ? "Stopped. " + foundText() : "The server cannot be reached.");
  }
  if (underWay === mine) searchStop.hidden = true;
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {AbortController} mine
 */
async function showFound(body, mine) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + decoder.decode(piece.value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (underWay !== mine) return;
    for (const line of lines) if (line !== "") showLine(JSON.parse(line));
  }
}

/** @param {Found | Summary} line */
function showLine(line) {
  if ("path" in line) {
    const address = line.path.split("/").map(encodeURIComponent).join("/") + (line.type === "directory" ? "/" : "");
    const size = line.size === null ? "" : " " + sizeText(line.size);
    foundList.append(make("li", {}, make("a", { href: "./" + address }, makeName(line.path)), make("small", {}, size)));
    saySearch("Searching … " + foundText());
  } else saySearch(foundText() + endText(line));
}

function foundText() {
  const count = foundList.childElementCount;
  return count === 0 ? "Nothing found." : countOf(count, "name") + " found.";
}

/** @param {Summary} summary */
function endText({ complete, stopped, lookedAt }) {
  if (complete) return " " + groupedText(lookedAt) + " looked at.";
  if (stopped === "results") return " There are more.";
  return " Not everything could be looked at.";
}

searchButton.addEventListener("click", () => void searchBelow());
searchStop.addEventListener("click", () => underWay?.abort());
searchClose.addEventListener("click", () => {
  underWay?.abort();
  foundPart.hidden = true;
  searchField.focus();
});
const showSearch = () => {
  searchButton.hidden = searchField.value.trim() === "";
};
searchField.addEventListener("input", showSearch);
showSearch();
