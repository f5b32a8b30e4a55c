// What tests ask of a Markdown file: its blocks of commands, its links, the places that links may lead to.

import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The project. */
export const ROOT = resolve(import.meta.dir, "../..");

/** One file. */
export interface Paper {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

/** Every Markdown file of the project. */
export function allPapers(): readonly Paper[] {
  const globs = ["*.md", "{src,tests,.github}/**/*.md"].map((pattern) => new Glob(pattern));
  const paths = globs.flatMap((glob) => [...glob.scanSync({ cwd: ROOT, dot: true })]);
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** The content of each block that is fenced with this language, in their order. */
export function blocksOf(text: string, language: string): readonly string[] {
  const found = text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm);
  return [...found].flatMap(([, name, content]) => (name === language ? [content ?? ""] : []));
}

/** The text without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

/** Where its links and pictures lead. */
export function linksOf(text: string): readonly string[] {
  const found = proseOf(text).matchAll(/\]\(([^)\s]+)\)|<(?:img|a)\b[^>]*?\b(?:src|href)="([^"]+)"/g);
  return [...found].map(([, marked, tagged]) => (marked ?? tagged)!);
}

/** The names by which a link can lead to a heading, as GitHub makes them. */
export function anchorsOf(text: string): readonly string[] {
  const headings = proseOf(text).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
