// How numbers, sizes and names read, for the server: made of the very text that goes into the page. Bun's bundler takes
// a file either as a module or as a text, and not as both (1.4.5), so the text is what is imported.

import * as imported from "./scripts/formats.js" with { type: "text" };
import type * as Formats from "./scripts/formats.js";
import { scriptText, stripModule } from "./script-text.ts";

/** For the page's script. */
export const FORMATS_SCRIPT = scriptText(imported);

const NAMES = [
  "codeOf",
  "contentsText",
  "countOf",
  "foldName",
  "groupedText",
  "limitText",
  "nameParts",
  "sizeText",
] as const satisfies readonly (keyof typeof Formats)[];
type Shared = Pick<typeof Formats, (typeof NAMES)[number]>;

export const { codeOf, contentsText, countOf, foldName, groupedText, limitText, nameParts, sizeText } = evaluate();

function evaluate(): Shared {
  const make = new Function(`"use strict";\n${stripModule(FORMATS_SCRIPT)}\nreturn { ${NAMES.join(", ")} };`);
  return make() as Shared;
}
