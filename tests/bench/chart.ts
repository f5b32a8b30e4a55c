// The chart of the README: one group of bars for each case, each as long as the server's requests for one of ours.

import type { Figure, ServerFigure } from "./summary.ts";

const WIDTH = 760;
const LABELS = 290;
const NUMBERS = 60;
const BAR = 13;
const GROUP_GAP = 14;
const MARGIN = 8;
const TOP = 36;
const BOTTOM = 10;
/** A dark page has a dark chart; our bars are the ones that stand out. */
const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}
.bar{fill:#afb8c1}.ours{fill:#0b7650}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.bar{fill:#656c76}.ours{fill:#3fb27f}}`;

/** An SVG; the same figures give the same bytes. */
export function drawChart(figures: readonly Figure[]): string {
  const groups = figures.map(({ title, servers }) => ({ title, servers: servers.filter((server) => server !== null) }));
  const longest = Math.max(...groups.flatMap(({ servers }) => servers.map(({ share }) => share)));
  const scale = (WIDTH - LABELS - NUMBERS) / longest;
  const parts: string[] = [];
  let top = TOP;
  for (const { title, servers } of groups) {
    parts.push(text(MARGIN, top + BAR - 2, plain(title)));
    for (const [index, server] of servers.entries())
      parts.push(...drawBar(server, index === 0, top + index * BAR, scale));
    top += servers.length * BAR + GROUP_GAP;
  }
  const height = top - GROUP_GAP + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>Requests a second, mini-http = 1</title>`,
    `<style>${STYLE}</style>`,
    text(LABELS, 20, "Requests a second, mini-http = 1; longer is faster"),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** The server's name, its bar and its number. */
function drawBar({ title, share }: ServerFigure, isOurs: boolean, top: number, scale: number): string[] {
  const width = round(share * scale);
  const kind = isOurs ? "bar ours" : "bar";
  return [
    text(LABELS - 8, top + BAR - 3, title, "small", "end"),
    `<rect class="${kind}" x="${LABELS}" y="${top}" width="${width}" height="${BAR - 2}"/>`,
    text(LABELS + width + 6, top + BAR - 3, share.toFixed(2), "small"),
  ];
}

function text(x: number, y: number, words: string, kind = "", anchor = "start"): string {
  const name = kind === "" ? "" : ` class="${kind}"`;
  const end = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${name}${end}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}

/** A title of Markdown without its marks of code. */
function plain(title: string): string {
  return title.replaceAll("`", "");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
