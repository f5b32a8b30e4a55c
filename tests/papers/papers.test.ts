// The papers tell the truth: what is generated is fresh, what is named is there, and a page is a page.

import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { allPapers, anchorsOf, linksOf, type Paper, proseOf, ROOT } from "./markdown.ts";
import { freshPapers } from "./write-papers.ts";

const MOST_LINES = 260;
const MOST_COLUMNS = 120;
const MOST_PICTURE_BYTES = 150_000;

const papers = allPapers();
const readme = papers.find(({ path }) => path === "README.md")!;

/** Lines that people wrote: tables are made, and as wide as they are. */
function writtenLines({ text }: Paper): string[] {
  return text
    .replace(/<!-- bench:begin -->[\s\S]*<!-- bench:end -->/, "")
    .split("\n")
    .filter((line) => !/^\|/.test(line));
}

describe("what programs write into the papers", () => {
  test.each([...freshPapers()])("%s is fresh; otherwise run `bun run papers`", (path, fresh) => {
    expect(readFileSync(join(ROOT, path), "utf8")).toBe(fresh);
  });

  test("the pictures are small, and are pictures", () => {
    for (const name of ["desktop.png", "phone.png"]) {
      const path = join(ROOT, ".github/images", name);
      expect(statSync(path).size).toBeLessThan(MOST_PICTURE_BYTES);
      expect(readFileSync(path).subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    }
  });
});

describe("the README", () => {
  test("is one page, and no wider than one", () => {
    expect(readme.text.split("\n").length).toBeLessThanOrEqual(MOST_LINES);
    const flags = readme.text.slice(readme.text.indexOf("flags:begin"), readme.text.indexOf("flags:end"));
    const wide = readme.text
      .replace(flags, "")
      .split("\n")
      .filter((line) => line.length > MOST_COLUMNS);
    expect(wide).toEqual([]);
  });

  test("leads to every other paper", () => {
    const seen = new Set(["README.md"]);
    for (const path of seen) {
      const paper = papers.find((each) => each.path === path);
      for (const link of paper === undefined ? [] : linksOf(paper.text)) {
        if (!/^https?:/.test(link)) seen.add(normalize(join(dirname(path), link.replace(/#.*/, ""))));
      }
    }
    expect(papers.map(({ path }) => path).filter((path) => !seen.has(path))).toEqual([]);
  });
});

describe.each(papers.map((paper) => [paper.path, paper] as const))("%s", (path, paper) => {
  test("is no wider than a page where it is not a table", () => {
    expect(writtenLines(paper).filter((line) => line.length > MOST_COLUMNS)).toEqual([]);
  });

  test("has links to what is there", () => {
    const broken = linksOf(paper.text).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, target), "utf8")).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("names files and scripts that are there", () => {
    const named = [...proseOf(paper.text).matchAll(/`((?:src|tests|\.ci|\.github)\/[\w./-]*)`/g)].map(
      ([, file]) => file!,
    );
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    const scripts = [...paper.text.matchAll(/\bbun(?:@[\d.]+)? run ([a-z]+)\b(?!\/)/g)].map(([, script]) => script!);
    expect(scripts.filter((script) => !Object.hasOwn(manifest.scripts, script))).toEqual([]);
  });

  test("runs nobody else's program, and has no place left open", () => {
    // The name mini-http on npm belongs to a package of somebody else.
    expect(paper.text).not.toMatch(
      /\bbunx\b|\bnpx (?!--yes bun@)[a-z@-]|\bnpm (?:i|install|exec|x)\b|\bbun (?:x|add) /,
    );
    expect(paper.text).not.toMatch(/\bOWNER\b|\bTODO\b|example\.invalid/);
  });
});

test("the map of src names classes that are there", () => {
  const { text } = papers.find(({ path }) => path === "src/README.md")!;
  const map = text.slice(0, text.indexOf("## What it promises"));
  const named = new Set(
    [...proseOf(map).matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)*)(?:[.][#\w]+)?`/g)].map(([, name]) => name!),
  );
  const sources = [...new Glob("src/**/*.ts").scanSync({ cwd: ROOT })].map((path) =>
    readFileSync(join(ROOT, path), "utf8"),
  );
  const code = sources.join("\n");
  const gone = [...named].filter((name) => !new RegExp(`(?:class|interface|type) ${name}\\b`).test(code));
  expect(gone).toEqual([]);
});

test("nobody publishes the package by mistake", () => expect(manifest.private).toBe(true));
