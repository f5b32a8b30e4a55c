// Folders that have got another name and are looked at, file by file. One that gets a third name meanwhile is torn from
// whoever looks: what has not been seen yet cannot be told by names any more.

/** One folder that is looked at. Paths are below the directory, with "/". */
export interface MovedFolder {
  readonly to: string;
  /** It got its name while another one was looked at that it lies in, or that lies in it. */
  readonly tears: boolean;
  /** Whoever looks ends. */
  readonly isTorn: boolean;
}

/** Those of one directory. */
export class MovedFolders {
  readonly #all = new Set<{ -readonly [Key in keyof MovedFolder]: MovedFolder[Key] }>();

  /** A look begins at a folder that was moved; `end` ends it. */
  begin(from: string, to: string): MovedFolder {
    const torn = [...this.#all].filter((other) => isBelow(from, other.to) || isBelow(other.to, from));
    for (const other of torn) other.isTorn = true;
    const folder = { to, tears: torn.length > 0, isTorn: false };
    this.#all.add(folder);
    return folder;
  }

  end(folder: MovedFolder): void {
    this.#all.delete(folder);
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + "/");
}
