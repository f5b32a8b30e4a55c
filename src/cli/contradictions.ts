// Settings that cannot be meant together, each a sentence that says which one to leave out.

import { hasPort } from "../http/unix-host.ts";
import type { ACCESS_FLAGS } from "./access-flags.ts";
import type { FILE_FLAGS, Settings } from "./flags.ts";
import { isSecure, type TLS_FLAGS } from "./tls-flags.ts";
import { UsageError } from "./usage-error.ts";

/** The settings that depend on each other. */
export interface Dependent {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly tls: Settings<typeof TLS_FLAGS>;
  readonly access: Settings<typeof ACCESS_FLAGS>;
  readonly files: Settings<typeof FILE_FLAGS>;
}

/** Null when there is none. `isSet` knows whether somebody set a flag, rather than left it at its default. */
export function findContradiction(settings: Dependent, isSet: (flag: string) => boolean): UsageError | null {
  return (
    findTlsContradiction(settings) ??
    findProxyContradiction(settings) ??
    findFileContradiction(settings.files, isSet("on-duplicate"))
  );
}

function both(one: string, other: string): UsageError {
  return new UsageError(`--${one} and --${other} contradict each other; leave one out.`);
}

/** What makes no connection secure would be taken for something that does. */
function findTlsContradiction({ tls, hosts, port }: Dependent): UsageError | null {
  const { selfSigned, certFile, keyFile, stateFolder, clientAuthorityFile, redirectPort, hstsMs } = tls;
  if (selfSigned && certFile !== null) return both("tls", "tls-cert");
  if (keyFile !== null && certFile === null) return new UsageError("--tls-key needs --tls-cert.");
  if (stateFolder !== null && !selfSigned) return new UsageError("--tls-state needs --tls self-signed.");
  if (isSecure(tls)) {
    if (redirectPort === null) return null;
    if (!hosts.some(hasPort))
      return new UsageError("--https-redirect needs a --host with a port, and unix sockets have none.");
    return port === 0 ? new UsageError("--https-redirect needs a --port to send people to, not 0.") : null;
  }
  const named = { "tls-client-ca": clientAuthorityFile, "https-redirect": redirectPort, hsts: hstsMs };
  const idle = Object.entries(named).find(([, value]) => value !== null)?.[0];
  return idle === undefined ? null : new UsageError(`--${idle} needs HTTPS: --tls self-signed, or --tls-cert FILE.`);
}

/** Who may say for whom he comes must be known: the header of anybody would be anybody's address. */
function findProxyContradiction({ access }: Dependent): UsageError | null {
  if (!access.proxyProtocol || access.trustedProxies.length > 0) return null;
  return new UsageError("--proxy-protocol needs --trusted-proxies: the addresses whose PROXY headers count.");
}

function findFileContradiction(files: Dependent["files"], isWaySet: boolean): UsageError | null {
  if (files.readOnly && files.uploadOnly) return both("read-only", "upload-only");
  if (files.readOnly && files.allowDelete) return both("read-only", "allow-delete");
  if (files.readOnly && files.evictBytes !== null) return both("read-only", "evict");
  if (files.readOnly && files.expireMs !== null) return both("read-only", "expire");
  if (files.evictBytes !== null && files.quotaBytes !== null && files.quotaBytes < files.evictBytes)
    return new UsageError("--quota below --evict would refuse uploads before anything goes; leave one out.");
  if (files.uploadOnly && files.allowDelete) return both("upload-only", "allow-delete");
  if (!files.uploadOnly || !isWaySet || files.onDuplicate === "rename") return null;
  return new UsageError(
    `--upload-only always renames; leave out --on-duplicate ${files.onDuplicate}, which would tell which names exist.`,
  );
}
