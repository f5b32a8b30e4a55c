// What an error of the system means for whoever asked: one table for reads, one for writes.

import type { ReadFault, WriteFault } from "./storage.ts";

const READ_FAULTS: Readonly<Record<string, ReadFault>> = {
  ENOENT: "missing",
  ENOTDIR: "missing",
  ENAMETOOLONG: "missing",
  ELOOP: "missing",
  ENXIO: "missing",
  ENODEV: "missing",
  EISDIR: "directory",
  EACCES: "not-allowed",
  EPERM: "not-allowed",
  EMFILE: "no-descriptors",
  ENFILE: "no-descriptors",
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
  EMFILE: "no-descriptors",
  ENFILE: "no-descriptors",
};

/** The fault of a failed read; throws the error again when it is no client's concern. */
export function readFault(error: unknown): ReadFault {
  return look(READ_FAULTS, error);
}

/** The fault of a failed write; throws the error again when it is no client's concern. */
export function writeFault(error: unknown): WriteFault {
  return look(WRITE_FAULTS, error);
}

function look<Fault>(table: Readonly<Record<string, Fault>>, error: unknown): Fault {
  const fault = table[systemCode(error)];
  if (fault === undefined) throw error;
  return fault;
}

/** The system's name of an error, such as ENOENT; empty for an error that is none of the system's. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
