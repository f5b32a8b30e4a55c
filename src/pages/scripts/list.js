// The list: times in the reader's zone, a filter that works while typing, sorting without leaving the page.

import { byId, eventElement, make, makeName, within } from "./dom.js";
import { contentsText, foldName, localTime } from "./formats.js";

/** @typedef {{ row: HTMLTableRowElement, name: string, bytes: number, isFolder: boolean }} KnownRow */

const LIST_FORM = '<form id="get" method="get">';
const filterField = byId("filter", HTMLInputElement);

/** The address of the list that is shown, without its filter: the filter works here, on all rows. */
let listAddress = withFilter(location.href, "");
/** Loads so far: an answer that a later one has overtaken is dropped. */
let loads = 0;
/** Names that came through this page: uploads, or the folders that hold them. */
const newNames = new Set();
/**
 * What the filter needs of each row; read when it is first needed, and again after each load.
 * @type {KnownRow[] | null}
 */
let knownRows = null;

/**
 * @param {string | URL} address
 * @param {string} filter
 */
function withFilter(address, filter) {
  const url = new URL(address);
  url.hash = "";
  url.searchParams.delete("filter");
  if (filter !== "") url.searchParams.set("filter", filter);
  return url.href;
}

/** Who walks on to another folder finds it in the order of this one. */
function keepOrder() {
  const { searchParams } = new URL(listAddress);
  const order = new URLSearchParams();
  for (const name of ["sort", "order"]) if (searchParams.has(name)) order.set(name, searchParams.get(name) ?? "");
  const links = document.querySelectorAll("nav a, #list .up a, #list .folder a");
  for (const link of links) {
    // As it is written, where nothing is to be added.
    const isKept = link instanceof HTMLAnchorElement && (order.size > 0 || link.search !== "");
    if (isKept) link.search = order.toString();
  }
}

/**
 * Called when other rows are shown, and once at the beginning.
 * @type {(() => void)[]}
 */
const listeners = [];

/** @param {() => void} listener */
export function onList(listener) {
  listeners.push(listener);
  listener();
}

/** The rows that the filter leaves, without the one of the parent folder. */
export function shownRows() {
  return rows()
    .map(({ row }) => row)
    .filter((row) => !row.hidden);
}

/** The names of all rows, whatever the filter leaves. */
export function allNames() {
  return new Set(rows().map(({ row }) => nameOf(row)));
}

/**
 * What stands in the row, as it is called.
 * @param {HTMLTableRowElement} row
 */
export function nameOf(row) {
  return within(row, "bdi", HTMLElement).textContent;
}

/**
 * The link that is the entry.
 * @param {HTMLTableRowElement} row
 */
export function linkOf(row) {
  return within(row, "th a", HTMLAnchorElement);
}

/**
 * Where the entry is, whatever the order of its list.
 * @param {HTMLTableRowElement} row
 */
export function addressOf(row) {
  const { origin, pathname } = linkOf(row);
  return origin + pathname;
}

/**
 * When the entry was changed, as its row says; null where it does not.
 * @param {HTMLTableRowElement} row
 */
export function modifiedOf(row) {
  const time = row.querySelector("time");
  return time === null ? null : new Date(time.dateTime);
}

function currentList() {
  return byId("list", HTMLElement);
}

function showLocalTimes() {
  for (const time of currentList().querySelectorAll("time")) time.textContent = localTime(new Date(time.dateTime));
  currentList().querySelector(".zone")?.remove();
}

// ── Filter ──

function rows() {
  knownRows ??= readRows();
  return knownRows;
}

/** @returns {KnownRow[]} */
function readRows() {
  const { tBodies } = within(currentList(), "table", HTMLTableElement);
  const all = [...tBodies].flatMap(({ rows }) => [...rows]);
  return all.filter((row) => !row.classList.contains("up")).map(readRow);
}

/** @param {HTMLTableRowElement} row */
function readRow(row) {
  const name = within(row, "bdi", HTMLElement).textContent;
  row.classList.toggle("new", newNames.has(name));
  return {
    row,
    name: foldName(name),
    bytes: Number(row.querySelector("data")?.value ?? 0),
    isFolder: row.classList.contains("folder"),
  };
}

function showMatches() {
  const wanted = foldName(filterField.value);
  const shown = rows().filter((each) => {
    each.row.hidden = !each.name.includes(wanted);
    return !each.row.hidden;
  });
  const total = Number(currentList().dataset["total"]);
  const folders = shown.filter(({ isFolder }) => isFolder).length;
  byId("count", HTMLElement).textContent = contentsText({
    files: shown.length - folders,
    folders,
    bytes: shown.reduce((sum, { bytes }) => sum + bytes, 0),
    total,
    filter: filterField.value,
  });
  showNoMatch(shown.length === 0 && total > 0);
  for (const listener of listeners) listener();
}

/** @param {boolean} isEmpty */
function showNoMatch(isEmpty) {
  document.getElementById("no-match")?.remove();
  if (!isEmpty) return;
  const name = makeName(filterField.value);
  const showAll = make("button", { type: "button" }, "Show all");
  currentList().append(
    make("p", { id: "no-match", class: "nothing" }, "No name here contains “", name, "”. ", showAll),
  );
}

/** The server has filtered the first list; what it left out is fetched when the filter widens. */
function takeFilter() {
  const loaded = foldName(currentList().dataset["filter"] ?? "");
  if (foldName(filterField.value).includes(loaded)) showMatches();
  else void refresh();
}

/** Not at each key: browsers count how often an address changes. */
function keepAddress() {
  history.replaceState(null, "", withFilter(listAddress, filterField.value));
}

// ── Loading ──

/**
 * Puts the list of an address in the place of the one that is shown; everything else stays. A list that cannot be had
 * leaves the one that is shown, and a line above it says why: then false.
 * @param {string} address
 */
async function load(address) {
  const mine = ++loads;
  const answer = await fetchList(address);
  if (mine !== loads) return true;
  if (typeof answer === "string") showStale(answer, address);
  else showList(answer);
  return typeof answer !== "string";
}

/**
 * The list, or why there is none.
 * @param {string} address
 */
async function fetchList(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (!response.ok) return "the server answers " + response.status;
    // With scripts nobody needs the form around the rows, and without it 50,000 buttons are read in a second, not in minutes.
    const text = (await response.text()).replace(LIST_FORM, "");
    const page = new DOMParser().parseFromString(text, "text/html");
    return page.getElementById("list") ?? "the server answers with something else";
  } catch {
    return "the server cannot be reached";
  }
}

/** @param {Element} found */
function showList(found) {
  const list = /** @type {HTMLElement} */ (document.adoptNode(found));
  const { activeElement } = document;
  const focused = currentList().contains(activeElement) ? keyOf(activeElement) : null;
  document.getElementById("stale")?.remove();
  currentList().replaceWith(list);
  byId("tools", HTMLElement).hidden = list.dataset["total"] === "0";
  knownRows = null;
  showLocalTimes();
  keepOrder();
  showMatches();
  if (focused === null) return;
  for (const each of list.querySelectorAll("a, button"))
    if (each instanceof HTMLElement && keyOf(each) === focused) return each.focus();
}

/**
 * @param {string} why
 * @param {string} address
 */
function showStale(why, address) {
  document.getElementById("stale")?.remove();
  const retry = make("button", { type: "button" }, "Try again");
  retry.addEventListener("click", () => void showOrdered(address));
  const line = "The list could not be fetched anew: " + why + ". ";
  currentList().before(make("p", { id: "stale", role: "alert" }, line, retry));
  // It may not be empty any more.
  currentList().querySelector(".empty")?.remove();
  showMatches();
}

/**
 * What a link or button is called before and after a load.
 * @param {Element | null} element
 */
function keyOf(element) {
  if (!(element instanceof HTMLElement)) return null;
  const { column } = element.dataset;
  return column ?? element.getAttribute("href") ?? "save " + element.getAttribute("formaction");
}

/** Puts the list as it is now in the place of the one that is shown. */
export async function refresh() {
  await load(listAddress);
}

/**
 * The list in another order.
 * @param {string} address
 */
async function showOrdered(address) {
  const before = listAddress;
  // A refresh that overtakes this load fetches the new order too.
  listAddress = withFilter(address, "");
  if (await load(address)) keepAddress();
  else listAddress = before;
}

/**
 * Marks the row of this name from the next list on.
 * @param {string} name
 */
export function markNew(name) {
  newNames.add(name);
}

/** True when there is nothing in the folder, as far as the page knows. */
export function isListEmpty() {
  return currentList().dataset["total"] === "0";
}

/**
 * Where a column's form leads, with what stands in the filter now.
 * @param {HTMLFormElement} form
 */
function addressOfColumn(form) {
  const url = new URL(form.action);
  for (const field of form.querySelectorAll("input")) url.searchParams.set(field.name, field.value);
  return withFilter(url, filterField.value);
}

// ── What people press ──

function showAll() {
  filterField.value = "";
  filterField.focus();
  takeFilter();
  keepAddress();
}

/**
 * A link of the moment: a form that is sent would count as leaving the page, with uploads under way.
 * @param {HTMLButtonElement} button
 */
function save(button) {
  make("a", { href: button.formAction + "?download", download: "" }).click();
}

document.addEventListener("click", (event) => {
  const button = eventElement(event, "#list button", HTMLButtonElement);
  if (button === null || button.dataset["act"] !== undefined) return;
  event.preventDefault();
  if (button.dataset["column"] !== undefined && button.form !== null) void showOrdered(addressOfColumn(button.form));
  else if (button.name === "download") save(button);
  else showAll();
});
filterField.addEventListener("input", takeFilter);
filterField.addEventListener("change", keepAddress);
byId("narrow", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  keepAddress();
});
within(byId("narrow", HTMLFormElement), "button", HTMLButtonElement).hidden = true;
showLocalTimes();
keepOrder();
