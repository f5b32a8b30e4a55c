// What a running server reads again when it is told to (SIGHUP), without losing a connection.

import { statSync } from "node:fs";
import { type AccessRules, UnfitAccess } from "../admission/access-rules.ts";
import type { Config } from "../config.ts";
import type { TlsCredentials } from "../net/tls-credentials.ts";
import { UnfitIdentity } from "../tls/identity.ts";
import { loadAccess } from "./access.ts";
import { loadTls } from "./tls.ts";

/** All of it. Travels to workers. */
export interface Renewal {
  /** Null when connections are plain. */
  readonly tls: TlsCredentials | null;
  /** Null when everyone may do everything that the server does. */
  readonly access: AccessRules | null;
}

/** What was read, and what a person should know of it, a sentence each. */
export interface Loaded {
  readonly renewal: Renewal;
  readonly notes: readonly string[];
}

/** Why it is of no use, as one line that says what to do. */
export class Unfit {
  readonly line: string;

  constructor(line: string) {
    this.line = line;
  }
}

/** Reads everything, or makes what is made; `before` is what was read the last time. */
export function loadRenewal(config: Config, before: Renewal | null): Loaded | Unfit {
  const once = before === null ? undefined : namedFiles(config).find(isReadOnce);
  if (once !== undefined) return new Unfit(`${once} is no regular file, and only those can be read again.`);
  const tls = loadTls(config, before?.tls ?? null);
  if (tls instanceof UnfitIdentity) return new Unfit(tls.line);
  const access = loadAccess(config);
  if (access instanceof UnfitAccess) return new Unfit(access.line);
  return { renewal: { tls: tls.credentials, access: access.rules }, notes: [...tls.notes, ...access.notes] };
}

function namedFiles({ tls, access }: Config): readonly string[] {
  return [tls.certFile, tls.keyFile, tls.clientAuthorityFile, access.authFile].filter((path) => path !== null);
}

/**
 * A pipe, as shells give for `<(command)`, is empty the second time, and without a writer whoever opens it waits: at the
 * start that is a person, later all clients. False for what cannot be looked at, and so not be read.
 */
function isReadOnce(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch {
    return false;
  }
}

/** True when reading again may find something new. */
export function isRenewable({ tls, access }: Config): boolean {
  return tls.certFile !== null || tls.stateFolder !== null || access.authFile !== null;
}
