// The page of a folder: a list that reads well without scripts, and the panel that uploads. Every name is somebody
// else's text, and is escaped here.

import template from "./directory-page.html" with { type: "text" };

/** What a list can be ordered by. */
export type SortKey = "name" | "size" | "modified";

/** One row. */
export interface ListedEntry {
  readonly name: string;
  readonly type: "file" | "directory";
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** In milliseconds since the epoch. */
  readonly modified: number;
}

/** What people should know before they send. */
export interface UploadTerms {
  readonly maxBodyBytes: number;
  /** What the server does with a name that is taken. */
  readonly onDuplicate: "overwrite" | "error" | "rename";
}

/** All that a page shows. */
export interface DirectoryView {
  /** Of the folder below `/files/`; empty for `/files/` itself. */
  readonly segments: readonly string[];
  /** Filtered and in order. */
  readonly entries: readonly ListedEntry[];
  /** How many there are without the filter. */
  readonly total: number;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
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

/** The whole document. */
export function directoryPage(view: DirectoryView): string {
  const { segments, total, filter, upload } = view;
  const folder = escape(segments.at(-1) ?? "files");
  const holes: Readonly<Record<string, string>> = {
    title: escape(["files", ...segments].join("/")) + " – mini-http",
    breadcrumb: breadcrumb(segments),
    folder,
    count: summary(view),
    toolsHidden: total === 0 ? "hidden" : "",
    order: orderFields(view),
    filter: escape(filter),
    list: list(view),
    maxBodyBytes: String(upload?.maxBodyBytes ?? 0),
    limit: limitText(upload?.maxBodyBytes ?? 0),
    onDuplicate: upload?.onDuplicate ?? "",
  };
  const pieces = upload === null ? READ_ONLY : WITH_UPLOADS;
  return pieces.map((piece, index) => (index % 2 === 0 ? piece : (holes[piece] ?? ""))).join("");
}

// ── Text ──

const NEEDS_ESCAPE = /[&<>"']/;

/** A lone surrogate would make `encodeURIComponent` throw; it is no character and is shown as U+FFFD. */
function escape(text: string): string {
  const whole = text.toWellFormed();
  return NEEDS_ESCAPE.test(whole) ? Bun.escapeHTML(whole) : whole;
}

/** Relative to the folder; `./` keeps `a:b` from being a scheme. */
function address(name: string): string {
  // The apostrophe is the only character that encodeURIComponent leaves and an attribute might not.
  return "./" + encodeURIComponent(name.toWellFormed()).replaceAll("'", "%27");
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
function summary({ entries, total, filter }: DirectoryView): string {
  const files = entries.filter(({ type }) => type === "file");
  const folders = entries.length - files.length;
  const parts: string[] = [];
  if (files.length > 0) parts.push(countOf(files.length, "file"));
  if (folders > 0) parts.push(countOf(folders, "folder"));
  if (files.length > 0) parts.push(sizeText(files.reduce((sum, { size }) => sum + size, 0)));
  const all = parts.join(", ");
  if (filter === "") return all;
  const shown = `${GROUPED.format(entries.length)} of ${GROUPED.format(total)} shown`;
  return all === "" ? shown : `${all} · ${shown}`;
}

/** The filter's form keeps the order. */
function orderFields({ sort, descending }: DirectoryView): string {
  const order = descending ? "desc" : "asc";
  return `<input type="hidden" name="sort" value="${sort}"><input type="hidden" name="order" value="${order}">`;
}

// ── The list ──

function list(view: DirectoryView): string {
  const { segments, entries, total, filter } = view;
  const rows = entries.map(row);
  if (segments.length > 0) rows.unshift(PARENT_ROW);
  return `<div id="list" tabindex="-1" data-total="${total}" data-filter="${escape(filter)}">
<table>
<caption class="unseen">What is in the folder <bdi>${escape(segments.at(-1) ?? "files")}</bdi></caption>
<thead${total === 0 ? " hidden" : ""}><tr>${COLUMNS.map((column) => columnHead(view, column)).join("")}<td></td></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
${total === 0 ? '<p class="nothing">This folder is empty.</p>' : ""}
${noMatch(view)}
</div>`;
}

const COLUMNS: readonly SortKey[] = ["name", "size", "modified"];
const COLUMN_HEADS: Readonly<Record<SortKey, string>> = {
  name: "Name",
  size: "Size",
  modified: 'Modified<span class="zone"> (UTC)</span>',
};

/** A column's link turns its own order round; another one begins with what people look for: the largest, the latest. */
function columnHead({ sort, descending, filter }: DirectoryView, column: SortKey): string {
  const isSorted = column === sort;
  const order = (isSorted ? !descending : column !== "name") ? "desc" : "asc";
  const query = `?sort=${column}&amp;order=${order}` + (filter === "" ? "" : `&amp;filter=${queryText(filter)}`);
  const state = isSorted ? ` aria-sort="${descending ? "descending" : "ascending"}"` : "";
  return `<th scope="col"${state}><a href="./${query}" data-column="${column}">${COLUMN_HEADS[column]}</a></th>`;
}

function queryText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("'", "%27");
}

const PARENT_ROW =
  '<tr class="up"><th scope="row"><a href="../">Parent folder</a></th><td></td><td></td><td></td></tr>';

/** The first link is the entry itself, without a query: rclone and wget read their lists from it. */
function row({ name, type, size, modified }: ListedEntry): string {
  const href = address(name);
  const shown = escape(name);
  const time = timeElement(modified);
  if (type === "directory")
    return `<tr class="folder"><th scope="row"><a href="${href}/"><bdi>${shown}</bdi></a></th><td></td><td>${time}</td><td></td></tr>`;
  return `<tr><th scope="row"><a href="${href}"><bdi>${shown}</bdi></a></th><td>${sizeElement(size)}</td><td>${time}</td><td><a class="get" href="${href}?download" title="Download" aria-label="Download ${shown}"></a></td></tr>`;
}

function sizeElement(size: number): string {
  return `<data value="${size}" title="${countOf(size, "byte")}">${sizeText(size)}</data>`;
}

/** Always there: the page's script shows it while people type. */
function noMatch({ sort, descending, entries, total, filter }: DirectoryView): string {
  const isHidden = entries.length > 0 || total === 0;
  const all = `./?sort=${sort}&amp;order=${descending ? "desc" : "asc"}`;
  return `<p id="no-match" class="nothing"${isHidden ? " hidden" : ""}>No name here contains “<bdi>${escape(filter)}</bdi>”. <a href="${all}">Show all</a></p>`;
}
