import { expect, test } from "bun:test";
import { ALL_FLAGS } from "../../src/cli/flags.ts";
import { manualPage, roff } from "../../src/cli/manual.ts";
import { parseConfig } from "../../src/config.ts";
import { needs } from "../support/needs.ts";

const page = manualPage();

test("the manual has every flag with its default", () => {
  for (const [flag, { shownPreset }] of ALL_FLAGS) {
    expect(page).toContain(`\\fB\\-\\-${flag.replaceAll("-", "\\-")}\\fR`);
    if (shownPreset !== "") expect(page).toContain(`(${shownPreset.replaceAll("-", "\\-")})`);
  }
});

test("no line of it is a command by accident", () => {
  const commands = page.split("\n").filter((line) => /^[.']/.test(line));
  expect(commands.filter((line) => !/^\.(?:TH|SH|SS|TP|PP|B|BR|RI|IR|I|br|EX|EE)(?: |$)/.test(line))).toEqual([]);
});

test("it is what the command asks for; with a folder beside it, nothing is meant", () => {
  expect(parseConfig(["man"], {})).toEqual({ kind: "man" });
  expect(parseConfig(["man", "other"], {}).kind).toBe("usage-error");
});

test.skipIf(needs({ programs: ["mandoc"] }).skip)("mandoc has nothing to say against it", () => {
  const { stdout } = Bun.spawnSync(["mandoc", "-T", "lint", "-W", "warning"], { stdin: Buffer.from(page) });
  const remarks = stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !line.includes("missing date"));
  expect(remarks).toEqual([]);
});

test.skipIf(needs({ programs: ["groff"] }).skip)("groff has nothing to say against it", () => {
  const { stderr } = Bun.spawnSync(["groff", "-man", "-ww", "-Tutf8"], { stdin: Buffer.from(page) });
  expect(stderr.toString()).toBe("");
});

const typed = ["add 'NAME: VALUE'", "'at the beginning", "~/public", "a^b `c` d\\e", ".a line like a command", "plain"];
test.skipIf(needs({ programs: ["groff"] }).skip).each(typed)("%p is in the page as it is typed", (text) => {
  // Without the macros: those of Debian mend some of it, and others do not.
  const { stdout } = Bun.spawnSync(["groff", "-Tutf8", "-P-cbou"], { stdin: Buffer.from(`${roff(text)}\n`) });
  expect(stdout.toString()).toContain(text);
});
