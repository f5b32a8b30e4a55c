// File systems for a test: made, mounted, and gone with it, whatever became of the test.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE_MS, until } from "../support/patience.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { Helper, nativeProgram, run } from "./native-program.ts";

/** A mounted folder. */
export interface Mounted extends AsyncDisposable {
  readonly path: string;
}

/** A FUSE folder and the process that serves it. */
export interface FuseFolder extends Mounted {
  /** The folder that it shows. */
  readonly backing: string;
  /** Answers nothing from now on. */
  hang(): void;
}

/** A tmpfs of so many MiB, and so many files and folders. */
export function mountTmpfs(mib: number, inodes = 0): Mounted {
  return mounted((path) => run("mount", "-t", "tmpfs", "-o", `size=${mib}m,nr_inodes=${inodes}`, "none", path));
}

/** A ramfs: it has no size. */
export function mountRamfs(): Mounted {
  return mounted((path) => run("mount", "-t", "ramfs", "none", path));
}

/** A file system in a file of so many MiB, made by `mkfs` and its words. */
export function mountImage(mib: number, ...mkfs: readonly string[]): Mounted {
  return mounted((path, house) => {
    const image = join(house, "image");
    run("truncate", "-s", `${mib}M`, image);
    run(...mkfs, image);
    run("mount", "-o", "loop", image, path);
  });
}

function mounted(mount: (path: string, house: string) => void): Mounted {
  const house = tempFolder();
  const path = join(house.path, "mount");
  mkdirSync(path);
  try {
    mount(path, house.path);
  } catch (error) {
    house[Symbol.dispose]();
    throw error;
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      unmount(path);
      await Bun.sleep(0);
      house[Symbol.dispose]();
    },
  };
}

/** A folder of `fuse-folder` with this environment. */
export async function mountFuse(env: Readonly<Record<string, string>>): Promise<FuseFolder> {
  const house = tempFolder();
  const [path, backing] = [join(house.path, "mount"), join(house.path, "backing")];
  mkdirSync(path);
  mkdirSync(backing);
  const server = Helper.spawn([nativeProgram("fuse-folder"), path], { FUSE_BACKING: backing, ...env });
  const dispose = async (): Promise<void> => {
    // Without its process, whoever waits for the folder gets an error.
    await server[Symbol.asyncDispose]();
    unmount(path);
    house[Symbol.dispose]();
  };
  try {
    await until(
      () => isMounted(path),
      PATIENCE_MS,
      () => "the FUSE folder is not mounted",
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path, backing, hang: () => stop(server), [Symbol.asyncDispose]: dispose };
}

/**
 * Returns when no thread of it runs any more: a request that one of them had taken just before would leave whoever asked
 * in a sleep that not even SIGKILL ends.
 */
function stop(server: Helper): void {
  server.signal("SIGSTOP");
  const tasks = `/proc/${server.pid}/task`;
  const isStopped = (task: string): boolean =>
    / T /.test(readFileSync(join(tasks, task, "stat"), "latin1").slice(0, 80));
  for (let tries = 0; tries < 1000 && !readdirSync(tasks).every(isStopped); tries++) Bun.sleepSync(1);
}

function isMounted(path: string): boolean {
  return Bun.spawnSync(["findmnt", "-n", path]).exitCode === 0;
}

function unmount(path: string): void {
  Bun.spawnSync(["umount", "-l", path]);
}
