// The page of a folder: a list that reads well without scripts, and the panel that uploads.

import { closeDocument, openDocument } from "./document.ts";
import {
  type DirectoryView,
  directoryList,
  orderFields,
  type Readme,
  type ShownEntry,
  type Visitor,
} from "./directory-list.ts";
import body from "./folder.html" with { type: "text" };
import { contentsText, FORMATS_SCRIPT } from "./formats.ts";
import { escapeHtml, nameElement } from "./html.ts";
import { pagePolicy } from "./policy.ts";
import { joinScripts, scriptText } from "./script-text.ts";
import * as dom from "./scripts/dom.js" with { type: "text" };
import * as dialogs from "./scripts/dialogs.js" with { type: "text" };
import * as entryActs from "./scripts/entry-acts.js" with { type: "text" };
import * as list from "./scripts/list.js" with { type: "text" };
import * as preview from "./scripts/preview.js" with { type: "text" };
import * as search from "./scripts/search.js" with { type: "text" };
import * as selection from "./scripts/selection.js" with { type: "text" };
import actsStyle from "./styles/acts.css" with { type: "text" };
import foundStyle from "./styles/found.css" with { type: "text" };
import folderStyle from "./styles/folder.css" with { type: "text" };
import smallScreenStyle from "./styles/small-screen.css" with { type: "text" };
import theme from "./styles/theme.css" with { type: "text" };
import { fillTemplate, parseTemplate } from "./template.ts";
import { UPLOAD_SCRIPTS, UPLOAD_STYLE, uploadPanel } from "./upload-panel.ts";

const STYLE = [theme, folderStyle, actsStyle, foundStyle, UPLOAD_STYLE, smallScreenStyle].join("\n");
const LIST_SCRIPTS = [FORMATS_SCRIPT, ...[dom, list, dialogs, entryActs, selection, search, preview].map(scriptText)];
/** Of a folder that only gives, and of one that takes uploads. */
const READING_SCRIPT = joinScripts(LIST_SCRIPTS);
const UPLOADING_SCRIPT = joinScripts([...LIST_SCRIPTS, ...UPLOAD_SCRIPTS]);

/** For the page of a folder, with or without uploads. */
export const DIRECTORY_POLICY = pagePolicy([STYLE], [READING_SCRIPT, UPLOADING_SCRIPT], true);

const BODY = parseTemplate(body as unknown as string);

/** The whole document, in pieces; the entries are filtered and in order. */
export function* directoryPage(view: DirectoryView, entries: Iterable<ShownEntry>): Iterable<string> {
  const { segments, total, filter, upload } = view;
  yield openDocument(["files", ...segments].join("/") + " – mini-http", STYLE);
  yield* fillTemplate(BODY, {
    breadcrumb: breadcrumb(segments),
    visitor: visitorLine(view.visitor),
    upload: upload === null ? "" : uploadPanel({ folder: segments.at(-1) ?? "files", base: "./" }, upload),
    count: contentsText(view),
    acts: view.acts.join(" "),
    toolsHidden: total === 0 ? "hidden" : "",
    order: orderFields(view),
    filter: escapeHtml(filter),
    list: directoryList(view, entries),
    readme: readmePart(view.readme),
  });
  yield closeDocument(upload === null ? READING_SCRIPT : UPLOADING_SCRIPT);
}

function breadcrumb(segments: readonly string[]): string {
  const names = ["files", ...segments].map(nameElement);
  const above = names.slice(0, -1).map((name, index) => {
    const up = "../".repeat(names.length - 1 - index);
    return `<li><a href="${up}">${name}</a></li>`;
  });
  return [...above, `<li aria-current="page"><h1>${names.at(-1)}</h1></li>`].join("\n");
}

function readmePart(readme: Readme | null): string {
  if (readme === null) return "";
  const { name, text, isCut } = readme;
  const more = isCut ? "\n…" : "";
  return `<section id="readme" aria-labelledby="readme-title">\n<h2 id="readme-title">${nameElement(name)}</h2>\n<pre tabindex="0">\n${escapeHtml(text)}${more}</pre>\n</section>\n`;
}

/** A button and no link, which programs that follow links would follow into a refusal. */
function visitorLine(visitor: Visitor | null): string {
  if (visitor === null) return "";
  if (visitor.user !== "") return `<p id="who">Logged in as ${nameElement(visitor.user)}</p>`;
  return visitor.mayLogIn
    ? '<form id="who" method="get" action="./"><button name="login" value="">Log in</button></form>'
    : "";
}
