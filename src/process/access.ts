// Who may do what on this server: read at the start, and again when it is told to look.

import { readFileSync } from "node:fs";
import { type AccessRules, hasRules, readAccessRules, UnfitAccess } from "../admission/access-rules.ts";
import { isLoopback } from "../cli/address.ts";
import type { Config } from "../config.ts";

/** What settings ask for, and what a person should know of it. */
export interface LoadedAccess {
  /** Null when everyone may do everything that the server does. */
  readonly rules: AccessRules | null;
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** Reads the lines and the file of them. */
export function loadAccess(config: Config): LoadedAccess | UnfitAccess {
  const { auth, authFile, tokens, anonymous } = config.access;
  const file = authFile === null ? null : readFile(authFile);
  if (file instanceof UnfitAccess) return file;
  const rules = readAccessRules({ accounts: auth, file, tokens, anonymous });
  if (rules instanceof UnfitAccess) return rules;
  // An empty file is nobody, and not everyone.
  if (authFile === null && !hasRules(rules)) return { rules: null, notes: [] };
  return { rules, notes: notesOn(config, rules) };
}

function readFile(name: string): string | UnfitAccess {
  try {
    return readFileSync(name, "utf8");
  } catch (error) {
    return new UnfitAccess(`${name} cannot be read: ${(error as Error).message}.`);
  }
}

function notesOn({ host, tls, access }: Config, { accounts, tokens }: AccessRules): readonly string[] {
  const notes: string[] = [];
  const isPlain = !tls.selfSigned && tls.certFile === null;
  if (isPlain && !isLoopback(host) && accounts.length + tokens.length > 0)
    notes.push("Passwords and tokens travel without encryption; --tls self-signed encrypts them.");
  if (isTyped(access.auth) || isTyped(access.tokens))
    notes.push("Other users of this machine can read secrets in a command line; --auth-file keeps them to itself.");
  return notes;
}

/** True for secrets that stand in this process's arguments, where `ps` shows them: not those of the environment. */
function isTyped(lines: readonly string[]): boolean {
  const words = process.argv.slice(2).join("\n");
  return lines.some((line) => !/:\$(?:2[aby]|argon2)/.test(line) && line.includes(":") && words.includes(line));
}
