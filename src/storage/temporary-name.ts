// The names of uploads under way. They say who makes the upload, so that what a killed server left behind can be told
// from what another server is writing at this moment.

import { readFileSync, readlinkSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { TEMPORARY_PREFIX } from "./object-name.ts";

/** The state of a process that has ended, and whose parent has not asked for its end yet. */
const DEAD = /^[ZX]/;
/**
 * Process ids mean something within one start of one system and one process namespace only; where the system names
 * neither, on one machine.
 */
const BOOT = readIfAny("/proc/sys/kernel/random/boot_id");
const INSTANCE = Bun.hash(BOOT === "" ? machine() : BOOT + linkIfAny("/proc/self/ns/pid")).toString(36);
const OWNER = `${INSTANCE}-${process.pid}-${startTimeOf(process.pid) ?? 0}`;
const PATTERN = /^(?<instance>[0-9a-z]+)-(?<pid>[0-9]+)-(?<start>[0-9]+)-[0-9a-z]+(?:\.redo|\.undo)?$/;
const UUID_DASHES = /-/g;

/** Two machines that share a folder may have one name, but neither one network address nor one number. */
function machine(): string {
  return hostname() + readIfAny("/etc/machine-id") + [...new Set(networkAddresses())].sort().join();
}

/** None where this process may not know them (no AF_NETLINK, as services are often kept). */
function networkAddresses(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ mac }) => mac));
  } catch {
    return [];
  }
}

/** A name that no other upload has or had. */
export function temporaryName(): string {
  return `${TEMPORARY_PREFIX}${OWNER}-${crypto.randomUUID().replace(UUID_DASHES, "")}`;
}

/** What tells it from all other temporary names. */
export function markOf(name: string): string {
  return name.slice(name.lastIndexOf("-") + 1);
}

/**
 * "gone": the process that made this temporary file is no more. "unknown": it may run in another container or on another
 * machine. "none": the name is no temporary file's.
 */
export function ownerOf(name: string): "alive" | "gone" | "unknown" | "none" {
  if (!name.startsWith(TEMPORARY_PREFIX)) return "none";
  const parts = PATTERN.exec(name.slice(TEMPORARY_PREFIX.length))?.groups;
  if (parts === undefined) return "none";
  if (parts["instance"] !== INSTANCE) return "unknown";
  const start = startTimeOf(Number(parts["pid"]));
  if (start === null) return isRunning(Number(parts["pid"])) ? "alive" : "gone";
  return String(start) === parts["start"] ? "alive" : "gone";
}

/**
 * In ticks since the system's start: with it a process id is never taken for a later process's. -1 for one that has ended;
 * null without /proc.
 */
function startTimeOf(pid: number): number | null {
  const stat = readIfAny(`/proc/${pid}/stat`);
  // The second field is a name in parentheses that may hold anything; the state is the third, the start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "") return null;
  return DEAD.test(fields[0] ?? "") ? -1 : Number(fields[19]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkIfAny(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
