// A second parser of request heads: slow, obvious, written from the RFCs and independent of the fast one. It reads
// whole heads only and knows no limits but the number of fields.

import { isIPv6 } from "node:net";

/** What a head says, in the words of the fast parser. */
export interface SlowFacts {
  readonly consumed: number;
  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  readonly bodyLength: number;
}

/** A refusal's status, the facts, or "incomplete". */
export type SlowOutcome = number | SlowFacts | "incomplete";

const MAX_FIELDS = 100;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
const PATH = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]\\^`{|}]|%[0-9A-Fa-f]{2})*$/;

/** Reads one head, one char per byte. */
export function readHeadSlowly(raw: string, maxBody: number): SlowOutcome {
  let rest = raw;
  // The beginnings of a TLS handshake and of the PROXY protocol (version 2) are refused when they can be told.
  if (raw === "\x16" || (raw.length < 5 && raw.length > 2 && "\r\n\r\n".startsWith(raw))) return "incomplete";
  if (rest.startsWith("\r")) {
    if (rest === "\r") return "incomplete";
    if (rest[1] !== "\n") return 400;
    rest = rest.slice(2);
  }
  const method = TOKEN.exec(rest)?.[0] ?? "";
  rest = rest.slice(method.length);
  if (rest === "") return "incomplete";
  if (method === "" || !rest.startsWith(" ")) return 400;
  const target = /^[^\x00-\x20]*/.exec(rest.slice(1))![0];
  rest = rest.slice(1 + target.length);
  if (rest === "") return "incomplete";
  if (target === "" || !rest.startsWith(" ")) return 400;
  const targetFault = judgeTarget(target, method);
  const version = rest.slice(1, 9);
  if (targetFault !== 0) {
    if (/^HTTP\/[02-9]\.\d$/.test(version)) return 505;
    const isCut = version.length < 8 && "HTTP/1.1".startsWith(version.replace(/\d/g, "1"));
    return isCut ? "incomplete" : targetFault;
  }
  if (!/^HTTP\/\d\.\d$/.test(version))
    return version.length < 8 && "HTTP/1.1".startsWith(version.replace(/\d/g, "1")) ? "incomplete" : 400;
  if (version[5] !== "1") return 505;
  rest = rest.slice(9);
  if (rest === "" || rest === "\r") return "incomplete";
  if (!rest.startsWith("\r\n")) return 400;
  rest = rest.slice(2);
  return readFields(raw, rest, { method, target, minorVersion: version[7] === "0" ? 0 : 1 }, maxBody);
}

function readFields(
  raw: string,
  text: string,
  start: Pick<SlowFacts, "method" | "target" | "minorVersion">,
  maxBody: number,
): SlowOutcome {
  const fields = new Map<string, string[]>();
  let rest = text;
  for (let count = 0; !rest.startsWith("\r\n"); count++) {
    if (rest === "" || rest === "\r") return "incomplete";
    if (rest.startsWith("\r")) return 400;
    if (count === MAX_FIELDS) return 431;
    const line = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)\r\n/.exec(rest);
    if (line === null) return /[\x00-\x08\x0a-\x1f\x7f]/.test(rest.replace(/\r$/, "")) ? 400 : "incomplete";
    const name = line[1]!.toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), line[2]!.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "")]);
    const fault = judgeField(name, fields.get(name)!);
    if (fault !== 0) return fault;
    rest = rest.slice(line[0].length);
  }
  return judgeHead(fields, { ...start, consumed: raw.length - rest.length + 2 }, maxBody);
}

function judgeField(name: string, values: readonly string[]): number {
  const isLoneField = name === "host" || name === "content-length";
  if (isLoneField && values.length > 1) return 400;
  if (name === "host" && !isAuthority(values[0]!)) return 400;
  return name === "content-length" && !/^[0-9]+$/.test(values[0]!) ? 400 : 0;
}

function judgeHead(
  fields: ReadonlyMap<string, readonly string[]>,
  start: Pick<SlowFacts, "method" | "target" | "minorVersion" | "consumed">,
  maxBody: number,
): SlowOutcome {
  const { minorVersion } = start;
  if (minorVersion === 1 && !fields.has("host")) return 400;
  let bodyLength = Number(fields.get("content-length")?.[0] ?? 0);
  const codings = fields.get("transfer-encoding");
  if (codings !== undefined) {
    if (fields.has("content-length") || minorVersion === 0) return 400;
    const list = codings
      .join(",")
      .toLowerCase()
      .split(",")
      .map((coding) => coding.replace(/^[ \t]+|[ \t]+$/g, ""));
    if (list.at(-1) !== "chunked" || list.filter((coding) => coding === "chunked").length > 1) return 400;
    if (list.some((coding) => TOKEN.exec(coding)?.[0] !== coding)) return 400;
    if (list.length > 1) return 501;
    bodyLength = -1;
  }
  const expectations = members(fields.get("expect"));
  if (minorVersion === 1 && expectations.some((each) => each !== "100-continue")) return 417;
  if (bodyLength > maxBody) return 413;
  const options = members(fields.get("connection"));
  const keepAlive = !options.includes("close") && (minorVersion === 1 || options.includes("keep-alive"));
  const expectsContinue = minorVersion === 1 && expectations.length > 0 && bodyLength !== 0;
  return { ...start, keepAlive, expectsContinue, bodyLength };
}

function members(values: readonly string[] = []): string[] {
  const list = values.join(",").toLowerCase().split(",");
  return list.map((each) => each.replace(/^[ \t]+|[ \t]+$/g, "")).filter((each) => each !== "");
}

/** 0 when it is fine, otherwise the status. */
function judgeTarget(target: string, method: string): number {
  if (method === "CONNECT") return /:\d+$/.test(target) && isAuthority(target) ? 0 : 400;
  if (target === "*") return method === "OPTIONS" ? 0 : 400;
  if (target.startsWith("/")) return isPathAndQuery(target) ? 0 : 400;
  if (/^https:\/\//i.test(target)) return 421;
  const absolute = /^http:\/\/([^/?]*)(.*)$/i.exec(target);
  return absolute !== null && isAuthority(absolute[1]!) && isPathAndQuery(absolute[2]!) ? 0 : 400;
}

function isPathAndQuery(text: string): boolean {
  const mark = text.indexOf("?");
  if (mark < 0) return PATH.test(text);
  return PATH.test(text.slice(0, mark)) && QUERY.test(text.slice(mark + 1));
}

function isAuthority(text: string): boolean {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return false;
  const host = match[1]!;
  if (!host.startsWith("[")) return /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/.test(host);
  const literal = host.slice(1, -1);
  if (/^v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/i.test(literal)) return true;
  return !literal.includes("%") && isIPv6(literal);
}
