// What shells need to complete a command line, made from the tables that the parser reads: `mini-http completions SHELL`.

import type { FlagRow } from "./flag-row.ts";
import { ALL_FLAGS } from "./flags.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** First words that are no folder. */
export const COMMAND_WORDS = ["completions", "hash-password", "healthcheck", "man", "run"] as const;

/** What may stand behind a flag: nothing, a folder, a file, one of some words, or something that nobody can guess. */
type ValueKind = "none" | "folder" | "file" | "free" | readonly string[];

/** By what the help calls the value. */
const KINDS: Readonly<Record<string, ValueKind>> = { DIR: "folder", FILE: "file" };

function kindOf({ placeholder, words }: FlagRow<unknown>): ValueKind {
  if (placeholder === null) return "none";
  return words.length > 0 ? words : (KINDS[placeholder] ?? "free");
}

function namesOf(flag: string, { aliases, short }: FlagRow<unknown>): readonly string[] {
  return [...[flag, ...aliases].map((name) => `--${name}`), ...(short === null ? [] : [`-${short}`])];
}

/** The script, to be sourced or put where the shell looks for it. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashScript();
    case "zsh":
      return zshScript();
    case "fish":
      return fishScript();
  }
}

// ── bash ──

function bashScript(): string {
  const cases = [...ALL_FLAGS]
    .filter(([, row]) => kindOf(row) !== "none")
    .map(([flag, row]) => `    ${namesOf(flag, row).join("|")}) ${bashAction(kindOf(row))}; return ;;\n`);
  const flags = [...ALL_FLAGS].flatMap(([flag, row]) => namesOf(flag, row)).join(" ");
  return `# Completion of mini-http for bash: . <(mini-http completions bash)
_mini_http() {
  local IFS=$'\\n' word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  [ "$word" = = ] && word=
  [ "$before" = = ] && before=\${COMP_WORDS[COMP_CWORD-2]}
  [ "\${COMP_WORDS[COMP_CWORD]}" = = ] && before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  local dashes
  for ((dashes = 2; dashes < COMP_CWORD; dashes++)); do
    [ "\${COMP_WORDS[1]} \${COMP_WORDS[dashes]}" = 'run --' ] && { _mini_http_command $((dashes + 1)); return; }
  done
  case $before in
${cases.join("")}    completions) ${bashAction(SHELLS)}; return ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W '${flags.replaceAll(" ", "\n")}' -- "$word")) ;;
    *)
      ${bashAction("folder")}
      [ "$COMP_CWORD" = 1 ] && COMPREPLY+=($(compgen -W '${COMMAND_WORDS.join("\n")}' -- "$word"))
      ;;
  esac
}
_mini_http_command() {
  if declare -F _command_offset >/dev/null; then _command_offset "$1"
  elif [ "$COMP_CWORD" = "$1" ]; then COMPREPLY=($(compgen -c -- "$word"))
  else ${bashAction("file")}
  fi
}
complete -F _mini_http mini-http
`;
}

function bashAction(kind: ValueKind): string {
  if (kind === "free" || kind === "none") return ":";
  if (kind === "folder") return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$word"))`;
  if (kind === "file") return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$word"))`;
  return `COMPREPLY=($(compgen -W '${kind.join("\n")}' -- "$word"))`;
}

// ── zsh ──

function zshScript(): string {
  const specs = [...ALL_FLAGS].flatMap(([flag, row]) => namesOf(flag, row).map((name) => zshSpec(name, row)));
  return `#compdef mini-http
# Completion of mini-http for zsh: mini-http completions zsh > "\${fpath[1]}/_mini-http"
_mini_http() {
  if [[ \${words[2]} == completions ]] && (( CURRENT == 3 )); then
    compadd ${SHELLS.join(" ")}
    return
  fi
  local dashes=\${words[(i)--]}
  if [[ \${words[2]} == run ]] && (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  (( CURRENT == 2 )) && compadd -- ${COMMAND_WORDS.join(" ")}
  _arguments -s -S \\
${specs.map((spec) => `    ${spec} \\\n`).join("")}    '1:folder:_files -/'
}
if [ "$funcstack[1]" = _mini-http ]; then
  _mini_http "$@"
else
  compdef _mini_http mini-http
fi
`;
}

function zshSpec(name: string, row: FlagRow<unknown>): string {
  const kind = kindOf(row);
  const repeats = row.isList ? "*" : "";
  const help = row.help.replace(/[[\]:\\]/g, "\\$&");
  if (kind === "none") return zshQuoted(`${repeats}${name}[${help}]`);
  const action =
    kind === "folder" ? "_files -/" : kind === "file" ? "_files" : kind === "free" ? "" : `(${kind.join(" ")})`;
  const value = (row.placeholder ?? "").replace(/[[\]:\\]/g, "\\$&");
  return zshQuoted(`${repeats}${name}${name.startsWith("--") ? "=" : "+"}[${help}]:${value}:${action}`);
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

// ── fish ──

function fishScript(): string {
  const lines = [...ALL_FLAGS].map(([flag, row]) => {
    const names = [flag, ...row.aliases].map((name) => `-l ${name}`).join(" ");
    const short = row.short === null ? "" : ` -s ${row.short}`;
    return `complete -c mini-http ${names}${short}${fishValue(kindOf(row))} -d ${fishQuoted(row.help)}\n`;
  });
  return `# Completion of mini-http for fish: mini-http completions fish | source
function __mini_http_dashes
  set -l words (commandline -opc)
  test "$words[2]" = run; and contains -i -- -- $words
end
function __mini_http_command
  set -l words (commandline -opc)
  set -l first (math (__mini_http_dashes) + 1)
  set -l command (string escape -- $words[$first..-1]) (commandline -ct)
  complete -C "$command"
end
complete -c mini-http -n __mini_http_dashes -f -k -a '(__mini_http_command)'
complete -c mini-http -n 'not __mini_http_dashes >/dev/null' -f -a '(__fish_complete_directories)'
complete -c mini-http -n __fish_is_first_arg -a '${COMMAND_WORDS.join(" ")}'
complete -c mini-http -n '__fish_seen_subcommand_from completions' -f -a '${SHELLS.join(" ")}'
${lines.join("")}`;
}

function fishValue(kind: ValueKind): string {
  if (kind === "none") return "";
  if (kind === "folder") return " -x -a '(__fish_complete_directories)'";
  if (kind === "file") return " -r -F";
  return kind === "free" ? " -x" : ` -x -a '${kind.join(" ")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
