// The keys and values of a TOML text (v1.0), each with the line where it stands. Bun's parser tells no lines, so it is
// given one statement after the other: what is wrong is then wrong in that one.

/** A key with its value, as Bun has it: a dotted key or an inline table is an object, a date one of its own. */
export interface TomlEntry {
  readonly key: string;
  readonly value: unknown;
  /** From 1: where the key stands. */
  readonly line: number;
}

/** What is no TOML, or has no place here. The reason begins with a capital and ends without a full stop. */
export class TomlFault {
  readonly line: number;
  /** Of the value that is wrong; null when it is something else. */
  readonly key: string | null;
  readonly reason: string;

  constructor(line: number, key: string | null, reason: string) {
    this.line = line;
    this.key = key;
    this.reason = reason;
  }
}

/** What TOML takes for nothing: other spaces than these are mistakes. */
const BLANK = /^[ \t\r\n]*$/;
const BARE_KEY = /^[ \t]*([\w-]+)[ \t]*=/;

/** The entries in their order, the same key as often as it stands there; a fault is the first one. No tables. */
export function readToml(text: string): readonly TomlEntry[] | TomlFault {
  const entries: TomlEntry[] = [];
  let line = 1;
  for (let start = 0; start < text.length;) {
    const end = endOfStatement(text, start);
    const statement = text.slice(start, end + 1);
    const entry = BLANK.test(statement) ? [] : readStatement(statement, line);
    if (entry instanceof TomlFault) return entry;
    entries.push(...entry);
    line += linesOf(statement).length;
    start = end + 1;
  }
  return entries;
}

/** None for a comment. */
function readStatement(statement: string, line: number): readonly TomlEntry[] | TomlFault {
  if (statement.trimStart().startsWith("["))
    return new TomlFault(line, null, "There are no tables here: each key stands alone, as the flag is called");
  const parsed = parse(statement);
  if (typeof parsed !== "string") return Object.entries(parsed).map(([key, value]) => ({ key, value, line }));
  const key = BARE_KEY.exec(statement)?.[1] ?? null;
  return new TomlFault(line + faultyLine(statement, parsed) - 1, key, parsed);
}

/** Which line of a statement is the first that is wrong for this reason: the text up to there is wrong for the same. */
function faultyLine(statement: string, reason: string): number {
  const lines = linesOf(statement);
  let [least, most] = [1, lines.length];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (parse(lines.slice(0, middle).join("")) === reason) most = middle;
    else least = middle + 1;
  }
  return least;
}

/** Why it is none. Bun repeats words that stand where a text should: they may be a secret that lacks its quotes. */
function parse(text: string): object | string {
  try {
    // Only the very first of a file may be a byte order mark, which is behind us.
    return Bun.TOML.parse("\n" + text);
  } catch (error) {
    return (error as Error).message.replace(/^TOML Parse error: /, "").replace(/: "[^]*$|\.$/, "");
  }
}

/** The line end behind a statement, or the end of the text. Behind a mistake it need not be right. */
function endOfStatement(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    switch (text[at]) {
      case "\n":
        if (depth === 0) return at;
        at++;
        break;
      case "#":
        at = endOfLine(text, at);
        break;
      case '"':
      case "'":
        at = endOfText(text, at);
        break;
      case "[":
      case "{":
        depth++;
        at++;
        break;
      case "]":
      case "}":
        depth = Math.max(0, depth - 1);
        at++;
        break;
      default:
        at++;
    }
  }
  return at;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Behind the quotes that end the text which begins here. */
function endOfText(text: string, at: number): number {
  const quote = text[at] ?? "";
  const isLong = text.startsWith(quote.repeat(3), at);
  const close = isLong ? quote.repeat(3) : quote;
  let next = at + close.length;
  while (next < text.length && !text.startsWith(close, next)) {
    if (!isLong && text[next] === "\n") return next;
    next += quote === '"' && text[next] === "\\" ? 2 : 1;
  }
  next += close.length;
  // Two quotes may stand before the three that end it.
  for (let more = 0; isLong && more < 2 && text[next] === quote; more++) next++;
  return next;
}

/** With their ends: a carriage return is one only before a line feed. */
function linesOf(statement: string): readonly string[] {
  return statement.split(/(?<=\n)/);
}
