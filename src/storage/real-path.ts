// Real paths, as the system tells them: which lie in which, and what the system says of an open descriptor.

import { readlinkSync } from "node:fs";
import { sep } from "node:path";

/** True when the path is the folder, or lies below it. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || folder === "" || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The way from a folder to what lies in it, segment by segment. */
export function segmentsBelow(path: string, folder: string): readonly string[] {
  return path
    .slice(folder.length)
    .split(sep)
    .filter((segment) => segment !== "");
}

/** Stands for the descriptor of a folder where HAS_PROC is false. */
export const NO_DESCRIPTOR = -1;

/** True where the system tells what a descriptor has open, and lets its entries be reached through it. */
export const HAS_PROC = process.platform === "linux";

/** Where the descriptor's file is now. The kernel knows it by itself: no file system is asked, so it never waits. */
export function pathOfDescriptor(descriptor: number): string {
  return readlinkSync("/proc/self/fd/" + descriptor);
}
