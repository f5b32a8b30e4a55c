// What a running server takes up of settings that were read again, and what waits for its next start.

import { ACCESS_FLAGS, givesRights } from "../cli/access-flags.ts";
import type { Setting, SettingMap } from "../cli/settings.ts";
import { TLS_FLAGS } from "../cli/tls-flags.ts";
import type { Config, Served } from "../config.ts";

/** Settings to go on with. */
export interface RenewedConfig {
  readonly config: Config;
  /** Flags whose keys have changed, to no effect yet. */
  readonly waiting: readonly string[];
}

const RENEWABLE_TLS = [TLS_FLAGS.certFile, TLS_FLAGS.keyFile, TLS_FLAGS.stateFolder];
const RENEWABLE_ACCESS = [ACCESS_FLAGS.auth, ACCESS_FLAGS.authFile, ACCESS_FLAGS.tokens, ACCESS_FLAGS.anonymous];

/**
 * `current` with the certificate, the authority of clients and the rights that `fresh` names. Whether there are any at all
 * is decided at the start: a server does not become secure, or open to everyone, while it runs. `asked` is what it was
 * started with.
 */
export function renewConfig(current: Config, asked: SettingMap, fresh: Served): RenewedConfig {
  const { tls, access } = fresh.config;
  const { certFile, keyFile, stateFolder, clientAuthorityFile } = tls;
  const { auth, authFile, tokens, anonymous } = access;
  const takesTls = kindOfTls(tls) === kindOfTls(current.tls);
  const takesAuthority = takesTls && (clientAuthorityFile === null) === (current.tls.clientAuthorityFile === null);
  const takesAccess = givesRights(access) === givesRights(current.access);
  const config = {
    ...current,
    tls: {
      ...current.tls,
      ...(takesTls ? { certFile, keyFile, stateFolder } : {}),
      ...(takesAuthority ? { clientAuthorityFile } : {}),
    },
    access: takesAccess ? { ...current.access, auth, authFile, tokens, anonymous } : current.access,
  };
  const taken = [
    ...(takesTls ? RENEWABLE_TLS : []),
    ...(takesAuthority ? [TLS_FLAGS.clientAuthorityFile] : []),
    ...(takesAccess ? RENEWABLE_ACCESS : []),
  ].map(({ flag }) => flag);
  const changed = [...fresh.settings].filter(([flag, setting]) => hasChanged(asked.get(flag), setting));
  return { config, waiting: changed.map(([flag]) => flag).filter((flag) => !taken.includes(flag)) };
}

function kindOfTls({ selfSigned, certFile }: Config["tls"]): "plain" | "made" | "given" {
  if (selfSigned) return "made";
  return certFile === null ? "plain" : "given";
}

/** In the file: what another setting brings about is no change of its own. */
function hasChanged(before: Setting | undefined, after: Setting): boolean {
  const isOfFile = before?.source.kind === "file" || after.source.kind === "file";
  return isOfFile && !Bun.deepEquals(before?.value, after.value);
}
