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

/** The panel for the folder of this name. */
export function uploadPanel(folder: string, { maxBodyBytes, onDuplicate }: UploadTerms): Iterable<string> {
  return fillTemplate(TEMPLATE, {
    folder: escapeHtml(folder),
    maxBodyBytes: String(maxBodyBytes),
    limit: limitText(maxBodyBytes),
    onDuplicate,
  });
}
