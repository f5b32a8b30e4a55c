// Everybody's rights, as lines say them: from flags and files to plain data, which travels to workers.

import { isHash, readAccount, readAnonymous, readToken } from "./account.ts";
import type { Account, TokenAccount } from "./credentials.ts";
import { BadRule, type Rule } from "./rights.ts";

/** The lines, by where they come from. */
export interface AccessLines {
  /** Of `--auth`. */
  readonly accounts: readonly string[];
  /** The text of `--auth-file`; null when there is none. */
  readonly file: string | null;
  readonly tokens: readonly string[];
  readonly anonymous: readonly string[];
  /** People are named by their certificates, too: rules may be of somebody who has no password. */
  readonly areCertified: boolean;
}

/** Who there is, and what each may do. */
export interface AccessRules {
  readonly accounts: readonly Account[];
  readonly tokens: readonly TokenAccount[];
  /** Of people, by the name that they have from a password or a certificate. */
  readonly rules: ReadonlyMap<string, readonly Rule[]>;
  /** By the token's name, which no certificate can have. */
  readonly tokenRules: ReadonlyMap<string, readonly Rule[]>;
  /** Of whoever has not said who he is, and so of everyone. */
  readonly anonymous: readonly Rule[];
}

/** What is wrong with a line, as a sentence that has no secret in it. */
export class UnfitAccess {
  readonly line: string;

  constructor(line: string) {
    this.line = line;
  }
}

/** Reads all lines; the first that is wrong is said, with its place. */
export function readAccessRules(lines: AccessLines): AccessRules | UnfitAccess {
  const reader = new AccessReader();
  for (const line of lines.accounts) reader.account(line, "--auth");
  for (const [index, line] of linesOf(lines.file ?? "").entries()) {
    if (line !== "") reader.account(line, `Line ${index + 1} of --auth-file`);
  }
  for (const line of lines.tokens) reader.token(line);
  for (const line of lines.anonymous) reader.anonymous(line);
  return reader.finish(lines.areCertified);
}

/** True when somebody's rights are set at all; otherwise everyone has all of them. */
export function hasRules({ accounts, tokens, anonymous, rules }: AccessRules): boolean {
  return accounts.length + tokens.length + anonymous.length + rules.size > 0;
}

/** The lines of a file of accounts, in their places; those that are blank or a comment are empty. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => (line.trim() === "" || line.startsWith("#") ? "" : line));
}

/** True for an account's line whose secret lets in whoever reads it, as no hash does. */
export function holdsPassword(line: string): boolean {
  const account = readAccount(line);
  return !(account instanceof BadRule) && account.secret !== null && !isHash(account.secret);
}

function add(all: Map<string, Rule[]>, name: string, rule: Rule): void {
  const rules = all.get(name) ?? [];
  rules.push(rule);
  all.set(name, rules);
}

const OWN_NAME = "give each its own, as in NAME:TOKEN@/path:rights";

class AccessReader {
  readonly #secrets = new Map<string, string>();
  readonly #tokens = new Map<string, string>();
  readonly #rules = new Map<string, Rule[]>();
  readonly #tokenRules = new Map<string, Rule[]>();
  readonly #anonymous: Rule[] = [];
  #fault: UnfitAccess | null = null;

  account(line: string, source: string): void {
    const read = readAccount(line);
    if (read instanceof BadRule) return this.#refuse(`${source} must be ${read.expected}.`);
    const { name, secret, rule } = read;
    const known = this.#secrets.get(name);
    if (secret !== null && known !== undefined && known !== secret)
      return this.#refuse(`${source} gives a second password to one name; the first has another.`);
    if (secret !== null) this.#secrets.set(name, secret);
    add(this.#rules, name, rule);
  }

  token(line: string): void {
    const read = readToken(line);
    if (read instanceof BadRule) return this.#refuse(`--token must be ${read.expected}.`);
    const { name, token, rule } = read;
    const known = this.#tokens.get(name);
    if (known !== undefined && known !== token)
      return this.#refuse(`--token gives two tokens one name and so one set of rights; ${OWN_NAME}.`);
    this.#tokens.set(name, token);
    add(this.#tokenRules, name, rule);
  }

  anonymous(line: string): void {
    const rule = readAnonymous(line);
    if (rule instanceof BadRule) return this.#refuse(`--anonymous must be ${rule.expected}.`);
    this.#anonymous.push(rule);
  }

  finish(areCertified: boolean): AccessRules | UnfitAccess {
    // Rights belong to names: a token that shares one would have those of its password too.
    if ([...this.#tokens.keys()].some((name) => this.#secrets.has(name)))
      this.#refuse(`--token has the name of somebody with a password, and so his rights; ${OWN_NAME}.`);
    this.#giveToTokens(areCertified);
    const named = new Set([...this.#secrets.keys(), ...this.#tokens.keys()]);
    if (!areCertified && [...this.#rules.keys()].some((name) => !named.has(name)))
      this.#refuse("A rule of --auth names somebody who has no password: NAME:PASSWORD comes on another line.");
    const accounts = [...this.#secrets].map(([name, secret]) => ({ name, secret }));
    const tokens = [...this.#tokens].map(([name, token]) => ({ name, token }));
    const [rules, tokenRules, anonymous] = [this.#rules, this.#tokenRules, this.#anonymous];
    return this.#fault ?? { accounts, tokens, rules, tokenRules, anonymous };
  }

  /** A rule of `--auth` may be a token's, unless it may be somebody's who has a certificate. */
  #giveToTokens(areCertified: boolean): void {
    for (const name of this.#tokens.keys()) {
      const rules = this.#rules.get(name) ?? [];
      if (rules.length > 0 && areCertified)
        this.#refuse(`A rule of --auth names a token, and may name a certificate; ${OWN_NAME}.`);
      for (const rule of rules) add(this.#tokenRules, name, rule);
      this.#rules.delete(name);
    }
  }

  #refuse(line: string): void {
    this.#fault ??= new UnfitAccess(line);
  }
}
