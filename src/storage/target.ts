// What stands under a name that an upload is for, and whether the upload may take its place.

import type { BigIntStats } from "node:fs";
import { NOTHING, type Usage } from "./coordinator.ts";
import { entryOf } from "./entry.ts";
import type { FileCalls } from "./file-calls.ts";
import type { Folder } from "./folder.ts";
import { candidateNames } from "./numbered-name.ts";
import type { ObjectName } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import type { Entry, WriteFault, WritePlan } from "./storage.ts";
import { systemCode } from "./system-fault.ts";
import { markOf } from "./temporary-name.ts";
import { find, free } from "./way.ts";

/** What has the name. */
export interface Target {
  /** What readers see there. */
  readonly entry: Entry | null;
  /** What has the name itself, be it a link to nowhere or a pipe; null for nothing. */
  readonly own: BigIntStats | null;
  /** The file that a reader gets there, whose rights a new version inherits. */
  readonly file: BigIntStats | null;
  /** What of the folder's usage goes away with the name: nothing for a link, whose file stays. */
  readonly usage: Usage;
}

/** Nothing is there. */
export const NO_TARGET: Target = { entry: null, own: null, file: null, usage: NOTHING };

/** Looks at what has the name in this folder. Throws the system's error, but for "there is nothing". */
export async function lookAtTarget(
  root: ServedRoot,
  calls: FileCalls,
  folder: Folder,
  name: ObjectName,
): Promise<Target> {
  const own = await lstatIfAny(calls, folder.at(name.base));
  if (own === null) return NO_TARGET;
  const usage = { bytes: own.isFile() ? Number(own.size) : 0, files: own.isFile() ? 1 : 0 };
  const seen = own.isSymbolicLink() ? await statLinked(root, calls, name) : own;
  const entry = seen === null ? null : entryOf(seen, Date.now());
  return { entry, own, file: seen?.isFile() === true ? seen : null, usage };
}

/** What has this path; null for nothing. */
export async function lstatIfAny(calls: FileCalls, path: string): Promise<BigIntStats | null> {
  try {
    return await calls.lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Null for a link to nowhere, or to what is not served. */
async function statLinked(root: ServedRoot, calls: FileCalls, name: ObjectName): Promise<BigIntStats | null> {
  try {
    const found = await find(root, calls, name.segments, null);
    free(found.descriptor);
    return found.stats;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR") return null;
    throw error;
  }
}

/** Whether the plan may go on, given what is there. */
export function judge(plan: WritePlan, { entry, own }: Target): WriteFault | null {
  if (plan.condition !== null && !plan.condition(entry)) return "precondition";
  if (picksName(plan.onExisting)) return null;
  if (entry?.type === "directory") return "is-directory";
  // A pipe, a socket or a device is of use to somebody else, and nothing that an upload may replace.
  const isSpecial = own !== null && !own.isSymbolicLink() && entry === null;
  return isSpecial || (plan.onExisting === "refuse" && own !== null) ? "exists" : null;
}

/** True for what must not be there yet: it is created by `link`, which every process on the folder has to respect. */
export function isCreation(plan: WritePlan, { entry }: Target): boolean {
  return plan.onExisting !== "replace" || (plan.condition !== null && entry === null);
}

/** The names that a new file may get, in their order; the last one by the name of its temporary file. */
export function* candidates(
  { name, onExisting }: Pick<WritePlan, "name" | "onExisting">,
  temporary: string,
): Generator<ObjectName> {
  if (!picksName(onExisting)) yield name;
  else for (const base of candidateNames(name.base, markOf(temporary))) yield name.sibling(base);
}

/** True when another name is picked for a file whose own is taken. */
export function picksName(onExisting: WritePlan["onExisting"]): boolean {
  return onExisting === "rename" || onExisting === "conceal";
}
