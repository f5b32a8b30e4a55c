// A table of Markdown that can be read in a terminal too.

/** One whose columns stand below each other, as the formatter leaves them. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The cells of every row of every table of a text, heads among them. */
export function readTableRows(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("| ") && line.endsWith(" |"));
  return lines.map((line) =>
    line
      .slice(2, -2)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}
