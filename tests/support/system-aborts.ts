// How often the system has reset connections of its own accord. With its memory for TCP used up (other tests' crowds can
// do that) it drops what a server had sent and closed, whatever the server: a client then misses the end of its answer.

import { readFileSync } from "node:fs";

const GROUP = "TcpExt:";
const NAME = "TCPAbortOnMemory";

/** Connections reset for lack of TCP memory since the machine started; 0 where the system does not tell. */
export function abortsForMemory(netstat: string = readNetstat()): number {
  const [names = [], values = []] = netstat
    .split("\n")
    .filter((line) => line.startsWith(GROUP))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(NAME)] ?? 0);
}

/** What is to be said of an answer that ended in a reset; empty when the system cannot be to blame. */
export function blameSystem(abortsBefore: number, abortsNow = abortsForMemory()): string {
  const aborts = abortsNow - abortsBefore;
  return aborts > 0 ? `the system has reset ${aborts} connections for lack of TCP memory meanwhile` : "";
}

function readNetstat(): string {
  try {
    return readFileSync("/proc/net/netstat", "latin1");
  } catch {
    return "";
  }
}
