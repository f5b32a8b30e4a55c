// What a version gets beside its bytes: the owner, rights and time that it inherits or is due. Each as far as the system
// lets us; what it refuses is not worth an upload.

import { copyAccessList } from "./access-list.ts";
import type { FileCalls } from "./file-calls.ts";
import { systemCode } from "./system-fault.ts";
import type { StagedAgain } from "./staged-file.ts";
import type { Target } from "./target.ts";
import { stampVersion } from "./version-time.ts";

/** What a new version inherits: not setuid and setgid, which the system clears too when content is written. */
const PERMISSION_BITS = 0o777;
const NEW_FILE_MODE = 0o666;

/** Permission bits of new files; null leaves them to the umask. */
export interface Dress {
  readonly mode: number | null;
  readonly fsync: boolean;
}

/** Until now the file was its owner's alone; the next step shows it. */
export async function dress(
  calls: FileCalls,
  { descriptor, stats: now }: StagedAgain,
  targetPath: string,
  target: Target,
  settings: Dress,
): Promise<void> {
  const { own, file } = target;
  if (file !== null && (file.uid !== now.uid || file.gid !== now.gid)) {
    const isOwnerToo = await tryTo(() => calls.fchown(descriptor, Number(file.uid), Number(file.gid)));
    if (!isOwnerToo) await tryTo(() => calls.fchown(descriptor, Number(now.uid), Number(file.gid)));
  }
  if (file === null) await tryTo(() => calls.fchmod(descriptor, settings.mode ?? NEW_FILE_MODE & ~process.umask()));
  else if (own !== file || !(await copyAccessList(calls, targetPath, file, descriptor)))
    await tryTo(() => calls.fchmod(descriptor, Number(file.mode) & PERMISSION_BITS));
  if (own !== null && own.mtimeNs >= now.mtimeNs) await stampVersion(calls, descriptor, own.mtimeNs);
  if (settings.fsync) await calls.fsync(descriptor);
}

async function tryTo(act: () => Promise<void> | void): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return false;
  }
}
