// The scripts of the pages, which are typed and tested as modules, as the one text that goes into a page.

/**
 * The text of a script that was imported `with { type: "text" }`. TypeScript sees the module there, of which nothing is
 * imported.
 */
export function scriptText(imported: object): string {
  return (imported as { readonly default: string }).default;
}

const IMPORT = /^import\b[^;]*;\n/gm;
const EXPORT = /^export (?=(?:async )?(?:function|const|let|class) )/gm;
/** On lines of their own: people who read the page's source find the project, and others need not fetch its reasons. */
const COMMENT = /^ *(?:\/\/.*|\/\*\*[^]*?\*\/)\n/gm;

/**
 * Scripts as one, in which each stands behind those that it imports. They share one block: what one of them declares
 * all see, nobody outside does, and a name that two of them declare is an error.
 */
export function joinScripts(texts: readonly string[]): string {
  const bodies = texts.map((text) => stripModule(text).trim());
  return `\n"use strict";\n{\n${bodies.join("\n\n")}\n}\n`;
}

/** The statements of a module, for a place that has neither imports nor exports. */
export function stripModule(text: string): string {
  return text.replace(COMMENT, "").replace(IMPORT, "").replace(EXPORT, "");
}
