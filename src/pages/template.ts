// HTML with holes, `{{name}}`. What fills a hole is never searched for more.

/** Text, hole, text, hole, …, text. */
export type Template = readonly string[];

/** A template cut at its holes. */
export function parseTemplate(html: string): Template {
  return html.split(/\{\{(\w+)\}\}/);
}

/** The text in pieces. Each hole of the template needs its filling, one text or several. */
export function* fillTemplate(
  template: Template,
  holes: Readonly<Record<string, string | Iterable<string>>>,
): Iterable<string> {
  for (const [index, piece] of template.entries()) {
    const text = index % 2 === 0 ? piece : (holes[piece] ?? "");
    if (typeof text === "string") yield text;
    else yield* text;
  }
}
