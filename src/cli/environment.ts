// The flags that the environment sets: MINI_HTTP_PORT is --port, MINI_HTTP_MAX_BODY_SIZE is --max-body-size.

import { LONG_NAMES } from "./argument-list.ts";
import { QUESTION_FLAGS } from "./flags.ts";
import { quoted } from "./usage-error.ts";
import { suggest } from "./suggestion.ts";

const PREFIX = "MINI_HTTP_";
/** Nobody asks so in the environment. */
const TYPED_ONLY: ReadonlySet<string> = new Set(Object.values(QUESTION_FLAGS).map(({ flag }) => flag));

/** What `run` tells its command of the server, which may be another one of ours. */
export const RUN_VARIABLES = {
  url: "MINI_HTTP_URL",
  socket: "MINI_HTTP_SOCKET",
  authorityFile: "MINI_HTTP_CA_FILE",
  /** The flag's own variable; with this value it is no flag of the command's, but what it was told. */
  directory: "MINI_HTTP_DIRECTORY",
  toldDirectory: "MINI_HTTP_RUN_DIRECTORY",
} as const;
const OF_RUN: ReadonlySet<string> = new Set([
  RUN_VARIABLES.url,
  RUN_VARIABLES.socket,
  RUN_VARIABLES.authorityFile,
  RUN_VARIABLES.toldDirectory,
]);

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
    if (!name.startsWith(PREFIX) || text === undefined || text === "" || isTold(name, env)) continue;
    const suffix = name.slice(PREFIX.length);
    if (isServiceLink(suffix, text)) {
      serviceLinks.push(quoted(name));
      continue;
    }
    const longName = longNameOf(suffix);
    const flag = LONG_NAMES.get(longName);
    if (flag === undefined) unknown.push(quoted(name) + guess(suffix));
    else if (!variables.has(flag) || longName === flag) variables.set(flag, { name, text }); // its own name before an alias
  }
  const notes: string[] = [];
  if (serviceLinks.length > 0)
    notes.push(`Ignored container service links in the environment: ${serviceLinks.join(", ")}.`);
  if (unknown.length > 0) notes.push(`Ignored in the environment, since no flag has this name: ${unknown.join(", ")}.`);
  return { variables, notes };
}

/**
 * What is left of an environment without the variables that set flags, and without what another `run` has told: they were
 * meant for this server, and neither for another one that its command starts nor, where they are secrets, for the command.
 */
export function withoutOurs(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const isOurs = (name: string, text = ""): boolean => {
    const suffix = name.slice(PREFIX.length);
    return isTold(name, env) || (LONG_NAMES.has(longNameOf(suffix)) && !isServiceLink(suffix, text));
  };
  return Object.fromEntries(
    Object.entries(env).filter(([name, text]) => !name.startsWith(PREFIX) || !isOurs(name, text)),
  );
}

/** Empty for what no flag has that may stand in the environment. */
function longNameOf(suffix: string): string {
  const longName = /^[A-Z0-9_]+$/.test(suffix) ? suffix.toLowerCase().replaceAll("_", "-") : "";
  return TYPED_ONLY.has(LONG_NAMES.get(longName) ?? "") ? "" : longName;
}

function isServiceLink(suffix: string, text: string): boolean {
  return SERVICE_LINK_VALUE.test(text) || SERVICE_LINK_NAME.test(suffix);
}

/** True for what `run` has told. */
function isTold(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return OF_RUN.has(name) || (name === RUN_VARIABLES.directory && env[name] === env[RUN_VARIABLES.toldDirectory]);
}

function guess(suffix: string): string {
  const settable = [...LONG_NAMES.keys()].filter((name) => !TYPED_ONLY.has(name));
  const name = suggest(suffix.replaceAll("_", "-"), settable);
  return name === null ? "" : ` (did you mean ${PREFIX}${name.toUpperCase().replaceAll("-", "_")}?)`;
}
