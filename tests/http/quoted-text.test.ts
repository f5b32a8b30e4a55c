import { expect, test } from "bun:test";
import { quoteText } from "../../src/http/quoted-text.ts";

const cases: [why: string, text: string, quoted: string][] = [
  ["plain text", "a b.txt", '"a b.txt"'],
  ["quotes and backslashes", 'a"b\\c', '"a\\x22b\\x5cc"'],
  ["what steers a terminal or ends a line", "\x1b[2J\r\n\x7f", '"\\x1b[2J\\x0d\\x0a\\x7f"'],
  ["other scripts", "ä🎉", '"\\xc3\\xa4\\xf0\\x9f\\x8e\\x89"'],
  ["half a character", "\ud800", '"\\xef\\xbf\\xbd"'],
  ["nothing", "", '""'],
  ["a hundred chars", "x".repeat(100), `"${"x".repeat(100)}"`],
  ["more than a hundred chars", "x".repeat(101), `"${"x".repeat(100)}..."`],
];
test.each(cases)("%s", (_why, text, quoted) => {
  expect(quoteText(text)).toBe(quoted);
});
