// Who asks, and what he may do. Whoever says who he is must be right; whoever does not may do what everyone may. Nothing is
// refused here for want of a right: only the handlers know which names a request is about, and ask `request.permission`.

import { type Gate, type HttpRequest, HttpResponse } from "../http/message.ts";
import type { Permission, Right, Rights } from "../http/permission.ts";
import { plainText } from "../http/plain-text.ts";
import { quoteText } from "../http/quoted-text.ts";
import type { AccessRules } from "./access-rules.ts";
import { type Claim, Credentials, readClaim, type Verdict } from "./credentials.ts";
import type { FailureTable } from "./failures.ts";
import type { Finish, Warn } from "./gate.ts";
import { EitherRights, LessRights, RIGHTS, type Rule, RuleTable } from "./rights.ts";

/** What goes on every answer to a path whose content depends on who asks. */
const VARIES = "Vary: Authorization\r\n";

/** What the button of the page sends: browsers ask for a password when they are refused, and never otherwise. */
const LOGIN_QUERY = "login=";
const MOST_PERMISSIONS = 1000;

/** What rights there are at all, whoever asks, and what `rw` means. */
export interface AccessSettings {
  readonly readOnly: boolean;
  readonly uploadOnly: boolean;
  readonly allowDelete: boolean;
}

/** What is made of accounts and rules; other rules, other doors. */
interface Doors {
  readonly credentials: Credentials;
  readonly challenge: string;
  readonly rules: AccessRules;
  /** As they are asked for; people are few. */
  readonly permissions: Readonly<Record<GuestKind, Map<string, Permission>>>;
}

/** How somebody was let in: by a password or a certificate, by a token, or by nothing at all, and then without a name. */
type GuestKind = "person" | "token" | "anybody";

/** The doors of a server whose rights were set. */
export class AccessControl {
  readonly #failures: FailureTable;
  readonly #settings: AccessSettings;
  readonly #warn: Warn;
  #doors: Doors;

  constructor(rules: AccessRules, settings: AccessSettings, failures: FailureTable, warn: Warn) {
    this.#failures = failures;
    this.#settings = settings;
    this.#warn = warn;
    this.#doors = doorsOf(rules);
  }

  /** Goes on with accounts and rules that were read again; who was right before has to be right again. */
  renew(rules: AccessRules): void {
    this.#doors = doorsOf(rules);
  }

  readonly gate: Gate = (request) => {
    const claim = readClaim(request.fields.get("authorization"));
    if (claim === undefined) return this.#letInUnasked(request);
    if (claim === null) return this.#unknown("The Authorization field cannot be read.");
    const recalled = this.#doors.credentials.recall(claim, performance.now());
    return recalled === null ? this.#judge(request, claim) : this.#letIn(request, kindOf(claim), recalled.name);
  };

  readonly finish: Finish = (request, response) => {
    if (request.access !== "public") response.appendLines(VARIES);
  };

  /** A failure is counted before it is one: a thousand guesses at once get no further than ten. */
  #judge(request: HttpRequest, claim: Claim): ReturnType<Gate> {
    const { credentials } = this.#doors;
    const address = request.clientAddress;
    const now = Date.now();
    const wait = this.#failures.waitOf(address, now);
    if (wait > 0) return tooMany(wait);
    const isShared = credentials.isUnderWay(claim);
    const isLast = !isShared && this.#failures.add(address, now);
    const verdict = credentials.check(claim, performance.now());
    const decide = (judged: Verdict): HttpResponse | null => {
      if (judged === "busy") return this.#busy(address, now, isShared);
      if (judged === "wrong") return this.#failed(address, claim, isLast);
      if (!isShared) this.#failures.forgive(address, now);
      return this.#letIn(request, kindOf(claim), judged.name);
    };
    return verdict instanceof Promise ? verdict.then(decide) : decide(verdict);
  }

  /** Nothing was said, which is enough where it is not asked for. */
  #letInUnasked(request: HttpRequest): HttpResponse | null {
    const { certifiedName } = request.peer;
    if (certifiedName !== "") return this.#letIn(request, "person", certifiedName);
    const wantsToBeAsked = request.query === LOGIN_QUERY && this.#doors.credentials.hasAccounts;
    return wantsToBeAsked ? this.#unknown("This needs a login.") : this.#letIn(request, "anybody", "");
  }

  /** The name is proven. */
  #letIn(request: HttpRequest, kind: GuestKind, name: string): null {
    const permissions = this.#doors.permissions[kind];
    let permission = permissions.get(name);
    if (permission === undefined) {
      // Those who vouch for people may know more of them than there is room for.
      if (permissions.size >= MOST_PERMISSIONS) permissions.clear();
      permission = this.#permissionFor(kind, name);
      permissions.set(name, permission);
    }
    request.permission = permission;
    return null;
  }

  #busy(address: string, now: number, isShared: boolean): HttpResponse {
    if (!isShared) this.#failures.forgive(address, now);
    return plainText("Too many people log in at this moment; try again in one.\n", 503).append("Retry-After", 1);
  }

  /** The README's filter for fail2ban reads this line. */
  #failed(address: string, claim: Claim, isLast: boolean): HttpResponse {
    const who = claim.kind === "basic" ? quoteText(claim.name) : "a token";
    this.#warn(`Login failed for ${who} from ${address}.`);
    if (isLast) this.#warn(`Logins from ${address} have to wait: too many failed within a minute.`);
    return this.#unknown("The name or the password is wrong.");
  }

  #unknown(line: string): HttpResponse {
    return plainText(line + "\n", 401).appendLines(this.#doors.challenge);
  }

  #permissionFor(kind: GuestKind, name: string): Permission {
    const { rules, tokenRules, anonymous } = this.#doors.rules;
    const isAnybody = kind === "anybody";
    const own = isAnybody ? [] : ((kind === "token" ? tokenRules : rules).get(name) ?? []);
    const tableOf = (all: readonly Rule[]): RuleTable =>
      new RuleTable(all.map((rule) => withDeletion(rule, this.#settings)));
    const everyone = tableOf(anonymous);
    const rights = isAnybody ? everyone : new EitherRights(tableOf(own), everyone);
    const left = new LessRights(rights, leftBy(this.#settings));
    const refuse = isAnybody
      ? (right: Right) => this.#unknown(`This needs a login: not everyone has the right "${right}" here.`)
      : (right: Right) => plainText(`${quoteText(name)} has not the right "${right}" here.\n`, 403);
    const mayLogIn = isAnybody && this.#doors.credentials.hasAccounts;
    return permission({ user: name, mayLogIn, refuse }, left);
  }
}

/** The rights of a rule, as they count on a server with these flags. */
export function rightsInForce(rule: Rule, settings: AccessSettings): readonly Right[] {
  const left = leftBy(settings);
  const { rights } = withDeletion(rule, settings);
  return RIGHTS.filter((right) => left.has(right) && rights.includes(right));
}

/** `rw` deletes where the server's flag says that everyone who may write may. */
function withDeletion(rule: Rule, { allowDelete }: AccessSettings): Rule {
  const deletes = allowDelete && rule.rights.includes("write");
  return deletes ? { ...rule, rights: [...rule.rights, "delete"] } : rule;
}

function leftBy({ readOnly, uploadOnly }: AccessSettings): ReadonlySet<Right> {
  if (readOnly) return new Set<Right>(["read"]);
  return new Set<Right>(uploadOnly ? ["create"] : RIGHTS);
}

function kindOf({ kind }: Claim): GuestKind {
  return kind === "bearer" ? "token" : "person";
}

function doorsOf(rules: AccessRules): Doors {
  const credentials = new Credentials(rules.accounts, rules.tokens);
  const permissions = { person: new Map(), token: new Map(), anybody: new Map() };
  return { credentials, challenge: challengeOf(credentials), rules, permissions };
}

function permission(whose: Pick<Permission, "user" | "mayLogIn" | "refuse">, rights: Rights): Permission {
  return {
    ...whose,
    may: (right, path) => rights.may(right, path),
    mayAllBelow: (right, path) => rights.mayAllBelow(right, path),
    leadsTo: (path) => rights.leadsTo(path),
  };
}

/** Browsers take the first scheme that they know; passwords are UTF-8 (RFC 7617 2.1). */
function challengeOf({ hasAccounts, hasTokens }: Credentials): string {
  const basic = hasAccounts || !hasTokens ? 'WWW-Authenticate: Basic realm="mini-http", charset="UTF-8"\r\n' : "";
  return hasTokens ? `${basic}WWW-Authenticate: Bearer realm="mini-http"\r\n` : basic;
}

function tooMany(wait: number): HttpResponse {
  return plainText(`Too many logins failed; try again in ${wait} s.\n`, 429).append("Retry-After", wait);
}
