// A way through the served directory: a name followed segment by segment, each from the folder that was opened before.
// Links are read, not obeyed: what lies outside is never touched. What was found is judged once more by where it lies.

import { type BigIntStats, closeSync, constants } from "node:fs";
import { dirname, isAbsolute, join, sep } from "node:path";
import type { FileCalls } from "./file-calls.ts";
import { type Folder, O_PATH, openFolder, openFollowing } from "./folder.ts";
import { HAS_PROC, liesIn, NO_DESCRIPTOR, pathOfDescriptor, segmentsBelow } from "./real-path.ts";
import type { ServedRoot } from "./served-root.ts";
import type { GroupGate } from "./group-gate.ts";
import { LeadsOutside, SystemError, systemCode } from "./system-fault.ts";

const { O_RDONLY, O_NOFOLLOW } = constants;
/** As the system counts (MAXSYMLINKS). */
const MOST_LINKS = 40;
/** What the system puts behind the path that a file had when it lost its name. */
const NAMELESS = " (deleted)";

/** What a name leads to: held, but not opened in a way that it could notice. */
export interface Found {
  /** For the caller to close; NO_DESCRIPTOR where HAS_PROC is false. */
  readonly descriptor: number;
  readonly stats: BigIntStats;
  readonly realPath: string;
  /** The folder that holds it, in which it has its own name. */
  readonly folderPath: string;
  /** The real path of the directory in which it was looked for. */
  readonly rootPath: string;
  /** No link was on the way. */
  readonly isDirect: boolean;
}

/** The folder that a name's segments lead to, as far as there is one. */
export interface Reached {
  /** For the caller to close. */
  readonly folder: Folder;
  /** The segments that nothing has yet. */
  readonly left: readonly string[];
}

/** The folder of these segments; the caller closes it. Rejects with the system's error. */
export async function walk(
  root: ServedRoot,
  calls: FileCalls,
  segments: readonly string[],
  gate: GroupGate | null,
): Promise<Folder> {
  const { folder, left } = await walkFar(root, calls, segments, gate);
  if (left.length === 0) return folder;
  folder.close();
  throw new SystemError("ENOENT", "a folder on the way is missing");
}

/** The same for a way that was looked at before: where a link is on it by now, it is another folder, and ENOENT. */
export async function walkStraight(root: ServedRoot, calls: FileCalls, segments: readonly string[]): Promise<Folder> {
  const folder = await walk(root, calls, segments, null);
  if (folder.realPath === join(root.realPath, ...segments)) return folder;
  folder.close();
  throw new SystemError("ENOENT", "a link is on the way");
}

/** The same as `walk`, as far as there is a way. */
export async function walkFar(
  root: ServedRoot,
  calls: FileCalls,
  segments: readonly string[],
  gate: GroupGate | null = null,
): Promise<Reached> {
  const way = new Way(root, calls, await root.open(calls), segments, gate);
  try {
    await way.go();
    return { folder: way.judged().share(), left: way.left };
  } finally {
    way.close();
  }
}

/** What has the name of these segments. Rejects with the system's error when nothing has, or nothing that may be served. */
export async function find(
  root: ServedRoot,
  calls: FileCalls,
  segments: readonly string[],
  gate: GroupGate | null,
): Promise<Found> {
  const way = new Way(root, calls, await root.open(calls), segments.slice(0, -1), gate);
  try {
    return await way.find(segments.at(-1) ?? "");
  } finally {
    way.close();
  }
}

/** One walk. */
class Way {
  readonly #root: ServedRoot;
  readonly #calls: FileCalls;
  readonly #gate: GroupGate | null;
  readonly #rootPath: string;
  /** Where the walk stands: one folder is open at a time. */
  #here: Folder;
  /** Segments that are yet to be entered, the next one last. */
  readonly #ahead: string[];
  /** How many of those are the asker's own; the others are what links say. */
  #own: number;
  #links = 0;

  /** Takes over the folder. */
  constructor(root: ServedRoot, calls: FileCalls, start: Folder, segments: readonly string[], gate: GroupGate | null) {
    this.#root = root;
    this.#calls = calls;
    this.#gate = gate;
    this.#rootPath = start.realPath;
    this.#here = start;
    this.#ahead = [...segments].reverse();
    this.#own = segments.length;
  }

  /** The segments that nothing has. */
  get left(): readonly string[] {
    return this.#ahead.toReversed();
  }

  /** Where it stands. Throws when that may not be served. */
  judged(): Folder {
    const folder = this.#here;
    if (this.#links > 0 && !this.#root.holds(folder.realPath)) throw new LeadsOutside();
    // Moved away while it was entered: its name leads elsewhere already, or nowhere.
    if (!this.#isAtRoot && !folder.isInPlace) throw new SystemError("ENOENT", "a folder on the way was moved");
    return folder;
  }

  /** Goes on as far as there is a way. */
  async go(): Promise<void> {
    while (this.#ahead.length > 0) {
      if (!(await this.#enter(this.#ahead.at(-1)!))) return;
    }
  }

  /** Looks at the entry of this name where the way ends, and follows it while it is a link. */
  async find(base: string): Promise<Found> {
    await this.go();
    if (this.#ahead.length > 0) throw new SystemError("ENOENT", "a folder on the way is missing");
    if (base === "" || base === "..") {
      if (base === "..") {
        await this.#goUp();
        await this.go();
      }
      return this.#found(await this.#look(this.#here.itself, 0), this.#here.realPath);
    }
    const path = this.#here.at(base);
    const realPath = join(this.#here.realPath, base);
    if (this.#gate?.isActive === true) await this.#gate.pass(realPath);
    const entry = await this.#look(path, O_NOFOLLOW);
    if (!entry.stats.isSymbolicLink()) return this.#found(entry, realPath);
    free(entry.descriptor);
    if (this.#root.followsLinks) return this.#findAnywhere(path);
    const text = (await readLink(this.#calls, path)) ?? "";
    await this.#follow(text);
    const next = this.#ahead.shift();
    this.#own = 0;
    return this.find(next ?? "");
  }

  close(): void {
    this.#here.close();
  }

  get #isAtRoot(): boolean {
    return this.#here.realPath === this.#root.realPath;
  }

  #moveTo(folder: Folder): void {
    this.#here.close();
    this.#here = folder;
  }

  /** One step; false when nothing has the name. Throws the system's error. */
  async #enter(segment: string): Promise<boolean> {
    if (segment === "..") {
      this.#pass();
      await this.#goUp();
      return true;
    }
    const here = this.#here;
    const { folders: budget } = this.#root;
    if (this.#gate?.isActive === true) await this.#gate.pass(join(here.realPath, segment));
    budget.takeOrThrow();
    try {
      this.#moveTo(await openFolder(this.#calls, here, segment, budget));
      return this.#pass();
    } catch (error) {
      budget.giveBack();
      const code = systemCode(error);
      if (code === "ENOENT" && this.#ahead.length <= this.#own) return false;
      if (code === "ENOENT") throw new SystemError("ENOTDIR", "a link leads nowhere");
      if (code !== "ENOTDIR" && code !== "ELOOP") throw error;
      const text = await readLink(this.#calls, here.at(segment));
      if (text === null) throw error;
      this.#pass();
      if (this.#root.followsLinks) await this.#obey(here.at(segment));
      else await this.#follow(text);
      return true;
    }
  }

  #pass(): true {
    this.#ahead.pop();
    this.#own = Math.min(this.#own, this.#ahead.length);
    return true;
  }

  /** Only a link can say so: names have passed their gate. The way to the folder above is gone once more. */
  async #goUp(): Promise<void> {
    if (this.#isAtRoot) throw new LeadsOutside();
    const above = segmentsBelow(dirname(this.#here.realPath), this.#root.realPath);
    this.#moveTo(await this.#root.open(this.#calls));
    this.#ahead.push(...above.toReversed());
  }

  /** Puts what the link says in the place of its name. */
  async #follow(text: string): Promise<void> {
    this.#countLink();
    let said = text;
    if (isAbsolute(text)) {
      const base = [this.#root.realPath, this.#root.path].find((path) => liesIn(text, path));
      if (base === undefined) throw new LeadsOutside();
      said = text.slice(base.length);
      this.#moveTo(await this.#root.open(this.#calls));
    }
    for (const step of said.split(sep).reverse()) if (step !== "" && step !== ".") this.#ahead.push(step);
  }

  /** The kernel may follow the link anywhere. */
  async #obey(path: string): Promise<void> {
    this.#countLink();
    const { folders: budget } = this.#root;
    budget.takeOrThrow();
    try {
      this.#moveTo(await openFollowing(this.#calls, path, budget));
    } catch (error) {
      budget.giveBack();
      throw error;
    }
  }

  #countLink(): void {
    this.#links += 1;
    if (this.#links > MOST_LINKS) throw new SystemError("ELOOP", "too many links");
  }

  async #findAnywhere(path: string): Promise<Found> {
    this.#countLink();
    const realPath = HAS_PROC ? "" : await this.#calls.realpath(path);
    const entry = await this.#look(HAS_PROC ? path : realPath, 0);
    return this.#found(entry, HAS_PROC ? pathOfDescriptor(entry.descriptor) : realPath);
  }

  async #look(path: string, flags: number): Promise<Pick<Found, "descriptor" | "stats">> {
    if (!HAS_PROC) return { descriptor: NO_DESCRIPTOR, stats: await this.#calls.lstat(path) };
    const descriptor = await this.#calls.open(path, O_RDONLY | O_PATH | flags);
    try {
      return { descriptor, stats: await this.#calls.fstat(descriptor) };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** What may be served of it: where it really lies counts, not how it was named. */
  #found({ descriptor, stats }: Pick<Found, "descriptor" | "stats">, realPath: string): Found {
    try {
      const isMoved = !this.#isAtRoot && descriptor !== NO_DESCRIPTOR && !wasAt(descriptor, realPath);
      if (isMoved) throw new SystemError("ENOENT", "it was moved just now");
      if (this.#links > 0 && !this.#root.holds(realPath)) throw new LeadsOutside();
    } catch (error) {
      free(descriptor);
      throw error;
    }
    const isDirect = this.#links === 0;
    return { descriptor, stats, realPath, folderPath: this.#here.realPath, rootPath: this.#rootPath, isDirect };
  }
}

/** Also when it was replaced or removed since it was opened: whoever came a moment earlier has that version, too. */
function wasAt(descriptor: number, realPath: string): boolean {
  const path = pathOfDescriptor(descriptor);
  return path === realPath || path === realPath + NAMELESS;
}

/** Closes what was opened without access: no file system hears of it. */
export function free(descriptor: number): void {
  if (descriptor !== NO_DESCRIPTOR) closeSync(descriptor);
}

/** What the link of this path says; null for what is no link. */
async function readLink(calls: FileCalls, path: string): Promise<string | null> {
  try {
    return await calls.readlink(path);
  } catch (error) {
    if (systemCode(error) === "EINVAL") return null;
    throw error;
  }
}
