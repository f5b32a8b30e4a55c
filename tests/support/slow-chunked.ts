// A second reader of chunked bodies: slow, obvious, written from RFC 9112 7.1. It knows no limit but the body's.

/** The content and the bytes consumed, a refusal's status, or "incomplete". */
export type SlowChunked = { readonly content: string; readonly consumed: number } | number | "incomplete";

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const EXTENSIONS = `(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*`;
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]+)${EXTENSIONS}\\r\\n`);
const TRAILER_LINE = new RegExp(`^${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n`);

/** Reads one body, one char per byte. */
export function readChunkedSlowly(raw: string, maxBody: number): SlowChunked {
  let content = "";
  let rest = raw;
  for (;;) {
    // The size is judged digit by digit, before what follows it.
    const digits = /^[0-9A-Fa-f]*/.exec(rest)![0];
    if (digits !== "" && content.length + parseInt(digits, 16) > maxBody) return 413;
    const line = SIZE_LINE.exec(rest);
    if (line === null)
      return canBecome(rest, SIZE_LINE, ["0\r\n", "a\r\n", '"\r\n', 'a"\r\n', "\n", "\r\n", ";a\r\n", "=a\r\n"])
        ? "incomplete"
        : 400;
    rest = rest.slice(line[0].length);
    const size = parseInt(digits, 16);
    if (size === 0) return readTrailers(raw, rest, content);
    if (rest.length < size) return "incomplete";
    content += rest.slice(0, size);
    rest = rest.slice(size);
    if ("\r\n".startsWith(rest)) {
      if (rest.length < 2) return "incomplete";
    } else if (!rest.startsWith("\r\n")) return 400;
    rest = rest.slice(2);
  }
}

function readTrailers(raw: string, text: string, content: string): SlowChunked {
  let rest = text;
  for (;;) {
    if (rest.startsWith("\r\n")) return { content, consumed: raw.length - rest.length + 2 };
    if (rest === "" || rest === "\r") return "incomplete";
    const line = TRAILER_LINE.exec(rest);
    if (line === null) return canBecome(rest, TRAILER_LINE, [":\r\n", "\n", "\r\n"]) ? "incomplete" : 400;
    rest = rest.slice(line[0].length);
  }
}

/** True when one of the endings would make it a line: nothing in it is wrong yet. */
function canBecome(rest: string, line: RegExp, endings: readonly string[]): boolean {
  return endings.some((ending) => line.exec(rest + ending)?.[0].length === rest.length + ending.length);
}
