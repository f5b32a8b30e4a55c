// The system's C library, for what the run time has no call of its own: sockets that somebody else has made, and those
// between processes of one machine that carry messages.

import { dlopen, type FFIFunction, type Library } from "bun:ffi";

/** Of glibc and of musl. */
const NAMES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** These functions of it; null where the system has neither of the two. */
export function loadCLibrary<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions>["symbols"] | null {
  for (const name of NAMES) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // The other C library, then.
    }
  }
  return null;
}
