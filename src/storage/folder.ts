// An open directory. What is done in it is done in this very directory, whatever its name leads to meanwhile.

import { closeSync, constants, realpathSync } from "node:fs";
import { join } from "node:path";
import type { DescriptorBudget } from "./descriptor-budget.ts";
import type { FileCalls } from "./file-calls.ts";
import { HAS_PROC, NO_DESCRIPTOR, pathOfDescriptor } from "./real-path.ts";
import { SystemError } from "./system-fault.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** Opens without acting on what is opened; Linux only, and unknown to `node:fs`. */
export const O_PATH = process.platform === "linux" ? 0o10000000 : 0;

/** A directory by its descriptor; where the system does not let one act through it, by its real path. */
export class Folder {
  /** Where it was when it was judged. */
  readonly realPath: string;
  readonly #descriptor: number;
  readonly #budget: DescriptorBudget;
  #users = 1;

  /** Takes over the descriptor, or NO_DESCRIPTOR, and its place in the budget. */
  constructor(descriptor: number, realPath: string, budget: DescriptorBudget) {
    this.#descriptor = descriptor;
    this.realPath = realPath;
    this.#budget = budget;
  }

  /** The path of an entry for the system's calls. The last segment is the caller's to guard: nothing follows a link there. */
  at(name: string): string {
    if (this.#descriptor === NO_DESCRIPTOR) return join(this.realPath, name);
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  /** The path of the directory itself for the system's calls. */
  get itself(): string {
    return this.#descriptor === NO_DESCRIPTOR ? this.realPath : `/proc/self/fd/${this.#descriptor}`;
  }

  /** True while it is where it was judged. Never waits where there is a descriptor. */
  get isInPlace(): boolean {
    if (this.#descriptor !== NO_DESCRIPTOR) return pathOfDescriptor(this.#descriptor) === this.realPath;
    try {
      return realpathSync(this.realPath) === this.realPath;
    } catch {
      return false;
    }
  }

  /** One more user, who closes it once. */
  share(): this {
    this.#users += 1;
    return this;
  }

  /** Frees the descriptor with the last user. */
  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    // No file system hears of it, since it was opened without access (O_PATH).
    if (this.#descriptor !== NO_DESCRIPTOR) closeSync(this.#descriptor);
    this.#budget.giveBack();
  }
}

/** Opens an entry of a folder as a folder, its place in the budget taken. Throws the system's error; ENOTDIR for a link. */
export async function openFolder(
  calls: FileCalls,
  parent: Folder,
  segment: string,
  budget: DescriptorBudget,
): Promise<Folder> {
  const path = parent.at(segment);
  if (!HAS_PROC && !(await calls.lstat(path)).isDirectory()) throw new SystemError("ENOTDIR", path);
  const descriptor = HAS_PROC ? await calls.open(path, O_RDONLY | O_PATH | O_DIRECTORY | O_NOFOLLOW) : NO_DESCRIPTOR;
  return new Folder(descriptor, join(parent.realPath, segment), budget);
}

/** The same for a path whose links are followed wherever they lead. */
export async function openFollowing(calls: FileCalls, path: string, budget: DescriptorBudget): Promise<Folder> {
  if (!HAS_PROC) return new Folder(NO_DESCRIPTOR, await calls.realpath(path), budget);
  const descriptor = await calls.open(path, O_RDONLY | O_PATH | O_DIRECTORY);
  return new Folder(descriptor, pathOfDescriptor(descriptor), budget);
}
