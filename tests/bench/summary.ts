// The few figures that the README shows, in its table and its chart. They are read from RESULTS.md, so that no page can
// tell another story than the measurement that it links to.

import { markdownTable, readTableRows } from "../support/markdown-table.ts";
import { CASES } from "./cases.ts";
import { PEERS, type PeerId } from "./peers.ts";

/** The cases that are shown: one for each thing that people do, whoever wins it. */
export const SHOWN_CASES = ["echo", "echo-connect", "file-10K", "file-100M", "gzip-cold", "upload-64M"] as const;

/** The servers that are shown, ours first. */
export const SHOWN_PEERS = ["mini-http", "nginx", "caddy", "bun-serve"] as const satisfies readonly PeerId[];

/** What one case gave. */
export interface Figure {
  readonly title: string;
  /** In the order of SHOWN_PEERS; null where a server did not take part. */
  readonly servers: readonly (ServerFigure | null)[];
}

/** One server in one case. */
export interface ServerFigure {
  readonly title: string;
  /** Requests a second, as the report writes it. */
  readonly rate: string;
  /** Its requests for each of ours: the median over the rounds. */
  readonly share: number;
}

/** The figures of a report; throws when a case that is shown is not in it. */
export function readFigures(results: string): readonly Figure[] {
  const rows = readTableRows(results);
  const head = rows.find((cells) => cells[2] === "requests/s");
  const ratioColumn = head?.indexOf("mini-http over it") ?? -1;
  if (ratioColumn === -1) throw new Error("the report has no table of all servers");
  return SHOWN_CASES.map((name) => {
    const title = CASES[name]!.title;
    const servers = SHOWN_PEERS.map((id) => {
      const cells = rows.find((row) => row[0] === title && row[1] === PEERS[id].title && row.length > ratioColumn);
      if (cells === undefined) return null;
      return { title: PEERS[id].title, rate: cells[2] ?? "", share: 1 / Number(cells[ratioColumn]) };
    });
    if (servers[0] === null) throw new Error(`the report has no case ${title}`);
    return { title, servers };
  });
}

/** The table of the README. */
export function summaryTable(figures: readonly Figure[]): string {
  const headings = ["requests a second", ...SHOWN_PEERS.map((id) => PEERS[id].title)];
  return markdownTable(
    headings,
    figures.map(({ title, servers }) => [title, ...servers.map((server) => server?.rate ?? "–")]),
  );
}
