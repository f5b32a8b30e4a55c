// One table of who may do what where: the longest path that a name lies below decides.

import type { Right, Rights } from "../http/permission.ts";

/** All rights, in the order in which people read them. */
export const RIGHTS: readonly Right[] = ["read", "create", "write", "delete"];

const BITS: Readonly<Record<Right, number>> = { read: 1, create: 2, write: 4, delete: 8 };
const NOTHING = 0;

/** What somebody may do below a path; no right at all takes away what a shorter path gave. */
export interface Rule {
  /** Decoded segments; none for the whole folder. */
  readonly path: readonly string[];
  readonly rights: readonly Right[];
}

/** Why a rule cannot be read: what it should have been. */
export class BadRule {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

const RIGHTS_EXPECTED = "rights such as ro, rw or read,create (of read, create, write, delete; none)";

/** `ro`, `rw` (all but deletions), `none`, or rights with commas between them. */
export function readRights(words: string): readonly Right[] | BadRule {
  switch (words) {
    case "ro":
      return ["read"];
    case "rw":
      return ["read", "create", "write"];
    case "none":
      return [];
  }
  const named = words.split(",").map((word) => word.trim());
  const rights = RIGHTS.filter((right) => named.includes(right));
  return rights.length === named.length ? rights : new BadRule(RIGHTS_EXPECTED);
}

/** `/path/below` as a person writes it: decoded, without dot segments; a slash at the end does not matter. */
export function readRulePath(path: string): readonly string[] | BadRule {
  if (!path.startsWith("/")) return new BadRule("a path that begins with / (/ is the served folder)");
  const inner = path.replace(/^\/|(?<=[^/])\/$/g, "");
  const segments = inner === "" ? [] : inner.split("/");
  if (
    segments.some(
      (segment) => segment === "" || segment === "." || segment === ".." || /[\\\x00-\x1f\x7f]/.test(segment),
    )
  )
    return new BadRule("a path without empty, . and .. segments, as it is called in the folder");
  return segments;
}

interface Entry {
  /** With a slash at both ends: "/" for the whole folder. */
  readonly path: string;
  readonly bits: number;
}

/**
 * The rules of one person. Where two spellings of a name may be one file (other case, other Unicode form), the rules of
 * both are asked and only what both allow is allowed: which it is depends on the file system, and nobody gets around a
 * rule by it.
 */
export class RuleTable implements Rights {
  readonly #exact: readonly Entry[];
  readonly #folded: readonly Entry[];

  constructor(rules: readonly Rule[]) {
    this.#exact = longestFirst(rules, (path) => path);
    this.#folded = longestFirst(rules, fold);
  }

  may(right: Right, path: string): boolean {
    return (this.#bitsOf(path) & BITS[right]) !== NOTHING;
  }

  mayAllBelow(right: Right, path: string): boolean {
    const own = path === "" ? "/" : `/${path}/`;
    const isLess = ({ path: below, bits }: Entry): boolean => below.startsWith(own) && (bits & BITS[right]) === NOTHING;
    const isFoldedLess = ({ path: below, bits }: Entry): boolean =>
      below.startsWith(fold(own)) && (bits & BITS[right]) === NOTHING;
    return this.may(right, path) && !this.#exact.some(isLess) && !this.#folded.some(isFoldedLess);
  }

  leadsTo(path: string): boolean {
    const own = path === "" ? "/" : `/${path}/`;
    return this.#exact.some((entry) => entry.bits !== NOTHING && entry.path.startsWith(own));
  }

  #bitsOf(path: string): number {
    const own = `/${path}/`;
    const exact = bitsBelow(this.#exact, own);
    return exact === NOTHING ? NOTHING : exact & bitsBelow(this.#folded, fold(own));
  }
}

/** What one may do by either: nobody loses by having said who he is. */
export class EitherRights implements Rights {
  readonly #one: Rights;
  readonly #other: Rights;

  constructor(one: Rights, other: Rights) {
    this.#one = one;
    this.#other = other;
  }

  may(right: Right, path: string): boolean {
    return this.#one.may(right, path) || this.#other.may(right, path);
  }

  mayAllBelow(right: Right, path: string): boolean {
    return this.#one.mayAllBelow(right, path) || this.#other.mayAllBelow(right, path);
  }

  leadsTo(path: string): boolean {
    return this.#one.leadsTo(path) || this.#other.leadsTo(path);
  }
}

/** What is left when some rights are forbidden to everyone, as `--read-only` does. */
export class LessRights implements Rights {
  readonly #whole: Rights;
  readonly #left: ReadonlySet<Right>;

  constructor(whole: Rights, left: ReadonlySet<Right>) {
    this.#whole = whole;
    this.#left = left;
  }

  may(right: Right, path: string): boolean {
    return this.#left.has(right) && this.#whole.may(right, path);
  }

  mayAllBelow(right: Right, path: string): boolean {
    return this.#left.has(right) && this.#whole.mayAllBelow(right, path);
  }

  leadsTo(path: string): boolean {
    return this.#whole.leadsTo(path);
  }
}

/** Of several rules for one path all rights count. */
function longestFirst(rules: readonly Rule[], form: (path: string) => string): readonly Entry[] {
  const bits = new Map<string, number>();
  for (const { path, rights } of rules) {
    const key = form(path.length === 0 ? "/" : `/${path.join("/")}/`);
    bits.set(
      key,
      rights.reduce((sum, right) => sum | BITS[right], bits.get(key) ?? NOTHING),
    );
  }
  return [...bits]
    .map(([path, sum]) => ({ path, bits: sum }))
    .sort((one, other) => other.path.length - one.path.length);
}

function bitsBelow(entries: readonly Entry[], own: string): number {
  return entries.find(({ path }) => own.startsWith(path))?.bits ?? NOTHING;
}

/** What file systems that fold case leave out of names: joiners, marks of direction and others that nobody sees. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * One form for all that a file system may take for the same name. Upper case comes last: only so a sharp s is two and all
 * three sigmas are one (Unicode 3.13, full case folding).
 */
function fold(path: string): string {
  return path.normalize("NFKC").replace(UNSEEN, "").toLowerCase().toUpperCase().normalize("NFKC");
}
