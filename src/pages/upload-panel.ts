// The panel that uploads: a plain form, in whose place scripts put one that shows progress.

import { limitText } from "./formats.ts";
import { escapeHtml } from "./html.ts";
import { scriptText } from "./script-text.ts";
import * as pickedFiles from "./scripts/picked-files.js" with { type: "text" };
import * as panel from "./scripts/upload-panel.js" with { type: "text" };
import * as request from "./scripts/upload-request.js" with { type: "text" };
import * as totals from "./scripts/upload-totals.js" with { type: "text" };
import * as uploads from "./scripts/uploads.js" with { type: "text" };
import { fillTemplate, parseTemplate } from "./template.ts";
import form from "./upload.html" with { type: "text" };
import style from "./styles/upload.css" with { type: "text" };

/** What people should know before they send. */
export interface UploadTerms {
  readonly maxBodyBytes: number;
  /** What the server does with a name that is taken. */
  readonly onDuplicate: "overwrite" | "error" | "rename";
}

export const UPLOAD_STYLE = style;
/** Behind those of the list: uploads make it fetch itself anew. */
export const UPLOAD_SCRIPTS: readonly string[] = [totals, panel, request, uploads, pickedFiles].map(scriptText);

const TEMPLATE = parseTemplate(form as unknown as string);

/** Without scripts nobody can be asked later. */
const KEEP_BOTH = '<button formaction="./?on-duplicate=rename">Upload, and keep files of the same name</button>';

/** Where uploads go, relative to the page. */
interface UploadPlace {
  /** The folder's name; empty for a drop box, of which nobody sees what is in it. */
  readonly folder: string;
  /** Its address: "./" or another that ends with a slash. */
  readonly base: string;
}

/** The panel; a plain form for browsers without scripts. */
export function uploadPanel(
  { folder, base }: UploadPlace,
  { maxBodyBytes, onDuplicate }: UploadTerms,
): Iterable<string> {
  const isDropBox = folder === "";
  return fillTemplate(TEMPLATE, {
    folder: escapeHtml(folder),
    base,
    label: isDropBox ? "Files to send" : "Upload files",
    button: isDropBox ? "Send" : "Upload",
    keepBoth: onDuplicate === "rename" ? "" : KEEP_BOTH,
    maxBodyBytes: String(maxBodyBytes),
    limit: limitText(maxBodyBytes),
    onDuplicate,
  });
}
