// The rules in force, and which requests of theirs it is: "fail twice, then work" needs somebody who counts.

import type { MaybePromise } from "../http/byte-source.ts";
import type { HttpRequest } from "../http/message.ts";
import { Arguments } from "./arguments.ts";
import { BadFault, type FaultRule, isAbout, parseFaultRule, parseTimedFault, type TimedFault } from "./fault-rule.ts";
import { KeyCounts } from "./key-counts.ts";
import { MersenneTwister } from "./mersenne-twister.ts";

const MOST_RULES = 100;
/** Seeds whose sequences are remembered. */
const MOST_CHANCES = 100;
const FIELD = "x-fault";
const ARGUMENT = "fault";

/** What a book of one of several processes shares with the others. */
export interface FaultSharing {
  /** Rules that came here are for all. */
  publish(rules: readonly FaultRule[]): void;
  /** Counts for all. */
  next(key: string): Promise<number>;
}

/** One for a process. */
export class FaultBook {
  #rules: readonly FaultRule[];
  readonly #sharing: FaultSharing | null;
  readonly #counts = new KeyCounts();
  readonly #chances = new Map<string, MersenneTwister>();

  constructor(rules: readonly FaultRule[], sharing: FaultSharing | null = null) {
    this.#rules = rules;
    this.#sharing = sharing;
  }

  get rules(): readonly FaultRule[] {
    return this.#rules;
  }

  /** Other rules for all processes. */
  publish(rules: readonly FaultRule[]): void {
    this.replace(rules);
    this.#sharing?.publish(rules);
  }

  /** Other rules from here on, and counting from the beginning. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules;
    this.#counts.clear();
    this.#chances.clear();
  }

  /** What goes wrong with this request: what it asks for itself, or the first rule whose turn it is. */
  choose(request: HttpRequest): MaybePromise<TimedFault | BadFault | null> {
    const asked = askedFault(request);
    if (asked === null) return this.#chooseRule(this.#rules, 0, request);
    if (asked instanceof BadFault) return asked;
    const isDue = this.#isDue(asked, request);
    if (isDue instanceof Promise) return isDue.then((due) => (due ? asked : null));
    return isDue ? asked : null;
  }

  #chooseRule(rules: readonly FaultRule[], first: number, request: HttpRequest): MaybePromise<FaultRule | null> {
    for (let i = first; i < rules.length; i++) {
      const rule = rules[i]!;
      if (!isAbout(rule, request.method, request.decodedPath)) continue;
      const isDue = this.#isDue(rule, request);
      if (isDue instanceof Promise) return isDue.then((due) => (due ? rule : this.#chooseRule(rules, i + 1, request)));
      if (isDue) return rule;
    }
    return null;
  }

  #isDue(timed: TimedFault, request: HttpRequest): MaybePromise<boolean> {
    const { first, after, key, text } = timed;
    if (first === Infinity && after === 0) return this.#happens(timed);
    const value = key === null ? request.decodedPath : (request.fields.get(key) ?? "");
    const count = (this.#sharing ?? this.#counts).next(`${text}\n${value}`);
    const isTurn = (n: number): boolean => n > after && n <= after + first && this.#happens(timed);
    return count instanceof Promise ? count.then(isTurn) : isTurn(count);
  }

  #happens({ probability, seed, text }: TimedFault): boolean {
    if (probability === 1) return true;
    return (seed === null ? Math.random() : this.#chance(text, seed).fraction()) < probability;
  }

  #chance(text: string, seed: bigint): MersenneTwister {
    const chance = this.#chances.get(text) ?? new MersenneTwister(seed);
    this.#chances.delete(text);
    this.#chances.set(text, chance);
    if (this.#chances.size > MOST_CHANCES) this.#chances.delete(this.#chances.keys().next().value!);
    return chance;
  }
}

function askedFault(request: HttpRequest): TimedFault | BadFault | null {
  const { query, fields } = request;
  const text = (query.includes(ARGUMENT) ? new Arguments(request).text(ARGUMENT) : undefined) ?? fields.get(FIELD);
  return text === undefined || text === "" ? null : parseTimedFault(text);
}

/** One rule a line; empty lines and those that begin with "#" say nothing. */
export function parseFaultRules(text: string): readonly FaultRule[] | BadFault {
  const rules: FaultRule[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const rule = parseFaultRule(line);
    if (rule instanceof BadFault) return rule;
    rules.push(rule);
    if (rules.length > MOST_RULES) return new BadFault(`at most ${MOST_RULES} rules`);
  }
  return rules;
}
