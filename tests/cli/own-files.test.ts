import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownFilesNotes } from "../../src/cli/own-files.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder.path, name);
mkdirSync(at("served/bin"), { recursive: true });
mkdirSync(at("elsewhere"));
mkdirSync(at("served-too"));
writeFileSync(at("served/bin/program"), "");
writeFileSync(at("served/accounts"), "");
writeFileSync(at("elsewhere/program"), "");
writeFileSync(at("served-too/program"), "");
symlinkSync(at("served/bin"), at("link"));
afterAll(() => folder[Symbol.dispose]());

type Danger = "program" | "start";

const cases: [why: string, program: string, startFolder: string | null, readOnly: boolean, dangers: Danger[]][] = [
  ["a program beside the folder", "elsewhere/program", null, false, []],
  ["a program in it", "served/bin/program", null, false, ["program"]],
  ["a program in it, which nobody can replace", "served/bin/program", null, true, []],
  ["a program in it by another name", "link/program", null, false, ["program"]],
  ["a program in a folder whose name begins alike", "served-too/program", null, false, []],
  ["a start in it", "elsewhere/program", "served", false, ["start"]],
  ["a start in it, where others may put files too", "elsewhere/program", "served/bin", true, ["start"]],
  ["a start beside it", "elsewhere/program", "elsewhere", false, []],
  ["both", "served/bin/program", "link", false, ["start", "program"]],
  ["a program that is gone", "served/none", null, false, []],
];
describe("what an upload could change of the next start:", () => {
  test.each(cases)("%s", (_why, program, startFolder, readOnly, dangers) => {
    const own = { program: at(program), startFolder: startFolder === null ? null : at(startFolder), secrets: [] };
    const notes = ownFilesNotes(at("served"), readOnly, own);
    const words = { program: "This program lies in the served folder", start: "Bun obeys bunfig.toml" };
    expect(notes).toHaveLength(dangers.length);
    for (const [i, danger] of dangers.entries()) expect(notes[i]).toStartWith(words[danger]);
  });

  test.each([
    ["in it", "served/accounts", true, ["served/accounts"]],
    ["in it by another name", "link/program", false, ["link/program"]],
    ["in a folder in it", "served/bin", false, ["served/bin"]],
    ["beside it", "elsewhere/program", false, []],
    ["in a folder whose name begins alike", "served-too/program", false, []],
  ])("a secret %s", (_, secret, readOnly, told) => {
    const own = { program: at("elsewhere/program"), startFolder: null, secrets: [at(secret)] };
    const notes = ownFilesNotes(at("served"), readOnly, own);
    expect(notes.map((note) => /move "(.*)" elsewhere/.exec(note)?.[1])).toEqual(told.map(at));
  });

  test("a folder that is not there yet holds nothing", () => {
    expect(
      ownFilesNotes(at("none"), false, {
        program: at("elsewhere/program"),
        startFolder: at("none"),
        secrets: [at("none")],
      }),
    ).toEqual([]);
  });
});
