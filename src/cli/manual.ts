// The page of the manual, made from the tables that the parser reads: `mini-http man | man -l -`.

import type { FlagGroup, FlagRow } from "./flag-row.ts";
import { ALL_FLAGS } from "./flags.ts";
import { versionLine } from "./version.ts";

const HEAD = `.SH NAME
mini\\-http \\- share a folder over HTTP, take uploads, and test HTTP clients
.SH SYNOPSIS
.B mini\\-http
.RI [ DIRECTORY ]
.RI [ flags ]
.br
.B mini\\-http run
.RI [ flags ]
.B \\-\\-
.I COMMAND...
.br
.B mini\\-http healthcheck
.RI [ flags ]
.br
.B mini\\-http hash\\-password
.RI [ NAME ]
.br
.B mini\\-http completions
.IR bash | zsh | fish
.br
.B mini\\-http man
.SH DESCRIPTION
Serves
.I DIRECTORY
under /files/ on http://localhost:4221, with uploads that arrive whole or not at all. Without one it answers at /,
/echo/TEXT, /echo, /user\\-agent and /\\-/health alone. It listens to this machine until
.B \\-\\-host
says otherwise.
.PP
.B run
serves on a free port while the command runs, which finds the address in MINI_HTTP_URL, and ends as the command ends.
.B healthcheck
asks a running server how it is: 0 it is well, 1 it is not.
.B hash\\-password
reads a password from standard input and prints a line for
.BR \\-\\-auth\\-file .
.B completions
prints what a shell needs to complete these flags.
.SH OPTIONS
`;
const FOOT = `.SH ENVIRONMENT
Each flag has a variable, such as
.B MINI_HTTP_PORT
for
.BR \\-\\-port ;
the command line wins over it, and it over the file of
.BR \\-\\-config .
.B NO_COLOR
keeps colours away.
.SH FILES
The file of
.B \\-\\-config
is TOML without tables: the long name of each flag is a key. Switches are true or false, what may be repeated is a list,
and counts, sizes and times are numbers or texts:
.PP
.EX
directory = "public"
port = 8080
quiet = true
max\\-body\\-size = "8M"
cors = ["https://app.example.org"]
.EE
.PP
A path that is not absolute begins at the folder of the file. Whoever may change the file decides what the server does.
.B \\-\\-print\\-config
prints one with all that is set.
.SH EXIT STATUS
.TP
.B 0
stopped by a signal
.TP
.B 1
it cannot serve, for example because the port is taken
.TP
.B 2
a mistake on the command line
.TP
.B 126, 127
the command of
.B run
is no program, or there is none; else its own exit code, or 128 and the number of the signal that ended it
.TP
.B 129
the terminal hung up
.SH EXAMPLES
.TP
.B mini\\-http .
this folder, for this machine
.TP
.B mini\\-http shared \\-\\-host 0.0.0.0 \\-\\-read\\-only
for everyone in the network, to read
.TP
.B curl \\-T notes.txt http://localhost:4221/files/
stores a file
`;

/** The page, in roff. */
export function manualPage(): string {
  const groups = [...new Set([...ALL_FLAGS.values()].map(({ group }) => group))];
  const title = `.TH MINI\\-HTTP 1 "" "${roff(versionLine())}" "User Commands"\n`;
  return title + HEAD + groups.map(groupSection).join("") + FOOT;
}

function groupSection(group: FlagGroup): string {
  const rows = [...ALL_FLAGS].filter(([, row]) => row.group === group);
  return `.SS ${roff(group)}\n${rows.map(([flag, row]) => flagEntry(flag, row)).join("")}`;
}

function flagEntry(flag: string, row: FlagRow<unknown>): string {
  const short = row.short === null ? [] : [`-${row.short}`];
  const names = [...short, ...[flag, ...row.aliases].map((name) => `--${name}`)];
  const value = row.placeholder === null ? "" : ` \\fI${roff(row.placeholder)}\\fR`;
  const preset = row.shownPreset === "" ? "" : ` (${row.shownPreset})`;
  return `.TP\n${names.map((name) => `\\fB${roff(name)}\\fR`).join(", ")}${value}\n${roff(row.help + preset)}\n`;
}

/** What would be a typographic sign in the page, and of no use to whoever copies it into a shell (groff_char(7)). */
const AS_TYPED: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "~": "\\(ti",
  "^": "\\(ha",
};

/** Text that no character of is a command, or looks like another. */
export function roff(text: string): string {
  return text.replace(/[\\\-'`~^]/g, (char) => AS_TYPED[char] ?? char).replace(/^(?=\.)/gm, "\\&");
}
