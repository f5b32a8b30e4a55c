// The panel that uploads: a plain form, in whose place scripts put one that shows progress.

import { countOf } from "./formats.ts";
import { escapeHtml } from "./html.ts";
import { scriptText } from "./script-text.ts";
import * as pickedFiles from "./scripts/picked-files.js" with { type: "text" };
import * as panel from "./scripts/upload-panel.js" with { type: "text" };
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
export const UPLOAD_SCRIPTS: readonly string[] = [totals, panel, uploads, pickedFiles].map(scriptText);

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
