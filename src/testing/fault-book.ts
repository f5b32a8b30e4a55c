// The rules in force, and which requests of theirs it is: "fail twice, then work" needs somebody who counts.

import type { HttpRequest } from "../http/message.ts";
import { Arguments } from "./arguments.ts";
import { BadFault, type FaultRule, isAbout, parseFaultRule, parseTimedFault, type TimedFault } from "./fault-rule.ts";
import { MersenneTwister } from "./mersenne-twister.ts";

/** Keys that are counted; the one that was asked for longest ago is forgotten first, and begins anew. */
const MOST_KEYS = 10_000;
const MOST_RULES = 100;
const FIELD = "x-fault";
const ARGUMENT = "fault";

/** One for a process. */
export class FaultBook {
  #rules: readonly FaultRule[];
  readonly #others: (rules: readonly FaultRule[]) => void;
  readonly #counts = new Map<string, number>();
  readonly #chances = new Map<string, MersenneTwister>();

  /** `others` is told of rules that came to this process and are for all. */
  constructor(rules: readonly FaultRule[], others: (rules: readonly FaultRule[]) => void = () => {}) {
    this.#rules = rules;
    this.#others = others;
  }

  get rules(): readonly FaultRule[] {
    return this.#rules;
  }

  /** Other rules for all processes. */
  publish(rules: readonly FaultRule[]): void {
    this.replace(rules);
    this.#others(rules);
  }

  /** Other rules from here on, and counting from the beginning. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules;
    this.#counts.clear();
    this.#chances.clear();
  }

  /** What goes wrong with this request: what it asks for itself, or the first rule whose turn it is. */
  choose(request: HttpRequest): TimedFault | BadFault | null {
    const asked = askedFault(request);
    if (asked instanceof BadFault) return asked;
    if (asked !== null) return this.#isDue(asked, request) ? asked : null;
    for (const rule of this.#rules)
      if (isAbout(rule, request.method, request.decodedPath) && this.#isDue(rule, request)) return rule;
    return null;
  }

  #isDue(timed: TimedFault, request: HttpRequest): boolean {
    const { first, after, key, probability, seed, text } = timed;
    if (first !== Infinity || after > 0) {
      const value = key === null ? request.decodedPath : (request.fields.get(key) ?? "");
      const count = this.#count(`${text}\n${value}`);
      if (count <= after || count > after + first) return false;
    }
    if (probability === 1) return true;
    return (seed === null ? Math.random() : this.#chance(text, seed).fraction()) < probability;
  }

  #count(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    remember(this.#counts, key, count);
    return count;
  }

  #chance(text: string, seed: bigint): MersenneTwister {
    const chance = this.#chances.get(text) ?? new MersenneTwister(seed);
    remember(this.#chances, text, chance, MOST_RULES);
    return chance;
  }
}

/** Behind all others, of which there are not too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, most = MOST_KEYS): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
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
