// What is in the directory, file by file, as those see it who may remove it: links are not followed, and names that are
// not served are nobody's to remove.

import type { BigIntStats } from "node:fs";
import { tagOf } from "./entity-tag.ts";
import type { FileCalls } from "./file-calls.ts";
import { modifiedOf } from "./modified-time.ts";
import { type NameRules, ObjectName } from "./object-name.ts";
import { liesIn, segmentsBelow } from "./real-path.ts";
import type { ServedRoot } from "./served-root.ts";
import { lstatIfAny } from "./target.ts";
import { unlessRefused, walkTree } from "./tree.ts";
import { walk } from "./way.ts";

/** A file. */
export interface Surveyed {
  /** Below the directory, without links. */
  readonly path: string;
  /** Bytes, as readers get them. */
  readonly size: number;
  /** Milliseconds since the epoch, as readers are told: see `modifiedOf`. */
  readonly modified: number;
  /** The version's entity tag, were it strong. */
  readonly tag: string;
}

/** What has a name now. */
export interface SurveyedName {
  /** The name's own path below the directory, without links. */
  readonly path: string;
  /** Null for what is none, or not there. */
  readonly file: Surveyed | null;
  readonly isFolder: boolean;
}

/** All files below a folder, or in all, in no order, in short turns. */
export async function* surveyTree(
  root: ServedRoot,
  calls: FileCalls,
  rules: NameRules,
  from: ObjectName = ObjectName.ROOT,
): AsyncGenerator<Surveyed> {
  for await (const { folder, dirent, segments } of walkTree(root, calls, from.segments)) {
    const name = dirent.isFile() ? ObjectName.ROOT.join([...segments, dirent.name], rules) : "missing";
    if (!(name instanceof ObjectName)) continue;
    const stats = await unlessRefused(async () => lstatIfAny(calls, folder.at(dirent.name)));
    if (stats?.isFile() === true) yield surveyed(name.path, stats);
  }
}

/** What has this name; null where no folder of the directory would hold it. */
export async function surveyOne(root: ServedRoot, calls: FileCalls, name: ObjectName): Promise<SurveyedName | null> {
  return unlessRefused(async () => {
    const folder = await walk(root, calls, name.parent.segments, null);
    try {
      if (!liesIn(folder.realPath, root.realPath)) return null;
      const { path } = name.within(segmentsBelow(folder.realPath, root.realPath));
      const stats = await lstatIfAny(calls, folder.at(name.base));
      const file = stats?.isFile() === true ? surveyed(path, stats) : null;
      return { path, file, isFolder: stats?.isDirectory() === true };
    } finally {
      folder.close();
    }
  });
}

function surveyed(path: string, stats: BigIntStats): Surveyed {
  return { path, size: Number(stats.size), modified: modifiedOf(stats, Date.now()), tag: tagOf(stats, false) };
}
