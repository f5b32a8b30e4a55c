// What an error of the system means for whoever asked: one table for reads, one for writes. What has no row is still the
// system's, and an answer; only an error that is none of the system's is a fault of ours.

import type { ReadFault, WriteFault } from "./storage.ts";

/** An error as the system's calls throw it, where we know the answer without asking. */
export class SystemError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
    this.name = "SystemError";
  }
}

/** A link leads out of the served directory, or to a name that is not served. */
export class LeadsOutside extends SystemError {
  constructor() {
    super("ENOENT", "a link leads outside");
    this.name = "LeadsOutside";
  }
}

const READ_FAULTS: Readonly<Record<string, ReadFault>> = {
  ENOENT: "missing",
  ENOTDIR: "missing",
  ENAMETOOLONG: "missing",
  EINVAL: "missing",
  EILSEQ: "missing",
  ELOOP: "missing",
  ENXIO: "missing",
  ENODEV: "missing",
  EISDIR: "directory",
  EACCES: "not-allowed",
  EPERM: "not-allowed",
  EMFILE: "no-descriptors",
  ENFILE: "no-descriptors",
  EAGAIN: "busy",
  EBUSY: "busy",
  ETXTBSY: "busy",
  ENOMEM: "busy",
};

const WRITE_FAULTS: Readonly<Record<string, WriteFault>> = {
  ENOENT: "missing",
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EFBIG: "too-large",
  EISDIR: "is-directory",
  ENOTDIR: "not-a-directory",
  EEXIST: "not-a-directory",
  ENOTEMPTY: "is-directory",
  EACCES: "not-allowed",
  EPERM: "not-allowed",
  EROFS: "not-allowed",
  ELOOP: "not-allowed",
  ENAMETOOLONG: "bad-name",
  EINVAL: "bad-name",
  EILSEQ: "bad-name",
  EMFILE: "no-descriptors",
  ENFILE: "no-descriptors",
  EBUSY: "held",
  EXDEV: "held",
  ETXTBSY: "held",
  EAGAIN: "busy",
  ENOMEM: "busy",
};

/** The fault of a failed read; throws the error again when it is none of the system's. */
export function readFault(error: unknown): ReadFault {
  return look(READ_FAULTS, error);
}

/** The fault of a failed write; throws the error again when it is none of the system's. */
export function writeFault(error: unknown): WriteFault {
  return error instanceof LeadsOutside ? "not-allowed" : look(WRITE_FAULTS, error);
}

function look<Fault>(table: Readonly<Record<string, Fault>>, error: unknown): Fault | "failed" {
  const code = systemCode(error);
  if (!isSystems(error)) throw error;
  return table[code] ?? "failed";
}

/** True when the disk, or the system's own limit for a user, takes no more: bytes, or files. */
export function isDiskFull(error: unknown): boolean {
  return WRITE_FAULTS[systemCode(error)] === "no-space";
}

const CODE = /^E[A-Z0-9]+$/;

/** True for an error of the system. Bun's own complaints (ERR_…) are about how it was called, and so about us. */
export function isSystems(error: unknown): boolean {
  const code = systemCode(error);
  return CODE.test(code) && !code.startsWith("ERR_");
}

/** The system's name of an error, such as ENOENT; empty for an error that is none of the system's. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
