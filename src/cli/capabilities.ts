// Rights that the executable itself carries (`setcap`), which the system gives to whoever starts it.

import { readFileSync } from "node:fs";

/** Root has all rights without them. */
const ROOT = 0;

/**
 * One sentence when this process has rights that neither its user nor its starter (as ambient ones) gave it; null
 * otherwise. The run time inside obeys `BUN_BE_BUN` and `BUN_OPTIONS`, so everyone who may start such a file may run any
 * code with its rights (capabilities(7)). `status` is what the system says of the process; Linux only.
 */
export function capabilityNote(status = readStatus()): string | null {
  const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1] ?? ROOT);
  if (uid === ROOT || (capabilities(status, "CapEff") & ~capabilities(status, "CapAmb")) === 0n) return null;
  return (
    "The executable carries capabilities (setcap), which everyone who may start it can use for any code; " +
    "take them away (setcap -r) and let systemd give them (AmbientCapabilities=)."
  );
}

function capabilities(status: string, name: string): bigint {
  return BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
}

function readStatus(): string {
  try {
    return readFileSync("/proc/self/status", "latin1");
  } catch {
    return "";
  }
}
