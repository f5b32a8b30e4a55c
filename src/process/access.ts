// Who may do what on this server: read at the start, and again when it is told to look.

import { closeSync, openSync, statSync } from "node:fs";
import {
  type AccessRules,
  hasRules,
  holdsPassword,
  linesOf,
  readAccessRules,
  UnfitAccess,
} from "../admission/access-rules.ts";
import { rightsInForce } from "../admission/access-gate.ts";
import { isLoopback, openHosts } from "../cli/address.ts";
import { readBounded } from "../cli/bounded-file.ts";
import { editedText } from "../cli/edited-text.ts";
import { isSecure } from "../cli/tls-flags.ts";
import { UNIX_PEER } from "../http/address-set.ts";
import { hasPort } from "../http/unix-host.ts";
import type { Config } from "../config.ts";

/** What settings ask for, and what a person should know of it. */
export interface LoadedAccess {
  /** Null when everyone may do everything that the server does. */
  readonly rules: AccessRules | null;
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** Reads the lines and the file of them; `words` are those that this process was started with. */
export function loadAccess(
  config: Config,
  words: readonly string[] = process.argv.slice(2),
): LoadedAccess | UnfitAccess {
  const { auth, authFile, tokens, anonymous } = config.access;
  const areCertified = config.tls.clientAuthorityFile !== null;
  const file = authFile === null ? null : readFile(authFile);
  if (file instanceof UnfitAccess) return file;
  const rules = readAccessRules({ accounts: auth, file, tokens, anonymous, areCertified });
  if (rules instanceof UnfitAccess) return rules;
  // An empty file is nobody, and not everyone.
  if (authFile === null && !hasRules(rules)) return { rules: null, notes: [] };
  const open = authFile === null || file === null ? [] : openNotes(authFile, file);
  return { rules, notes: [...notesOn(config, rules, words), ...open, ...wideNotes(config, rules)] };
}

/** More than a hundred thousand accounts. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A pipe, as shells give for `<(command)`, is read to its end. */
function readFile(name: string): string | UnfitAccess {
  try {
    const bytes = readBytes(name);
    if (bytes.length > MOST_BYTES) return new UnfitAccess(`${name} is longer than 16 MiB, and no file of accounts.`);
    const text = editedText(bytes);
    return text ?? new UnfitAccess(`${name} holds bytes that are no UTF-8, so nobody could log in by them.`);
  } catch (error) {
    return new UnfitAccess(`${name} cannot be read: ${(error as Error).message}.`);
  }
}

function readBytes(name: string): Buffer {
  const file = openSync(name, "r");
  try {
    return readBounded(file, MOST_BYTES);
  } finally {
    closeSync(file);
  }
}

function notesOn(
  { hosts, tls, access }: Config,
  { accounts, tokens }: AccessRules,
  words: readonly string[],
): readonly string[] {
  const notes: string[] = [];
  if (!isSecure(tls) && !hosts.every(isLoopback) && accounts.length + tokens.length > 0)
    notes.push("Passwords and tokens travel without encryption; --tls self-signed encrypts them.");
  const areMany = !hosts.every(hasPort) && !access.trustedProxies.includes(UNIX_PEER);
  if (areMany && accounts.length > 0)
    notes.push(
      "Who guesses passwords on a unix socket is not slowed down; --trusted-proxies unix tells its clients apart.",
    );
  // Those of the environment are not among the words, which `ps` shows to everyone.
  const typed = words.join("\n");
  const secrets = [...access.auth.filter(holdsPassword), ...access.tokens];
  if (secrets.some((line) => typed.includes(line)))
    notes.push("Other users of this machine can read secrets in a command line; --auth-file keeps them to itself.");
  return notes;
}

/** Of those rules of `--anonymous` that let strangers change something. */
const MOST_NAMED = 3;

/** What everybody in the network may change, rules or not: whoever has a certificate is none of everybody. */
function wideNotes({ hosts, directory, files, tls }: Config, { anonymous }: AccessRules): readonly string[] {
  const open = openHosts(hosts);
  if (open === "" || directory === null || tls.clientAuthorityFile !== null) return [];
  const wide = anonymous
    .map((rule) => ({ rule, rights: rightsInForce(rule, files).filter((right) => right !== "read") }))
    .filter(({ rights }) => rights.length > 0)
    .map(({ rule, rights }) => `${rights.join(" and ")} in /${rule.path.join("/")}`);
  if (wide.length === 0) return [];
  const named = [...wide.slice(0, MOST_NAMED), ...(wide.length > MOST_NAMED ? ["and more"] : [])].join(", ");
  return [`Everyone who can reach ${open} has, by --anonymous, the rights to ${named}.`];
}

const OTHERS_READ = 0o004;

/** A file of hashes may lie open, as those of the system once did. */
function openNotes(name: string, text: string): readonly string[] {
  const mode = statSync(name, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS_READ) === 0 || !linesOf(text).some(holdsPassword)) return [];
  return [`Other users of this machine can read the passwords in ${name}; chmod 600, or hash them (hash-password).`];
}
