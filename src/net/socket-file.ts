// The file of a unix socket: what a killed server has left at its path, who has it now, and that nobody removes another's.

import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, renameSync, type Stats, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { socketHost } from "../http/unix-host.ts";
import { ListenFault } from "./listener.ts";

/** Bytes of a path that a socket can be bound to, less the zero behind it (unix(7); less on BSD and macOS). */
export const MOST_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/** Why nobody can listen at a path. */
export type PathFault =
  /** Somebody listens there, or may. */
  | "in-use"
  /** What is there is no socket. */
  | "other-file"
  | "too-long";

const TEMPORARY_BYTES = 6;

/** A name in the same folder that nobody has: short, since the path has to be. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${randomBytes(TEMPORARY_BYTES).toString("base64url")}`);
}

/**
 * Makes room at a path: removes a socket that nobody listens at, and nothing else. Null when there is nothing any more, or
 * what may be taken over; otherwise why not. Throws the system's error when the path cannot be looked at.
 */
export async function clearStale(path: string, takesOver: boolean): Promise<PathFault | null> {
  const longest = Math.max(...[path, temporaryBeside(path)].map((each) => Buffer.byteLength(each)));
  if (longest > MOST_PATH_BYTES) return "too-long";
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isSocket()) return "other-file";
  if (takesOver) return null;
  if (await mayBeListenedAt(path)) return "in-use";
  return (await setAside(path)) ? null : "in-use";
}

/**
 * Two servers that start at the same time find the same old socket, and the path may be the other's by now: so it is looked
 * at once more where nobody binds it anew. False when somebody listens at it, who has it back then.
 */
async function setAside(path: string): Promise<boolean> {
  const aside = temporaryBeside(path);
  if (!isDone(() => renameSync(path, aside), "ENOENT")) return true;
  const isStale = !(await mayBeListenedAt(aside));
  if (!isStale) isDone(() => linkSync(aside, path), "EEXIST");
  unlinkSync(aside);
  return isStale;
}

/** Only who is refused knows that nobody is there: a server may be too busy, or of somebody who does not let us in. */
async function mayBeListenedAt(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  }
}

/** True when it was done, false when the system says this of it. */
function isDone(act: () => void, excuse: string): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === excuse) return false;
    throw error;
  }
}

/**
 * The name of a socket that listens: one that nobody knows until it is published. It goes with the process, however that
 * ends, unless the system ends it.
 */
export class SocketFile {
  readonly #path: string;
  readonly #takesOver: boolean;
  /** Where it is. */
  #current: string;
  /** Which file it is. */
  readonly #stats: Stats;
  #isThere = true;
  readonly #removeAtExit = (): void => this.remove();

  /** Of a socket that was bound to `bound`, which nobody else has. Throws the system's error. */
  constructor(bound: string, path: string, takesOver: boolean) {
    this.#path = path;
    this.#takesOver = takesOver;
    this.#stats = lstatSync(bound);
    this.#current = temporaryBeside(path);
    renameSync(bound, this.#current);
    process.on("exit", this.#removeAtExit);
  }

  /** Gives it its path, unless it was removed. Throws a `ListenFault`; of `EEXIST` when the path is taken. */
  publish(): void {
    if (!this.#isThere) return;
    try {
      this.#move();
    } catch (error) {
      throw new ListenFault(socketHost(this.#path), 0, error);
    }
    this.#current = this.#path;
  }

  #move(): void {
    if (this.#takesOver) return renameSync(this.#current, this.#path);
    linkSync(this.#current, this.#path);
    unlinkSync(this.#current);
  }

  /** Unless another server has its own there by now. */
  remove(): void {
    process.off("exit", this.#removeAtExit);
    this.#isThere = false;
    try {
      const { dev, ino } = lstatSync(this.#current);
      if (dev === this.#stats.dev && ino === this.#stats.ino) unlinkSync(this.#current);
    } catch {
      // It is gone, or not ours to remove any more: what is left is what a killed server leaves.
    }
  }
}
