// The list of a folder: a table that reads well without scripts, whose links are the entries and nothing else.

import { countOf, groupedText, sizeText } from "./formats.ts";
import { escapeHtml, nameElement } from "./html.ts";
import type { UploadTerms } from "./upload-panel.ts";

/** What a list can be ordered by. */
export type SortKey = "name" | "size" | "modified";

/** What the query asks for. */
export interface ListOrder {
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Part of the names that are wanted; empty for all. */
  readonly filter: string;
}

/** What a row says. */
export interface ShownEntry {
  readonly name: string;
  readonly type: "file" | "directory";
  readonly size: number;
  /** In ms since 1970. */
  readonly modified: number;
}

/** Who looks at a page. */
export interface Visitor {
  /** Empty for whoever has not said. */
  readonly user: string;
  /** He could say it. */
  readonly mayLogIn: boolean;
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
  /** Who looks at it; null where nobody has to say who he is. */
  readonly visitor: Visitor | null;
  /** Null for a folder that nothing can be uploaded to. */
  readonly upload: UploadTerms | null;
  /** What somebody wrote about the folder; null for nothing. */
  readonly readme: Readme | null;
  /** What may be done beside that. */
  readonly acts: readonly Act[];
}

/** The beginning of a README. */
export interface Readme {
  readonly name: string;
  readonly text: string;
  readonly isCut: boolean;
}

/** folder: folders may be made here. delete: what is here may be removed, and given another name where names can be made. */
export type Act = "folder" | "delete";

/** Rows that a browser lays out together: of a long list it does so with those alone that come into sight. */
const PART_ROWS = 250;

/** The list in pieces; the entries are filtered and in order. */
export function* directoryList(view: DirectoryView, entries: Iterable<ShownEntry>): Iterable<string> {
  const { segments, total, filter, files, folders } = view;
  const isLong = files + folders > 2 * PART_ROWS;
  yield `<div id="list" tabindex="-1" data-total="${total}" data-filter="${escapeHtml(filter)}">
${total === 0 ? "" : COLUMNS.map((column) => columnForm(view, column)).join("")}<form id="get" method="get">
<table${isLong ? ' class="long"' : ""}>
<caption class="unseen">What is in the folder ${nameElement(segments.at(-1) ?? "files")}</caption>
${total === 0 ? "" : `<thead><tr>${COLUMNS.map((column) => columnHead(view, column)).join("")}<td></td></tr></thead>\n`}<tbody>
`;
  if (segments.length > 0) yield PARENT_ROW;
  let rows = 0;
  for (const entry of entries) {
    if (rows > 0 && rows % PART_ROWS === 0) yield "</tbody><tbody>\n";
    rows += 1;
    yield row(entry);
  }
  yield `</tbody>
</table>
</form>
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
 * form and no link: programs that follow links would fetch each order of each folder. It stands before the table, which is
 * in a form of its own: a row's button that named its form would make a browser look for it at each row anew.
 */
function columnForm({ sort, descending, filter }: DirectoryView, column: SortKey): string {
  const fields = orderFields({ sort: column, descending: column === sort ? !descending : column !== "name", filter });
  const kept = filter === "" ? "" : hidden("filter", filter);
  return `<form id="by-${column}" method="get" action="./">${fields}${kept}</form>\n`;
}

function columnHead({ sort, descending }: DirectoryView, column: SortKey): string {
  const state = column === sort ? ` aria-sort="${descending ? "descending" : "ascending"}"` : "";
  return `<th scope="col"${state}><button form="by-${column}" data-column="${column}">${COLUMN_HEADS[column]}</button></th>`;
}

const PARENT_ROW =
  '<tr class="up"><th scope="row"><a href="../">Parent folder</a></th><td></td><td></td><td></td></tr>\n';

/**
 * One link, which is the entry itself, and a button to save it: programs that follow links fetch each file once, and
 * those that read the list (rclone, Kodi, HTTPDirFS) find the name as the link's text.
 */
function row({ name, type, size, modified }: ShownEntry): string {
  const href = address(name);
  const shown = escapeHtml(name);
  const time = timeElement(modified);
  if (type === "directory")
    return `<tr class="folder"><th scope="row"><a href="${href}/">${nameElement(name)}</a></th><td></td><td>${time}</td><td></td></tr>\n`;
  return `<tr><th scope="row"><a href="${href}">${nameElement(name)}</a></th><td>${sizeElement(size)}</td><td>${time}</td><td><button class="get" formaction="${href}" name="download" title="Download" aria-label="Download ${shown}">Download</button></td></tr>\n`;
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
  return text === "" ? '<p class="nothing empty">This folder is empty.</p>\n' : text;
}

const BAD_NAME = "its name is not UTF-8, or has a backslash or control characters in it";
const BAD_NAMES = "their names are not UTF-8, or have a backslash or control characters in them";

function notShown(count: number, why: string): string {
  const entries = count === 1 ? "1 entry is" : `${groupedText(count)} entries are`;
  return `<p class="nothing">${entries} not shown, because ${why}.</p>\n`;
}

/** The page's script makes the same while people type. */
function noMatch({ sort, descending, filter }: DirectoryView): string {
  const all = orderFields({ sort, descending, filter: "" });
  return `<form id="no-match" class="nothing" method="get" action="./">${all}No name here contains “${nameElement(filter)}”. <button>Show all</button></form>\n`;
}

// ── Pieces of rows and forms ──

/** What a form sends along. */
function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
}

/** The filter's form keeps the order. */
export function orderFields({ sort, descending }: ListOrder): string {
  return hidden("sort", sort) + hidden("order", descending ? "desc" : "asc");
}

/**
 * Relative to the folder. A colon is escaped, so that no name begins like a scheme, and no name is a dot segment: nothing
 * is left that a "./" would guard, which programs that read lists take for another name.
 */
function address(name: string): string {
  // The apostrophe is the only character that encodeURIComponent leaves and an attribute might not.
  return encodeURIComponent(name.toWellFormed()).replaceAll("'", "%27");
}

/** The last moment that `Date` can name. */
const LAST_TIME_MS = 8.64e15;
const SECONDS_END = ".000Z".length;
const MINUTES_END = ":00.000Z".length;

/** As RFC 3339 writes it; null for a time that `Date` cannot name. */
export function isoTime(modified: number): string | null {
  return Math.abs(modified) <= LAST_TIME_MS ? new Date(modified).toISOString() : null;
}

/** In UTC; the page's script shows it in the reader's own zone. */
function timeElement(modified: number): string {
  const iso = isoTime(modified);
  if (iso === null) return "";
  const shown = iso.slice(0, -MINUTES_END).replace("T", " ");
  return `<time datetime="${iso.slice(0, -SECONDS_END)}Z">${shown}</time>`;
}
