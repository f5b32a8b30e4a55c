// The help text, made from the tables of flags and limits, so that it cannot tell anything else than the parser does.

import type { FlagFace, FlagGroup } from "./flag-row.ts";
import { ALL_FLAGS } from "./flags.ts";

/** No line is longer, unless a terminal is narrower than it can be: it still fits beside something else on a screen. */
export const HELP_COLUMNS = 100;
const MARGIN = "  ";
const GAP = "  ";
const NARROW_INDENT = " ".repeat(10);

const GROUPS: Readonly<Record<FlagGroup, string>> = {
  Serving: "",
  "Life cycle": "",
  HTTPS: "",
  "Reading files": "",
  "Writing files": "",
  "Who may ask": "",
  Log: "",
  Limits: " (exactly the limit is still allowed)",
  Other: "",
};

const HEAD = `mini-http: shares a folder over HTTP, takes uploads, and tests HTTP clients

Usage: mini-http [DIRECTORY] [flags]
       mini-http run [flags] -- COMMAND...   serve while it runs; MINI_HTTP_URL says where
       mini-http healthcheck [--host HOST] [--port PORT]   ask a running server: 0 it is well, 1 not
       mini-http hash-password [NAME]   hash the password on standard input, for --auth-file
       mini-http completions bash|zsh|fish, mini-http man   for your shell, and for man -l -

Without a DIRECTORY it answers at / /echo/TEXT /echo /user-agent and /-/health; with one also
at /files/.
`;

const FOOT = `
SIZE takes K, M, G and T (powers of 1024), TIME takes ms, s, m and h; a TIME alone counts seconds.
Of a flag given twice the last counts; repeatable ones collect, and take lists with commas.
"--flag=value" is "--flag value"; a switch takes "--flag=no" too. Each flag has a variable, such as
MINI_HTTP_MAX_BODY_SIZE=8M for --max-body-size or MINI_HTTP_QUIET=yes for --quiet, and a key in the
file of --config: max-body-size = "8M", quiet = true, cors = ["..."]. The flag wins over the
variable, and that over the file, whose paths begin at its own folder.

Examples
  mini-http                                         on http://localhost:4221
  mini-http ~/public --read-only --host 0.0.0.0     share a folder with the network
  mini-http -d /tmp/files --port 8080 --quiet

  curl http://localhost:4221/echo/hello
  curl http://localhost:4221/files/notes.txt
  curl --data-binary @notes.txt http://localhost:4221/files/notes.txt
  curl --upload-file big.iso http://localhost:4221/echo --output back.iso

Exit codes: 0 stopped by a signal, 129 by a hang-up (unless nohup prevents it), 1 cannot serve (port
in use, for example), 2 mistake in a flag. That of the command behind "run --": 126 when it is no
program, 127 when there is none, 128 and the number of the signal that ended it.
`;

/** Narrower than this, a flag stands on a line of its own. */
const LEAST_HELP_COLUMNS = 28;
/** Nobody reads what is narrower. */
const LEAST_COLUMNS = 40;

/** The whole text, ending in a line end, for a terminal of so many columns. */
export function helpText(terminal = HELP_COLUMNS): string {
  const columns = Math.max(LEAST_COLUMNS, Math.min(HELP_COLUMNS, terminal));
  const names = new Map([...ALL_FLAGS].map(([name, row]) => [name, formatNames(name, row)]));
  const width = Math.max(...[...names.values()].map((name) => name.length));
  const sections = Object.entries(GROUPS).map(([group, remark]) => {
    const rows = [...ALL_FLAGS].filter(([, row]) => row.group === group);
    const lines = rows.flatMap(([name, row]) => formatRow(names.get(name) ?? name, row, width, columns));
    return `\n${fold(group + remark, columns)}\n${lines.join("\n")}\n`;
  });
  return fold(HEAD, columns) + sections.join("") + fold(FOOT, columns);
}

/** `-p, --port PORT`; the long names of all flags stand below each other. */
function formatNames(name: string, row: FlagFace): string {
  const short = row.short === null ? "    " : `-${row.short}, `;
  const long = [name, ...row.aliases].map((each) => `--${each}`).join(", ");
  return `${short}${long}${row.placeholder === null ? "" : ` ${row.placeholder}`}`;
}

function formatRow(names: string, row: FlagFace, width: number, columns: number): string[] {
  const preset = row.shownPreset === "" ? "" : ` [${row.shownPreset}]`;
  const indent = MARGIN.length + width + GAP.length;
  if (columns - indent < LEAST_HELP_COLUMNS) {
    const below = wrap(row.help + preset, columns - NARROW_INDENT.length);
    return [MARGIN + names, ...below.map((line) => NARROW_INDENT + line)];
  }
  const [first = "", ...rest] = wrap(row.help + preset, columns - indent);
  return [MARGIN + names.padEnd(width) + GAP + first, ...rest.map((line) => " ".repeat(indent) + line)];
}

/** Lines that are too long go on below themselves. */
function fold(text: string, columns: number): string {
  const folded = text.split("\n").flatMap((line) => {
    if (line.length <= columns) return [line];
    const indent = " ".repeat(line.search(/\S/) + 2);
    const [first = "", ...rest] = wrap(line.trimStart(), columns - indent.length);
    return [indent.slice(2) + first, ...rest.map((each) => indent + each)];
  });
  return folded.map((line) => line.trimEnd()).join("\n");
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
