// Who may come in and with which secret, as a person writes it: a line of `--auth`, `--auth-file`, `--token` or
// `--anonymous`. Nothing here repeats a secret: what is said about a line that is wrong may end up in a log.

import { BadRule, readRights, readRulePath, type Rule } from "./rights.ts";

/** One line of `--auth` or of its file. */
export interface AccountLine {
  readonly name: string;
  /** A password or its hash; null when another line has it. */
  readonly secret: string | null;
  readonly rule: Rule;
}

/** One line of `--token`. */
export interface TokenLine {
  /** What the log calls whoever comes with it. */
  readonly name: string;
  readonly token: string;
  readonly rule: Rule;
}

const EVERYWHERE: Rule = { path: [], rights: ["read", "create", "write"] };
const ACCOUNT_FORM = "NAME:PASSWORD or NAME:PASSWORD@/path:rights";
const TOKEN_FORM = "TOKEN or NAME:TOKEN@/path:rights";
/** A token of RFC 6750 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const SHORTEST_TOKEN = 16;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const ARGON2 = /^\$argon2(?:id|i|d)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;
/** What looks like a hash of a kind that we cannot verify: taken for a password it would let its thief in. */
const FOREIGN_HASH = /^(?:\$[A-Za-z0-9-]+\$|\{[A-Z0-9]+\})/;
/** A second on a slow machine; each step up doubles it. */
const MOST_BCRYPT_COST = 14;
const MOST_ARGON2_KIB = 256 * 1024;
const MOST_ARGON2_PASSES = 16;

/** `NAME:SECRET`, with `@/path:rights` behind it for less than everything; `NAME@/path:rights` for one more rule. */
export function readAccount(line: string): AccountLine | BadRule {
  const split = splitRule(line);
  if (split instanceof BadRule) return split;
  const { who, rule } = split;
  const colon = who.indexOf(":");
  const name = colon < 0 ? who : who.slice(0, colon);
  const secret = colon < 0 ? null : who.slice(colon + 1);
  // A user's name ends at the first colon (RFC 7617 2); control characters are none of it.
  if (name === "" || /[\x00-\x1f\x7f]/.test(who)) return new BadRule(ACCOUNT_FORM);
  if (secret === "" || (secret === null && rule === null)) return new BadRule(`${ACCOUNT_FORM}, with a password`);
  const fault = secret === null ? null : judgeSecret(secret);
  return fault ?? { name, secret, rule: rule ?? EVERYWHERE };
}

/** `TOKEN`, with a name before it and `@/path:rights` behind it if need be. */
export function readToken(line: string): TokenLine | BadRule {
  const split = splitRule(line);
  if (split instanceof BadRule) return split;
  const { who, rule } = split;
  const colon = who.indexOf(":");
  const name = colon < 0 ? "token" : who.slice(0, colon);
  const token = who.slice(colon + 1);
  if (name === "" || !TOKEN.test(token)) return new BadRule(TOKEN_FORM);
  if (token.length < SHORTEST_TOKEN) return new BadRule(`a token of at least ${SHORTEST_TOKEN} characters`);
  return { name, token, rule: rule ?? EVERYWHERE };
}

/** `RIGHTS@/path`. */
export function readAnonymous(line: string): Rule | BadRule {
  const at = line.indexOf("@");
  if (at < 0) return new BadRule("RIGHTS@/path such as ro@/");
  const rights = readRights(line.slice(0, at));
  if (rights instanceof BadRule) return rights;
  const path = readRulePath(line.slice(at + 1));
  return path instanceof BadRule ? path : { path, rights };
}

/** True for what `Bun.password` can verify; everything else is a password as it stands. */
export function isHash(secret: string): boolean {
  return BCRYPT.test(secret) || ARGON2.test(secret);
}

/** The last "@/" begins the rule: a password may hold others. */
function splitRule(line: string): { readonly who: string; readonly rule: Rule | null } | BadRule {
  const at = line.lastIndexOf("@/");
  if (at < 0) return { who: line, rule: null };
  const rest = line.slice(at + 1);
  const colon = rest.lastIndexOf(":");
  if (colon < 0) return new BadRule("followed by its rights, such as @/path:ro");
  const rights = readRights(rest.slice(colon + 1));
  if (rights instanceof BadRule) return rights;
  const path = readRulePath(rest.slice(0, colon));
  return path instanceof BadRule ? path : { who: line.slice(0, at), rule: { path, rights } };
}

/** Null when the secret can be used. */
function judgeSecret(secret: string): BadRule | null {
  const bcrypt = BCRYPT.exec(secret);
  if (bcrypt !== null) {
    const isCheap = Number(bcrypt[1]) <= MOST_BCRYPT_COST;
    return isCheap ? null : new BadRule(`a hash of a cost of at most ${MOST_BCRYPT_COST}`);
  }
  const argon2 = ARGON2.exec(secret);
  if (argon2 !== null) {
    const isCheap = Number(argon2[1]) <= MOST_ARGON2_KIB && Number(argon2[2]) <= MOST_ARGON2_PASSES;
    return isCheap
      ? null
      : new BadRule(`a hash of at most ${MOST_ARGON2_KIB / 1024} MiB and ${MOST_ARGON2_PASSES} passes`);
  }
  return FOREIGN_HASH.test(secret)
    ? new BadRule("a password, or a hash of bcrypt or argon2 (htpasswd -B, mini-http hash-password)")
    : null;
}
