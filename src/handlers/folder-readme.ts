// The README of a folder, for the page that lists it: as text, and not more of it than a page should have.

import type { HttpRequest } from "../http/message.ts";
import type { Readme } from "../pages/directory-list.ts";
import { loopShare } from "../storage/loop-share.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { Listing, OpenedFile, Storage } from "../storage/storage.ts";
import { isText } from "./content-type.ts";
import { unpermitted } from "./permitted.ts";

const README = /^readme(?:\.(?:md|markdown|txt))?$/i;
const LONGEST_NAME = "readme.markdown".length;
const MOST_BYTES = 64 * 1024;

/** Null when there is none, when it may not be read, or when it is no text. */
export async function readmeOf(
  request: HttpRequest,
  storage: Storage,
  folder: ObjectName,
  listing: Listing,
  rules: NameRules,
): Promise<Readme | null> {
  const base = await findName(listing);
  const name = base === null ? null : folder.join([base], rules);
  if (!(name instanceof ObjectName) || unpermitted(request, "read", name) !== null) return null;
  const file = await storage.open(name, request.peer);
  if (typeof file === "string") return null;
  try {
    return await readBeginning(name.base, file);
  } catch {
    // It changes just now: the page can do without.
    return null;
  } finally {
    file.close();
  }
}

async function findName(listing: Listing): Promise<string | null> {
  for (let index = 0; index < listing.length; index++) {
    if (loopShare.isOver) await loopShare.next();
    const { name, type } = listing.at(index);
    if (name.length <= LONGEST_NAME && README.test(name) && type === "file") return name;
  }
  return null;
}

async function readBeginning(name: string, file: OpenedFile): Promise<Readme | null> {
  const pieces: Uint8Array[] = [];
  const source = file.range(0, Math.min(file.size, MOST_BYTES));
  try {
    // What a source gives is its own until the next piece.
    for (let piece = await source.read(); piece !== null; piece = await source.read()) pieces.push(Buffer.from(piece));
  } finally {
    source.close();
  }
  const bytes = Buffer.concat(pieces);
  if (!isText(bytes)) return null;
  // A character may be cut at the end; what stands for half of one is left out.
  const text = bytes.toString("utf8").replace(/\ufffd$/, "");
  return { name, text, isCut: file.size > MOST_BYTES };
}
