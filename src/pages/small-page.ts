// Pages that say a few things and need no script: what there is here, or what went wrong.

import { closeDocument, openDocument } from "./document.ts";
import { pagePolicy } from "./policy.ts";
import smallPageStyle from "./styles/small-page.css" with { type: "text" };
import theme from "./styles/theme.css" with { type: "text" };

const STYLE = [theme, smallPageStyle].join("\n");

/** The Content-Security-Policy of these pages. */
export const SMALL_PAGE_POLICY = pagePolicy([STYLE], []);

/** The whole document. The title is plain text, the body HTML. */
export function smallPage(title: string, body: string): string {
  return openDocument(title, STYLE) + body + closeDocument(null);
}
