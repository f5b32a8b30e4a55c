// The single gate against traversal: what has passed is a list of plain names below the served directory.

/** Why a name is refused: "bad" could escape or confuse (400), "missing" can name nothing that is served (404). */
export type NameFault = "bad" | "missing";

/** Names of ours: an upload under way. Never served, never accepted. */
export const TEMPORARY_PREFIX = ".mini-http-";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name below the served directory: at least one segment, none of them empty, a dot segment or hidden. */
export class ObjectName {
  readonly segments: readonly string[];

  private constructor(segments: readonly string[]) {
    this.segments = segments;
  }

  /** The last segment: what a person calls the file. */
  get base(): string {
    return this.segments.at(-1)!;
  }

  /** The path below the directory, with "/". */
  get path(): string {
    return this.segments.join("/");
  }

  /** The path of the folder that holds it; empty for the directory itself. */
  get folder(): string {
    return this.segments.slice(0, -1).join("/");
  }

  /**
   * Reads the path that follows `/files/`, as sent; its percent-encoding is valid and is decoded once. Refuses dot
   * segments, control bytes, backslashes, encoded slashes and invalid UTF-8 as "bad"; empty segments and names that
   * begin with a dot as "missing".
   */
  static parse(rawPath: string): ObjectName | NameFault {
    let fault: NameFault | null = null;
    const segments: string[] = [];
    for (const raw of rawPath.split("/")) {
      const segment = parseSegment(raw);
      if (segment === "bad") return "bad";
      if (segment === "missing") fault = "missing";
      else segments.push(segment.text);
    }
    return fault ?? new ObjectName(segments);
  }
}

function parseSegment(raw: string): { readonly text: string } | NameFault {
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== "%") bytes.push(raw.charCodeAt(i));
    else {
      bytes.push(parseInt(raw.slice(i + 1, i + 3), 16));
      i += 2;
    }
  }
  if (bytes.some(isForbidden)) return "bad";
  let text: string;
  try {
    text = utf8.decode(Uint8Array.from(bytes));
  } catch {
    return "bad";
  }
  if (text === "." || text === "..") return "bad";
  return text === "" || text.startsWith(".") ? "missing" : { text };
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const FIRST_VISIBLE = 0x20;

function isForbidden(byte: number): boolean {
  return byte < FIRST_VISIBLE || byte === DELETE || byte === SLASH || byte === BACKSLASH;
}
