// The page of a refusal: the sentence that programs get too, and ways on.

import { escapeHtml } from "./html.ts";
import { smallPage } from "./small-page.ts";

/** A place to go to from here; the address is relative, since a proxy may serve this below another path. */
export interface WayOn {
  readonly address: string;
  readonly text: string;
}

/** The whole document. `title` is the status in words, `sentence` plain text. */
export function errorPage(title: string, sentence: string, waysOn: readonly WayOn[]): string {
  const ways = waysOn.map(({ address, text }) => `<li><a href="${escapeHtml(address)}">${escapeHtml(text)}</a></li>`);
  return smallPage(
    title + " – mini-http",
    `<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(sentence)}</p>
<ul>
${ways.join("\n")}
</ul>
</main>
`,
  );
}
