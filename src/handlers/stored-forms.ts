// The coded forms of a file that lie beside it, made beforehand: `app.js.br` for `app.js`. Any type may have them, since
// whoever made them thought it worth the time.

import type { HttpRequest } from "../http/message.ts";
import type { ObjectName } from "../storage/object-name.ts";
import type { Storage } from "../storage/storage.ts";
import { chooseCoding, type Coding, codingsOf } from "./compression.ts";
import { prefersIdentity } from "./file-representation.ts";
import { unpermitted } from "./permitted.ts";

/** One of them. */
export interface StoredForm {
  readonly name: ObjectName;
  readonly coding: Coding;
}

/** What lies beside a file. */
export interface StoredForms {
  /** Those that serve this client better than the file, the best first. */
  readonly forms: readonly StoredForm[];
  /** Another client might get another form. */
  readonly varies: boolean;
}

/** No form is stored. */
export const NOTHING_STORED: StoredForms = { forms: [], varies: false };

const SECOND_MS = 1000;
/** The best first, for clients that like them equally. */
const EXTENSIONS: readonly (readonly [coding: Coding, extension: string])[] = [
  ["br", ".br"],
  ["zstd", ".zst"],
  ["gzip", ".gz"],
];

/** Looks for those that the request may read. One that is older than the file is out of date. */
export async function findStoredForms(storage: Storage, request: HttpRequest, name: ObjectName): Promise<StoredForms> {
  const file = await storage.stat(name, request.peer);
  if (typeof file === "string" || file.type !== "file") return NOTHING_STORED;
  const found: StoredForm[] = [];
  for (const [coding, extension] of EXTENSIONS) {
    const sibling = name.sibling(name.base + extension);
    // Not even `Vary` may tell that it is there.
    if (unpermitted(request, "read", sibling) !== null) continue;
    const entry = await storage.stat(sibling, request.peer);
    const isForm = typeof entry !== "string" && entry.type === "file";
    if (isForm && isUpToDate(entry.modified, file.modified)) found.push({ name: sibling, coding });
  }
  if (prefersIdentity(request)) return { forms: [], varies: found.length > 0 };
  return { forms: order(request, found, codingsOf(name.base, file.size)), varies: found.length > 0 };
}

/** In whole seconds: the programs that make such files copy no more of the file's time. */
function isUpToDate(form: number, file: number): boolean {
  return Math.floor(form / SECOND_MS) >= Math.floor(file / SECOND_MS);
}

/** As the client likes them, up to where it likes the file, or what can be made of it, better. */
function order(request: HttpRequest, found: readonly StoredForm[], made: readonly Coding[]): readonly StoredForm[] {
  const accepted = request.fields.get("accept-encoding");
  const ordered: StoredForm[] = [];
  for (;;) {
    const left = found.filter((form) => !ordered.includes(form)).map(({ coding }) => coding);
    const best = chooseCoding(accepted, [...left, ...made.filter((coding) => !left.includes(coding))]);
    const form = left.includes(best ?? "identity") ? found.find(({ coding }) => coding === best) : undefined;
    if (form === undefined) return ordered;
    ordered.push(form);
  }
}
