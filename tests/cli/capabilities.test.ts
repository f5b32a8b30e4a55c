import { expect, test } from "bun:test";
import { capabilityNote } from "../../src/cli/capabilities.ts";

/** The rows of /proc/self/status that count; effective user, rights in force, rights that the starter gave. */
function status(uid: number, effective: string, ambient: string): string {
  return `Name:\tmini-http\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\nCapAmb:\t${ambient}\n`;
}

const NONE = "0000000000000000";
const BIND = "0000000000000400";
const cases: [why: string, status: string, isNoted: boolean][] = [
  ["an ordinary user's process", status(1000, NONE, NONE), false],
  ["root's process", status(0, "000001ffffffffff", NONE), false],
  ["a right that systemd gave", status(1000, BIND, BIND), false],
  ["a right that the file carries", status(1000, BIND, NONE), true],
  ["a right of the file beside one that systemd gave", status(1000, "0000000000000402", BIND), true],
  ["a system that does not tell", "", false],
];

test.each(cases)("%s", (_, text, isNoted) => {
  expect(capabilityNote(text) !== null).toBe(isNoted);
});

test("these tests carry none", () => {
  expect(capabilityNote()).toBeNull();
});
