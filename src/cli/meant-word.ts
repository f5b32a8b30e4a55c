// Words that people type where a folder is expected, and what they meant by them: words of other programs, ports and
// addresses. A folder of that name is meant when it is spelled as a path.

import { quoted } from "./usage-error.ts";

/** What to type instead of a word that other programs know. */
const COMMANDS: Readonly<Record<string, string>> = {
  help: "mini-http --help",
  version: "mini-http --version",
  serve: "mini-http DIRECTORY",
  server: "mini-http DIRECTORY",
  start: "mini-http DIRECTORY",
};
const HIGHEST_PORT = 65_535;
const PORT = /^:?(\d{1,5})$/;
const PLACE = /^(?:(https?):\/\/)?([a-z0-9.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?\/?$/i;

/** One sentence that says the command meant; null for what may well be a folder. */
export function meantBy(word: string): string | null {
  const command = COMMANDS[word] ?? placeCommand(word);
  if (command === null) return null;
  const path = word.includes("/") ? "" : `; a folder of that name is "./${quoted(word)}"`;
  return `"${quoted(word)}" is no folder here: ${command}${path}.`;
}

/** How to listen at what the word names: a port, a host with one, or an address as browsers take it. */
function placeCommand(word: string): string | null {
  const port = PORT.exec(word)?.[1];
  if (port !== undefined) return isPort(port) ? `mini-http --port ${port}` : null;
  const [, scheme, host, hostPort] = PLACE.exec(word) ?? [];
  if (host === undefined || (scheme === undefined && hostPort === undefined)) return null;
  if (hostPort !== undefined && !isPort(hostPort)) return null;
  const tls = scheme?.toLowerCase() === "https" ? " --tls self-signed" : "";
  return `mini-http --host ${host}${hostPort === undefined ? "" : ` --port ${hostPort}`}${tls}`;
}

function isPort(text: string): boolean {
  return Number(text) <= HIGHEST_PORT;
}
