// The single gate against traversal: what has passed is a list of plain names below the served directory.

/** Why a name is refused: "bad" could escape or confuse (400), "missing" can name nothing that is served (404). */
export type NameFault = "bad" | "missing";

/** Names of ours: an upload under way. Never served, listed or accepted. */
export const TEMPORARY_PREFIX = ".mini-http-";

/** Which names count beside the plain ones. */
export interface NameRules {
  /** Names that begin with a dot are names like any other. */
  readonly hidden: boolean;
  /** The file system reads colons, device names and final dots in its own way, so such names are "bad". */
  readonly windows: boolean;
}

/** No hidden names, on the system that this process runs on. */
export const PLAIN_NAMES: NameRules = { hidden: false, windows: process.platform === "win32" };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name below the served directory, none of its segments empty, a dot segment or, unless allowed, hidden. */
export class ObjectName {
  /** The served directory itself. */
  static readonly ROOT = new ObjectName([]);

  readonly segments: readonly string[];
  /** The path below the directory, with "/"; empty for the directory itself. */
  readonly path: string;

  private constructor(segments: readonly string[]) {
    this.segments = segments;
    this.path = segments.join("/");
  }

  /** The last segment: what a person calls the file. Empty for the directory itself. */
  get base(): string {
    return this.segments.at(-1) ?? "";
  }

  /** The folder that holds it. */
  get parent(): ObjectName {
    return new ObjectName(this.segments.slice(0, -1));
  }

  /** The same folder's entry of another name, which has passed the gate as a segment or is made of one that has. */
  sibling(base: string): ObjectName {
    return new ObjectName([...this.segments.slice(0, -1), base]);
  }

  /** The same last segment in another folder, whose segments have passed the gate or are made of some that have. */
  within(folder: readonly string[]): ObjectName {
    return new ObjectName([...folder, this.base]);
  }

  /** A name in this folder by its segments, decoded already, such as a form's file name split at its slashes. */
  join(segments: readonly string[], rules: NameRules): ObjectName | NameFault {
    let fault: NameFault | null = null;
    for (const segment of segments) {
      const judged = judgeSegment(segment, rules);
      if (judged === "bad") return "bad";
      fault ??= judged;
    }
    return fault ?? new ObjectName([...this.segments, ...segments]);
  }

  /**
   * Reads the path that follows `/files/`, as sent; its percent-encoding is valid and is decoded once. Refuses dot
   * segments, control bytes, backslashes, encoded slashes and invalid UTF-8 as "bad"; empty segments and hidden names
   * as "missing".
   */
  static parse(rawPath: string, rules: NameRules): ObjectName | NameFault {
    const segments: string[] = [];
    for (const raw of rawPath.split("/")) {
      const segment = decodeSegment(raw);
      if (segment === null) return "bad";
      segments.push(segment);
    }
    return ObjectName.ROOT.join(segments, rules);
  }

  /**
   * The path as a reader means it: a plain `.` segment names the folder that it stands in (RFC 3986 5.2.4), as clients
   * write before a first segment with a colon (4.2). Every other dot segment is left for `parse` to refuse.
   */
  static withoutDots(rawPath: string): string {
    const segments = rawPath.split("/");
    if (segments.at(-1) === ".") segments.push("");
    return segments.filter((segment) => segment !== ".").join("/");
  }

  /** As `parse`, for the path of a folder: it is empty or ends in one slash. */
  static parseFolder(rawPath: string, rules: NameRules): ObjectName | NameFault {
    return rawPath === "" ? ObjectName.ROOT : ObjectName.parse(rawPath.slice(0, -1), rules);
  }
}

/** Null when the segment is no UTF-8 or would be more than one segment. */
function decodeSegment(raw: string): string | null {
  // What is sent plain is visible ASCII (the head parser has seen to that).
  if (!raw.includes("%")) return raw;
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== "%") bytes.push(raw.charCodeAt(i));
    else {
      bytes.push(parseInt(raw.slice(i + 1, i + 3), 16));
      i += 2;
    }
  }
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** Slashes, backslashes, control characters, and halves of characters, which are no UTF-8. */
const FORBIDDEN = /[/\\\x00-\x1f\x7f]|\p{Surrogate}/u;
/** `NUL`, also with an extension; what would be a stream, a drive or a wildcard; ends that are dropped. */
const WINDOWS_FORBIDDEN = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)|[<>:"|?*]|[. ]$/i;

function judgeSegment(segment: string, rules: NameRules): NameFault | null {
  if (segment === "." || segment === ".." || FORBIDDEN.test(segment)) return "bad";
  if (rules.windows && WINDOWS_FORBIDDEN.test(segment)) return "bad";
  if (segment === "" || segment.startsWith(TEMPORARY_PREFIX)) return "missing";
  return segment.startsWith(".") && !rules.hidden ? "missing" : null;
}
