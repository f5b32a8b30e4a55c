// The page of a drop box: the panel that uploads, alone, since nothing in the folder can be seen.

import { closeDocument, openDocument } from "./document.ts";
import { countOf, FORMATS_SCRIPT } from "./formats.ts";
import { escapeHtml } from "./html.ts";
import { pagePolicy } from "./policy.ts";
import { joinScripts, scriptText } from "./script-text.ts";
import * as dom from "./scripts/dom.js" with { type: "text" };
import * as noList from "./scripts/no-list.js" with { type: "text" };
import { smallPage } from "./small-page.ts";
import dropBoxStyle from "./styles/drop-box.css" with { type: "text" };
import smallScreenStyle from "./styles/small-screen.css" with { type: "text" };
import theme from "./styles/theme.css" with { type: "text" };
import { UPLOAD_SCRIPTS, UPLOAD_STYLE, uploadPanel } from "./upload-panel.ts";

const STYLE = [theme, UPLOAD_STYLE, smallScreenStyle, dropBoxStyle].join("\n");
const SCRIPT = joinScripts([FORMATS_SCRIPT, scriptText(dom), scriptText(noList), ...UPLOAD_SCRIPTS]);

/** For the page of a drop box. */
export const DROP_BOX_POLICY = pagePolicy([STYLE], [SCRIPT]);

/** The whole document; `base` is the relative address of the folder. */
export function dropBoxPage(base: string, maxBodyBytes: number): string {
  const panel = uploadPanel({ folder: "", base }, { maxBodyBytes, onDuplicate: "rename" });
  return [
    openDocument("Send files – mini-http", STYLE),
    '<main>\n<h1>Send files</h1>\n<p id="intro">A drop box: files can be sent here, and nobody can read them here.</p>\n',
    ...panel,
    "</main>\n",
    closeDocument(SCRIPT),
  ].join("");
}

/** The answer to a form that was sent without scripts; `box` is the relative address of the drop box. */
export function sentPage(files: number, box: string): string {
  const body = `<main>
<h1>${countOf(files, "file")} sent</h1>
<p>Nobody can read ${files === 1 ? "it" : "them"} here.</p>
<ul>
<li><a href="${escapeHtml(box)}">Send more</a></li>
</ul>
</main>
`;
  return smallPage("Sent – mini-http", body);
}
