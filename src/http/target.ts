// Takes a request target apart (RFC 9112 3.2, RFC 3986). The head parser has judged its syntax already.

/** The parts of a target that routing needs. */
export interface TargetParts {
  /** The path as sent. "*" in the asterisk form. */
  readonly rawPath: string;
  /** The path, decoded once: one char per byte. */
  readonly decodedPath: string;
  /** As sent, without the question mark. */
  readonly query: string;
}

/** Splits a valid target in origin, absolute or asterisk form. An empty path is "/" (RFC 9110 4.2.3). */
export function splitTarget(target: string): TargetParts {
  let pathAndQuery = target;
  if (!target.startsWith("/") && target !== "*") {
    const authority = target.indexOf("://") + 3;
    const pathStart = target.slice(authority).search(/[/?]/);
    pathAndQuery = pathStart < 0 ? "" : target.slice(authority + pathStart);
  }
  const mark = pathAndQuery.indexOf("?");
  const rawPath = (mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark)) || "/";
  const query = mark < 0 ? "" : pathAndQuery.slice(mark + 1);
  return { rawPath, decodedPath: decodePercent(rawPath), query };
}

/** Percent-decodes valid text to one char per byte (RFC 3986 2.1). Decoded once; never apply it to its own output. */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
