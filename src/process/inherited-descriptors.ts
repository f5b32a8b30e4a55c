// Open files beside the three standard ones that this process was started with. They are for the command that it runs:
// `run -- diff <(a) <(b)`, a make that shares its jobs, a log at descriptor 3.

import { readdirSync, readlinkSync } from "node:fs";
import { FIRST_DESCRIPTOR } from "./service-environment.ts";

/** As many as a process can have unless somebody asked for more. */
const USUAL_LIMIT = 1024;

/**
 * Their numbers. To be asked before anything of our own is opened; so many from the first on are sockets for this process.
 * None where the system does not tell (other systems than Linux).
 */
export function inheritedDescriptors(sockets: number): readonly number[] {
  try {
    const numbers = readdirSync("/proc/self/fd").map(Number);
    return numbers.filter((each) => each >= FIRST_DESCRIPTOR + sockets && each < USUAL_LIMIT && isForeign(each));
  } catch {
    return [];
  }
}

/** The run time has some too, with no file behind them. */
function isForeign(descriptor: number): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${descriptor}`).startsWith("anon_inode:");
  } catch {
    // That of the look itself.
    return false;
  }
}
