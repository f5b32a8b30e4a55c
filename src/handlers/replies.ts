// The answers that several handlers give: one line that says what to do.

import { ContentChanged, ContentLost } from "../http/byte-source.ts";
import { HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { quoteText } from "../http/quoted-text.ts";
import type { NameFault } from "../storage/object-name.ts";
import type { ReadFault, WriteFault } from "../storage/storage.ts";

const FAULT_LINES: Readonly<Record<WriteFault, readonly [status: number, line: string]>> = {
  precondition: [412, "What is there now is not what the request demands."],
  exists: [409, "There is a file of this name already."],
  missing: [404, "There is no such file."],
  absent: [409, "There is nothing of this name to replace."],
  // RFC 4918 9.9.4.
  "same-name": [403, "This is its name already."],
  twice: [409, "Two files of this upload have one name."],
  moved: [409, "The folder was moved or removed during the upload; send it again."],
  disturbed: [409, "Somebody touched the unfinished upload; send it again."],
  "no-space": [507, "The disk is full."],
  "over-quota": [507, "The folder would hold more than its quota allows."],
  "too-many-folders": [413, "The upload would make more new folders than one request may (see --max-new-folders)."],
  "too-large": [413, "The file would be over the system's size limit."],
  "is-directory": [409, "A folder has this name; to upload into it, end the path with a slash."],
  "not-empty": [409, "This folder is not empty (hidden names count too); only an empty one can be deleted."],
  "no-parent": [409, "The folder that this should lie in is not there; make that one first."],
  "into-itself": [409, "A folder cannot be moved into itself."],
  "other-disk": [409, "The new name lies on another disk; nothing is moved there."],
  "not-a-directory": [409, "A file stands where this path needs a folder."],
  "not-allowed": [403, "The server may not write here."],
  "bad-name": [
    400,
    "The file system takes no such name: it is longer, or lies deeper, than a file's may, or has characters that it has not.",
  ],
  held: [409, "The system holds this file (a mount, or a program that runs); it cannot be replaced."],
  busy: [503, "Somebody else holds this file; try again in a moment."],
  "not-durable": [500, "The file is stored, but the system did not confirm that it is on the disk; send it again."],
  failed: [500, "The disk, or what is behind it, failed; the server's log says more."],
  "no-descriptors": [503, "The server has too many files open; try again in a moment."],
};

/** Faults that only the person who runs the server can mend. */
const OWN_LIMITS: { readonly [Fault in WriteFault]?: string } = {
  "no-space": "the disk is full, or would have less than --min-free left; make room on it",
  "over-quota": "the folder holds what --quota or --max-files allows; raise it, or remove files",
  "too-large": "the system limits the size of a file (ulimit -f, LimitFSIZE=, or the file system)",
  "not-allowed":
    "this user may not write there; mind permissions, read-only disks, and links that leave the folder (--follow-symlinks)",
  "no-descriptors": "all file descriptors are in use; raise ulimit -n (LimitNOFILE=)",
  failed: "the system failed at a call on the folder (an I/O error, or a network or FUSE file system that is gone)",
  "not-durable": "the system did not confirm that an upload is on the disk (fsync failed)",
};
const MAY_NOT_READ = "this user may not read what lies in the folder; give it read and search permission";

/** Why a write did not happen. */
export function writeRefused(fault: WriteFault): HttpResponse {
  const [status, line] = FAULT_LINES[fault];
  const reply = limitedBy(OWN_LIMITS[fault] ?? null, plainText(line + "\n", status));
  return status === 503 ? reply.append("Retry-After", 1) : reply;
}

/** Why something cannot be read. A folder is for the caller to treat; here it is as if it were missing. */
export function readRefused(fault: ReadFault): HttpResponse {
  switch (fault) {
    case "missing":
    case "directory":
      return notFound();
    case "not-allowed":
      return limitedBy(MAY_NOT_READ, plainText("The server has no permission to read this.\n", 403));
    case "busy":
    case "failed":
    case "no-descriptors":
      return writeRefused(fault);
  }
}

/** The file is rewritten over and over. */
export function unsteady(): HttpResponse {
  return plainText("The file changes faster than it can be read; try again.\n", 503).set("Retry-After", 1);
}

/** Why a read that had begun came to nothing; throws the error again when it is a fault of ours. */
export function readFailed(error: unknown): HttpResponse {
  if (error instanceof ContentChanged) return unsteady();
  if (error instanceof ContentLost) return readRefused("failed");
  throw error;
}

/** The same refusal of a part of a form, counted from 1, so that the sender of many files learns which it was. */
export function inPart(part: number, filename: string | undefined, refused: HttpResponse): HttpResponse {
  const name = filename === undefined || filename === "" ? "" : ` (${quoteText(filename)})`;
  const named = new HttpResponse(refused.status, `Part ${part}${name} of the form: ${String(refused.body)}`);
  named.fieldLines = refused.fieldLines;
  named.ownLimit = refused.ownLimit;
  return named;
}

function limitedBy(ownLimit: string | null, reply: HttpResponse): HttpResponse {
  reply.ownLimit = ownLimit;
  return reply;
}

/** Why a name is none, for a reader. */
export function nameRefused(fault: NameFault): HttpResponse {
  return fault === "missing" ? notFound() : badName();
}

/** Why a name is none, for a writer. */
export function newNameRefused(fault: NameFault): HttpResponse {
  if (fault === "bad") return badName();
  return plainText("No file can have this name: a part of it is empty, or begins with a dot (see --hidden).\n", 404);
}

function badName(): HttpResponse {
  return plainText("This is no name for a file: it could mean another place.\n", 400);
}

/** There is nothing under this name, or nothing that is shown. */
export function notFound(): HttpResponse {
  return plainText("There is no such file.\n", 404);
}
