// Tables and marked parts of papers.

import { expect, test } from "bun:test";
import { markdownTable, readTableRows } from "./markdown-table.ts";
import { putBetweenMarks } from "./marked-part.ts";

test("a table's columns stand below each other, and can be read back", () => {
  const table = markdownTable(["a", "server"], [["12345", "x"]]);
  expect(table).toBe("| a     | server |\n| ----- | ------ |\n| 12345 | x      |");
  expect(readTableRows(table)).toEqual([
    ["a", "server"],
    ["-----", "------"],
    ["12345", "x"],
  ]);
});

test("only what stands between the marks changes", () => {
  const paper = "one\n<!-- bench:begin -->\nold\n<!-- bench:end -->\ntwo\n";
  const changed = "one\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\ntwo\n";
  expect(putBetweenMarks(paper, "bench", "new\n")).toBe(changed);
  expect(putBetweenMarks(changed, "bench", "new\n")).toBe(changed);
  expect(() => putBetweenMarks("no marks", "bench", "new")).toThrow("bench:begin");
  expect(() => putBetweenMarks(paper, "flags", "new")).toThrow("flags:begin");
});
