// The page of a folder: a list that reads well without scripts, and the panel that uploads. Every name is somebody
// else's text, and is escaped here.

import type { ListedEntry } from "../storage/storage.ts";
import template from "./directory-page.html" with { type: "text" };
import type { ListOrder, SortKey } from "./list-order.ts";

/** What people should know before they send. */
export interface UploadTerms {
  readonly maxBodyBytes: number;
  /** What the server does with a name that is taken. */
  readonly onDuplicate: "overwrite" | "error" | "rename";
}

/** What a page shows beside its rows. */
export interface DirectoryView extends ListOrder {
  /** Of the folder below `/files/`; empty for `/files/` itself. */
  readonly segments: readonly string[];
  /** How many entries there are without the filter. */
  readonly total: number;
  /** Entries that are there and cannot be shown, by their names or because the system does not tell. */
  readonly unnameable: number;
  readonly unreadable: number;
  /** What the filter leaves: files and their bytes, and folders. */
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Null for a folder that nothing can be uploaded to. */
  readonly upload: UploadTerms | null;
}

const PAGE = template as unknown as string;

function hashesOf(element: "style" | "script"): string {
  const contents = [...PAGE.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, "g"))].map((match) => match[1]!);
  return contents.map((text) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`).join(" ");
}

/** The page's own style, scripts and `data:` icons, and requests to where it comes from. No frame may hold it. */
export const DIRECTORY_POLICY = [
  "default-src 'none'",
  `style-src ${hashesOf("style")}`,
  `script-src ${hashesOf("script")}`,
  "img-src data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A template cut at its `{{holes}}`: text, hole, text, hole, …, text. What fills a hole is never searched for more. */
const cut = (html: string): readonly string[] => html.split(/\{\{(\w+)\}\}/);
const WITH_UPLOADS = cut(PAGE.replace(/ *<!-- \/?uploads -->\n/g, ""));
const READ_ONLY = cut(PAGE.replace(/ *<!-- uploads -->[^]*?<!-- \/uploads -->\n/g, ""));

/** The whole document, in pieces; the entries are filtered and in order. */
export function* directoryPage(view: DirectoryView, entries: Iterable<ListedEntry>): Iterable<string> {
  const { segments, total, filter, upload } = view;
  const holes: Readonly<Record<string, string>> = {
    title: escape(["files", ...segments].join("/")) + " – mini-http",
    breadcrumb: breadcrumb(segments),
    folder: escape(segments.at(-1) ?? "files"),
    count: summary(view),
    toolsHidden: total === 0 ? "hidden" : "",
    order: orderFields(view),
    filter: escape(filter),
    maxBodyBytes: String(upload?.maxBodyBytes ?? 0),
    limit: limitText(upload?.maxBodyBytes ?? 0),
    onDuplicate: upload?.onDuplicate ?? "",
  };
  for (const [index, piece] of (upload === null ? READ_ONLY : WITH_UPLOADS).entries()) {
    if (index % 2 === 0) yield piece;
    else if (piece === "list") yield* list(view, entries);
    else yield holes[piece] ?? "";
  }
}

// ── Text ──

const NEEDS_ESCAPE = /[&<>"']/;

/** A lone surrogate would make `encodeURIComponent` throw; it is no character and is shown as U+FFFD. */
function escape(text: string): string {
  const whole = text.toWellFormed();
  return NEEDS_ESCAPE.test(whole) ? Bun.escapeHTML(whole) : whole;
}

/**
 * Relative to the folder. A colon is escaped, so that no name begins like a scheme, and no name is a dot segment: nothing
 * is left that a "./" would guard, which programs that read lists take for another name.
 */
function address(name: string): string {
  // The apostrophe is the only character that encodeURIComponent leaves and an attribute might not.
  return encodeURIComponent(name.toWellFormed()).replaceAll("'", "%27");
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
const UNIT_STEP = 1000;

/** Three digits at most, as long as there is a unit for it. The page's script has the same. */
function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= UNIT_STEP - 0.5 && unit < UNITS.length - 1; unit++) value /= UNIT_STEP;
  return `${value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1)} ${UNITS[unit]}`;
}

const LIMIT_UNITS = [
  ["TiB", 1024 ** 4],
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const;

/** Limits are set in powers of 1024, so that one is exact in their unit. */
function limitText(bytes: number): string {
  const exact = LIMIT_UNITS.find(([, unit]) => bytes >= unit && Number.isInteger((bytes * 10) / unit));
  return exact === undefined ? countOf(bytes, "byte") : `${bytes / exact[1]} ${exact[0]}`;
}

const GROUPED = new Intl.NumberFormat("en");

function countOf(count: number, noun: string): string {
  return `${GROUPED.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The last moment that `Date` can name. */
const LAST_TIME_MS = 8.64e15;
const SECONDS_END = ".000Z".length;
const MINUTES_END = ":00.000Z".length;

/** In UTC; the page's script shows it in the reader's own zone. */
function timeElement(modified: number): string {
  if (!(Math.abs(modified) <= LAST_TIME_MS)) return "";
  const iso = new Date(modified).toISOString();
  const shown = iso.slice(0, -MINUTES_END).replace("T", " ");
  return `<time datetime="${iso.slice(0, -SECONDS_END)}Z">${shown}</time>`;
}

// ── Around the list ──

function breadcrumb(segments: readonly string[]): string {
  const names = ["files", ...segments].map(escape);
  const above = names.slice(0, -1).map((name, index) => {
    const up = "../".repeat(names.length - 1 - index);
    return `<li><a href="${up}"><bdi>${name}</bdi></a></li>`;
  });
  return [...above, `<li aria-current="page"><h1><bdi>${names.at(-1)}</bdi></h1></li>`].join("\n        ");
}

/** "12 files, 3 folders, 4.5 MB", and how many of all that are. The page's script has the same. */
function summary({ files, folders, bytes, total, filter }: DirectoryView): string {
  const parts: string[] = [];
  if (files > 0) parts.push(countOf(files, "file"));
  if (folders > 0) parts.push(countOf(folders, "folder"));
  if (files > 0) parts.push(sizeText(bytes));
  const all = parts.join(", ");
  if (filter === "") return all;
  const shown = `${GROUPED.format(files + folders)} of ${GROUPED.format(total)} shown`;
  return all === "" ? shown : `${all} · ${shown}`;
}

/** What a form sends along. */
function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escape(value)}">`;
}

/** The filter's form keeps the order. */
function orderFields({ sort, descending }: ListOrder): string {
  return hidden("sort", sort) + hidden("order", descending ? "desc" : "asc");
}

// ── The list ──

function* list(view: DirectoryView, entries: Iterable<ListedEntry>): Iterable<string> {
  const { segments, total, filter } = view;
  yield `<div id="list" tabindex="-1" data-total="${total}" data-filter="${escape(filter)}">
<table>
<caption class="unseen">What is in the folder <bdi>${escape(segments.at(-1) ?? "files")}</bdi></caption>
${total === 0 ? "" : `<thead><tr>${COLUMNS.map((column) => columnHead(view, column)).join("")}<td></td></tr></thead>\n`}<tbody>
`;
  if (segments.length > 0) yield PARENT_ROW;
  for (const entry of entries) yield row(entry);
  yield `</tbody>
</table>
${remarks(view)}</div>
`;
}

const COLUMNS: readonly SortKey[] = ["name", "size", "modified"];
const COLUMN_HEADS: Readonly<Record<SortKey, string>> = {
  name: "Name",
  size: "Size",
  modified: 'Modified<span class="zone"> (UTC)</span>',
};

/**
 * A column's button turns its own order round; another one begins with what people look for: the largest, the latest. A
 * form and no link: programs that follow links would fetch each order of each folder.
 */
function columnHead({ sort, descending, filter }: DirectoryView, column: SortKey): string {
  const isSorted = column === sort;
  const fields = orderFields({ sort: column, descending: isSorted ? !descending : column !== "name", filter });
  const state = isSorted ? ` aria-sort="${descending ? "descending" : "ascending"}"` : "";
  const kept = filter === "" ? "" : hidden("filter", filter);
  return `<th scope="col"${state}><form method="get" action="./">${fields}${kept}<button data-column="${column}">${COLUMN_HEADS[column]}</button></form></th>`;
}

const PARENT_ROW =
  '<tr class="up"><th scope="row"><a href="../">Parent folder</a></th><td></td><td></td><td></td></tr>\n';

/**
 * One link, which is the entry itself, and a button to save it: programs that follow links fetch each file once, and
 * those that read the list (rclone, Kodi, HTTPDirFS) find the name as the link's text.
 */
function row({ name, type, size, modified }: ListedEntry): string {
  const href = address(name);
  const shown = escape(name);
  const time = timeElement(modified);
  if (type === "directory")
    return `<tr class="folder"><th scope="row"><a href="${href}/"><bdi>${shown}</bdi></a></th><td></td><td>${time}</td><td></td></tr>\n`;
  return `<tr><th scope="row"><a href="${href}"><bdi>${shown}</bdi></a></th><td>${sizeElement(size)}</td><td>${time}</td><td><button class="get" form="get" formaction="${href}" name="download" title="Download" aria-label="Download ${shown}">Download</button></td></tr>\n`;
}

function sizeElement(size: number): string {
  return `<data value="${size}" title="${countOf(size, "byte")}">${sizeText(size)}</data>`;
}

/** What is to be said of rows that are not there. */
function remarks(view: DirectoryView): string {
  const { total, files, folders, unnameable, unreadable } = view;
  let text = "";
  if (unnameable > 0) text += notShown(unnameable, unnameable === 1 ? BAD_NAME : BAD_NAMES);
  if (unreadable > 0)
    text += notShown(unreadable, "the server is not allowed to look at " + (unreadable === 1 ? "it" : "them"));
  if (total > 0) return text + (files + folders === 0 ? noMatch(view) : "");
  return text === "" ? '<p class="nothing">This folder is empty.</p>\n' : text;
}

const BAD_NAME = "its name is not UTF-8, or has a backslash or control characters in it";
const BAD_NAMES = "their names are not UTF-8, or have a backslash or control characters in them";

function notShown(count: number, why: string): string {
  const entries = count === 1 ? "1 entry is" : `${GROUPED.format(count)} entries are`;
  return `<p class="nothing">${entries} not shown, because ${why}.</p>\n`;
}

/** The page's script makes the same while people type. */
function noMatch({ sort, descending, filter }: DirectoryView): string {
  const all = orderFields({ sort, descending, filter: "" });
  return `<form id="no-match" class="nothing" method="get" action="./">${all}No name here contains “<bdi>${escape(filter)}</bdi>”. <button>Show all</button></form>\n`;
}
