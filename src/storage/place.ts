// Where an upload is to be: the folder that its temporary file goes to, and what has to be made below it. The folder is
// there already, on the file system of the target; no new one is seen before the commit.

import { constants } from "node:fs";
import type { FileCalls } from "./file-calls.ts";
import { type Folder, openFolder } from "./folder.ts";
import { candidateNames, MOST_NAME_BYTES } from "./numbered-name.ts";
import type { ObjectName } from "./object-name.ts";
import type { ServedRoot } from "./served-root.ts";
import type { WriteFault, WritePlan } from "./storage.ts";
import { systemCode, writeFault } from "./system-fault.ts";
import { judge, lookAtTarget, NO_TARGET, type Target } from "./target.ts";
import { walk, walkFar } from "./way.ts";

/** PATH_MAX of the common systems, with room for where the directory itself is. */
const MOST_PATH_BYTES = 3800;
/** A folder costs the system time for each that it lies in, and each upload has to find its own. */
const MOST_SEGMENTS = 128;
const MAY_CREATE = constants.W_OK | constants.X_OK;

/** A place that the plan may go on at. */
export interface Place {
  /** For the caller to close. */
  readonly folder: Folder;
  /** The folders that are yet to be made below it. */
  readonly missing: readonly string[];
  /** The plan's name, unless another folder was picked. */
  readonly name: ObjectName;
  readonly target: Target;
}

/** Finds the place of an upload, or why there is none. Throws the system's error. */
export async function findPlace(root: ServedRoot, calls: FileCalls, plan: WritePlan): Promise<Place | WriteFault> {
  if (isTooLong(plan.name)) return "bad-name";
  const { parent } = plan.name;
  if (plan.onExisting === "conceal") return findConcealed(root, calls, plan);
  const { folder, left } = await walkFar(root, calls, parent.segments);
  return placeIn(root, calls, plan, { folder, missing: left, name: plan.name });
}

async function placeIn(
  root: ServedRoot,
  calls: FileCalls,
  plan: WritePlan,
  found: Omit<Place, "target">,
): Promise<Place | WriteFault> {
  try {
    const target = found.missing.length === 0 ? await lookAtTarget(root, calls, found.folder, found.name) : NO_TARGET;
    const fault = judge(plan, target);
    if (fault === null) return { ...found, target };
    found.folder.close();
    return fault;
  } catch (error) {
    found.folder.close();
    throw error;
  }
}

/** Names that no file system takes are refused before the body, even where a folder is yet to be made. */
export function isTooLong(name: ObjectName): boolean {
  if (name.segments.length > MOST_SEGMENTS || Buffer.byteLength(name.path) > MOST_PATH_BYTES) return true;
  return name.segments.some((segment) => Buffer.byteLength(segment) > MOST_NAME_BYTES);
}

/**
 * In a drop box nobody learns which folders there are: where one cannot be used (a file has its name, or nobody may
 * write there), another name is picked for it, as for a file.
 */
async function findConcealed(root: ServedRoot, calls: FileCalls, plan: WritePlan): Promise<Place | WriteFault> {
  const { segments } = plan.name.parent;
  const walked: string[] = [];
  let folder = await root.open(calls);
  try {
    for (const [depth, segment] of segments.entries()) {
      const step = await enterAny(root, calls, folder, walked, segment, segments[depth + 1]);
      if (step === null) return "exists";
      walked.push(step.segment);
      if (step.folder === null) {
        const name = plan.name.within([...walked, ...segments.slice(depth + 1)]);
        const missing = name.parent.segments.slice(depth);
        return await placeIn(root, calls, plan, { folder: folder.share(), missing, name });
      }
      folder.close();
      folder = step.folder;
    }
    return await placeIn(root, calls, plan, { folder: folder.share(), missing: [], name: plan.name.within(walked) });
  } finally {
    folder.close();
  }
}

/** One step on a way that shows nothing. */
interface Step {
  readonly segment: string;
  /** Null: it is yet to be made. */
  readonly folder: Folder | null;
}

async function enterAny(
  root: ServedRoot,
  calls: FileCalls,
  parent: Folder,
  walked: readonly string[],
  segment: string,
  next: string | undefined,
): Promise<Step | null> {
  for (const candidate of candidateNames(segment, crypto.randomUUID())) {
    try {
      const folder = await walk(root, calls, [...walked, candidate], null);
      // Whoever only passes through needs no right to write.
      const isUsable =
        (next !== undefined && (await isTaken(calls, folder, next))) || (await mayCreateIn(calls, folder));
      if (isUsable) return { segment: candidate, folder };
      folder.close();
    } catch (error) {
      if (systemCode(error) === "ENOENT" && !(await isTaken(calls, parent, candidate)))
        return { segment: candidate, folder: null };
      writeFault(error);
    }
  }
  return null;
}

async function mayCreateIn(calls: FileCalls, folder: Folder): Promise<boolean> {
  try {
    await calls.access(folder.itself, MAY_CREATE);
    return true;
  } catch {
    return false;
  }
}

async function isTaken(calls: FileCalls, parent: Folder, segment: string): Promise<boolean> {
  try {
    await calls.lstat(parent.at(segment));
    return true;
  } catch (error) {
    return systemCode(error) !== "ENOENT";
  }
}

/** Enters a folder in another, and makes it if need be; `made` is called for one that was. Throws the system's error. */
export async function enterOrMake(
  root: ServedRoot,
  calls: FileCalls,
  parent: Folder,
  segment: string,
  made: () => void,
): Promise<Folder> {
  const { folders: budget } = root;
  budget.takeOrThrow();
  try {
    const there = await openIfAny(root, calls, parent, segment);
    if (there !== null) return there;
    if (await make(calls, parent.at(segment))) made();
    return await openFolder(calls, parent, segment, budget);
  } catch (error) {
    budget.giveBack();
    throw error;
  }
}

/** False when somebody else made it at this moment. */
async function make(calls: FileCalls, path: string): Promise<boolean> {
  try {
    await calls.mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function openIfAny(root: ServedRoot, calls: FileCalls, parent: Folder, segment: string): Promise<Folder | null> {
  try {
    return await openFolder(calls, parent, segment, root.folders);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
