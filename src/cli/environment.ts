// The flags that the environment sets: MINI_HTTP_PORT is --port, MINI_HTTP_MAX_BODY_SIZE is --max-body-size.

import { LONG_NAMES } from "./argument-list.ts";
import { QUESTION_FLAGS } from "./flags.ts";
import { quoted } from "./usage-error.ts";
import { suggest } from "./suggestion.ts";

const PREFIX = "MINI_HTTP_";
/** Nobody asks so in the environment. */
const TYPED_ONLY: ReadonlySet<string> = new Set(Object.values(QUESTION_FLAGS).map(({ flag }) => flag));

/** What `run` tells its command of the server, which may be another one of ours. */
const OF_RUN: ReadonlySet<string> = new Set(["MINI_HTTP_URL", "MINI_HTTP_SOCKET", "MINI_HTTP_CA_FILE"]);

/** What container engines put there for a service that is called mini-http; none of it is meant for us. */
const SERVICE_LINK_VALUE = /^(?:tcp|udp|sctp):\/\//;
const SERVICE_LINK_NAME =
  /^(?:PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?|SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?))$/;

/** One variable that stands for a flag. */
export interface Variable {
  readonly name: string;
  readonly text: string;
}

/** The environment as this program understands it. */
export interface Environment {
  /** By the flag's name. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** One sentence each on what was ignored. */
  readonly notes: readonly string[];
}

/** Picks our variables. An empty one counts as not set: `MINI_HTTP_PORT= mini-http` takes the default. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const variables = new Map<string, Variable>();
  const serviceLinks: string[] = [];
  const unknown: string[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === "" || OF_RUN.has(name)) continue;
    const suffix = name.slice(PREFIX.length);
    if (SERVICE_LINK_VALUE.test(text) || SERVICE_LINK_NAME.test(suffix)) {
      serviceLinks.push(quoted(name));
      continue;
    }
    const longName = /^[A-Z0-9_]+$/.test(suffix) ? suffix.toLowerCase().replaceAll("_", "-") : "";
    const flag = LONG_NAMES.get(longName);
    if (flag === undefined || TYPED_ONLY.has(flag)) unknown.push(quoted(name) + guess(suffix));
    else if (!variables.has(flag) || longName === flag) variables.set(flag, { name, text }); // its own name before an alias
  }
  const notes: string[] = [];
  if (serviceLinks.length > 0)
    notes.push(`Ignored container service links in the environment: ${serviceLinks.join(", ")}.`);
  if (unknown.length > 0) notes.push(`Ignored in the environment, since no flag has this name: ${unknown.join(", ")}.`);
  return { variables, notes };
}

function guess(suffix: string): string {
  const settable = [...LONG_NAMES.keys()].filter((name) => !TYPED_ONLY.has(name));
  const name = suggest(suffix.replaceAll("_", "-"), settable);
  return name === null ? "" : ` (did you mean ${PREFIX}${name.toUpperCase().replaceAll("-", "_")}?)`;
}
