// The ways to write that the folder's own flags forbid, each with the line that names the flag. They come before rights: no
// login helps against a flag.

/** The methods that change what is in the folder. */
export type WriteMethod = "POST" | "PUT" | "DELETE" | "MKCOL" | "MOVE";

type Lines = { readonly [Method in WriteMethod]?: string };

/** The flags that decide; `allowDelete` where rights say who may delete, too. */
export interface WriteFlags {
  readonly readOnly: boolean;
  readonly uploadOnly: boolean;
  readonly allowDelete: boolean;
}

const READ_ONLY = "This folder is read-only (--read-only).";
/** Nothing shows of what is there, not even by a name that is taken. */
const IN_DROP_BOX: Lines = {
  DELETE: "Nothing can be deleted from a drop box (--upload-only).",
  MKCOL: "Nobody makes folders in a drop box (--upload-only); an upload makes those that it needs.",
  MOVE: "Nothing can be moved in a drop box (--upload-only).",
};
const WITHOUT_DELETIONS: Lines = {
  DELETE: "Files cannot be deleted here; --allow-delete allows it.",
  MOVE: "Files cannot be moved here; --allow-delete allows it.",
};

/** Why nobody may do this here; null when no flag forbids it. */
export function forbiddenBy(flags: WriteFlags, method: WriteMethod): string | null {
  if (flags.readOnly) return READ_ONLY;
  if (flags.uploadOnly) return IN_DROP_BOX[method] ?? null;
  return flags.allowDelete ? null : (WITHOUT_DELETIONS[method] ?? null);
}
