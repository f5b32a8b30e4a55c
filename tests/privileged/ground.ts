// The ground of an attack: a served folder, and beside it a folder that is nobody's business. What happens outside is
// seen in its times too: a file that came and went leaves its folder another mtime.

import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** What no answer and no served file may ever hold. */
export const SECRET = "SECRET-OF-THE-OUTSIDE";

const TEMPORARY = ".mini-http-";
const MOST_CHANGES_SHOWN = 6;

/** Two folders, disposed of together. */
export class Ground implements Disposable {
  readonly root: string;
  readonly served: string;
  readonly outside: string;
  readonly #folder = tempFolder();

  constructor() {
    this.root = this.#folder.path;
    this.served = join(this.root, "served");
    this.outside = join(this.root, "outside");
    mkdirSync(this.served);
    mkdirSync(this.outside);
  }

  /** Writes files by their paths below the ground, with the folders they lie in. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) {
      const whole = join(this.root, path);
      mkdirSync(join(whole, ".."), { recursive: true });
      writeFileSync(whole, content, "latin1");
    }
  }

  in(...path: string[]): string {
    return join(this.served, ...path);
  }

  out(...path: string[]): string {
    return join(this.outside, ...path);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "latin1");
  }

  /** Everything outside that an act could change: names, kinds, modes, owners, sizes, times, contents. */
  outsideState(): readonly string[] {
    return stateBelow(this.outside);
  }

  /** What is no more as in `before`, or new; the first few of it. */
  outsideChanges(before: readonly string[]): string[] {
    const now = this.outsideState();
    const changed = [...before.filter((line) => !now.includes(line)), ...now.filter((line) => !before.includes(line))];
    return changed.slice(0, MOST_CHANGES_SHOWN);
  }

  /** Temporary files below the served folder, by their paths. */
  temporaries(): string[] {
    return temporariesBelow(this.served);
  }

  /** The one temporary file there, once it holds so many bytes. */
  async untilTemporary(bytes = 0): Promise<string> {
    const found = (): string | undefined =>
      this.temporaries().find((path) => lstatSync(path, { throwIfNoEntry: false })?.size === bytes);
    await until(
      () => found() !== undefined,
      PATIENCE_MS,
      () => "temporary files: " + this.temporaries().join(),
    );
    return found()!;
  }

  /** Waits until nothing temporary is left. */
  async untilSwept(): Promise<void> {
    await untilSwept(this.served);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** Paths of all that lies below, links not followed; what goes away meanwhile is not there. */
export function pathsBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...pathsBelow(path)] : [path];
    });
  } catch {
    return [];
  }
}

export function temporariesBelow(folder: string): string[] {
  return pathsBelow(folder).filter((path) => path.slice(path.lastIndexOf(sep) + 1).startsWith(TEMPORARY));
}

/** Waits until nothing temporary is left there. */
export async function untilSwept(folder: string): Promise<void> {
  const left = (): string[] => temporariesBelow(folder);
  await until(
    () => left().length === 0,
    PATIENCE_MS,
    () => "left: " + left().join(),
  );
}

function stateBelow(folder: string): string[] {
  return [folder, ...pathsBelow(folder)].map((path) => {
    const { mode, uid, gid, size, mtimeNs, ctimeNs, nlink } = lstatSync(path, { bigint: true });
    return [path, mode.toString(8), uid, gid, size, nlink, mtimeNs, ctimeNs, contentOf(path)].join(" ");
  });
}

function contentOf(path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return readlinkSync(path);
  return stats.isFile() ? readFileSync(path, "latin1") : "";
}
