// Is this who it says it is? Passwords and tokens, checked in the same time whether they are wrong or their owner is
// unknown, and never more of them at once than the machine can bear.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { MaybePromise } from "../http/byte-source.ts";
import { isHash } from "./account.ts";
import { VerifiedCredentials } from "./verified.ts";

/** Who came, by a name that others may see. */
export interface Principal {
  readonly name: string;
}

/** A name with its password or the hash of it. */
export interface Account extends Principal {
  readonly secret: string;
}

/** A name that comes with a token. */
export interface TokenAccount extends Principal {
  readonly token: string;
}

/** What a client says: a name and a password (RFC 7617), or a token alone (RFC 6750). */
export type Claim = BasicClaim | { readonly kind: "bearer"; readonly token: string };

/** RFC 7617. */
export interface BasicClaim {
  readonly kind: "basic";
  readonly name: string;
  readonly password: string;
}

/** "wrong" whatever was wrong; "busy" when too many are being checked. */
export type Verdict = Principal | "wrong" | "busy";

/** A hash of argon2 takes 64 MiB while it is checked. */
const MOST_AT_ONCE = 2;
/** With a tenth of a second each, nobody in the queue waits for longer than a few seconds. */
const MOST_WAITING = 64;
const MOST_CREDENTIAL_CHARS = 8 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `undefined` and `null` tell apart what is absent and what cannot be understood. */
export function readClaim(authorization: string | undefined): Claim | null | undefined {
  if (authorization === undefined) return undefined;
  if (authorization.length > MOST_CREDENTIAL_CHARS) return null;
  const [, scheme, rest] = /^([A-Za-z]+) +([A-Za-z0-9._~+/-]+=*)$/.exec(authorization) ?? [];
  if (rest === undefined) return null;
  switch (scheme!.toLowerCase()) {
    case "basic":
      return readBasic(rest);
    case "bearer":
      return { kind: "bearer", token: rest };
    default:
      return null;
  }
}

function readBasic(encoded: string): Claim | null {
  const text = readUtf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon < 0) return null;
  return { kind: "basic", name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Clients differ in the charset that they send; ours is UTF-8, as the challenge says (RFC 7617 2.1). Null for what is none:
 * as the replacement character it would stand for any byte.
 */
function readUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** The accounts of one server. */
export class Credentials {
  readonly #accounts: ReadonlyMap<string, Account>;
  /** By the digest of the token: how long a search in a map takes tells nothing of a token. */
  readonly #tokens: ReadonlyMap<string, Principal>;
  /** A hash of each kind that accounts have: whoever is wrong waits for one of each, whoever he says he is. */
  readonly #decoys: ReadonlyMap<string, string>;
  /** Whose password is compared when nobody has the name. */
  readonly #stranger: Account = { name: "", secret: randomBytes(16).toString("hex") };
  readonly #verified = new VerifiedCredentials();
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(accounts: readonly Account[], tokens: readonly TokenAccount[]) {
    this.#accounts = new Map(accounts.map((account) => [account.name, account]));
    this.#tokens = new Map(tokens.map(({ name, token }) => [digestOf(token), { name }]));
    const hashes = accounts.map(({ secret }) => secret).filter(isHash);
    this.#decoys = new Map(hashes.map((hash) => [kindOf(hash), hash]));
  }

  get hasAccounts(): boolean {
    return this.#accounts.size > 0;
  }

  get hasTokens(): boolean {
    return this.#tokens.size > 0;
  }

  /** The one who was right within the last minutes; null when that is not known. `now` is in milliseconds. */
  recall(claim: Claim, now: number): Principal | null {
    return this.#verified.has(this.#digestOf(claim), now) ? this.#principalOf(claim) : null;
  }

  /** True when this very claim is being checked: asking again costs nothing. */
  isUnderWay(claim: Claim): boolean {
    return this.#checks.has(this.#digestOf(claim));
  }

  /** Checks a claim, whatever is remembered. `now` is in milliseconds. */
  check(claim: Claim, now: number): MaybePromise<Verdict> {
    if (claim.kind === "bearer") return this.#tokens.has(digestOf(claim.token)) ? this.#accept(claim, now) : "wrong";
    const account = this.#accounts.get(claim.name) ?? this.#stranger;
    const isHashed = isHash(account.secret);
    if (!isHashed && this.#isSame(account, claim.password)) return this.#accept(claim, now);
    if (this.#decoys.size === 0) return "wrong";
    return this.#checkHash(claim, isHashed ? account.secret : null, now);
  }

  async #checkHash(claim: BasicClaim, hash: string | null, now: number): Promise<Verdict> {
    const isRight = await this.#share(this.#digestOf(claim), hash, claim.password);
    if (isRight === null) return "busy";
    return isRight ? this.#accept(claim, now) : "wrong";
  }

  #accept(claim: Claim, now: number): Principal {
    this.#verified.add(this.#digestOf(claim), now);
    return this.#principalOf(claim);
  }

  #principalOf(claim: Claim): Principal {
    if (claim.kind === "basic") return { name: claim.name };
    return this.#tokens.get(digestOf(claim.token))!;
  }

  /** No name of a user holds a colon (RFC 7617 2), so no user is called as the tokens are here. */
  #digestOf(claim: Claim): string {
    if (claim.kind === "basic") return this.#verified.digest(claim.name, claim.password);
    return this.#verified.digest(":", claim.token);
  }

  /** The same question, asked again while it is being answered, is one. Null when too many others wait. */
  async #share(digest: string, hash: string | null, password: string): Promise<boolean | null> {
    const pending = this.#checks.get(digest);
    if (pending !== undefined) return pending;
    if (this.#running >= MOST_AT_ONCE && this.#waiting.length >= MOST_WAITING) return null;
    const check = this.#inTurn(() => this.#verify(password, hash));
    this.#checks.set(digest, check);
    try {
      return await check;
    } finally {
      this.#checks.delete(digest);
    }
  }

  /** Null when there is none that could fit. */
  async #verify(password: string, hash: string | null): Promise<boolean> {
    if (hash !== null && (await Bun.password.verify(password, hash))) return true;
    const own = hash === null ? null : kindOf(hash);
    for (const [kind, decoy] of this.#decoys) if (kind !== own) await Bun.password.verify(password, decoy);
    return false;
  }

  async #inTurn(verify: () => Promise<boolean>): Promise<boolean> {
    if (this.#running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await verify();
    } catch {
      // What looks like a hash and is none fits nothing.
      return false;
    } finally {
      const next = this.#waiting.shift();
      // The place goes to the next one, so that nobody comes in between.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Compared as keyed digests, which have one length. */
  #isSame(account: Account, password: string): boolean {
    const digest = (secret: string): Buffer => Buffer.from(this.#verified.digest("", secret));
    return timingSafeEqual(digest(password), digest(account.secret));
  }
}

/** Algorithm and cost: what decides how long checking takes. */
function kindOf(hash: string): string {
  return hash
    .split("$")
    .slice(0, hash.startsWith("$2") ? 3 : 4)
    .join("$");
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
