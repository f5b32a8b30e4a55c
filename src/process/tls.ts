// What this server shows to its TLS clients: read or made at the start, and again when it is told to look.

import { hostname } from "node:os";
import { isSecure } from "../cli/tls-flags.ts";
import type { Config } from "../config.ts";
import { hasPort } from "../http/unix-host.ts";
import { credentialsFault, type TlsCredentials } from "../net/tls-credentials.ts";
import { endOf, fingerprintOf, pinOf, type TlsIdentity, UnfitIdentity } from "../tls/identity.ts";
import { keepIdentity, readCertificates, readIdentity } from "../tls/identity-files.ts";
import { ownNames } from "../tls/own-names.ts";
import { makeKey, signSelf } from "../tls/self-signed.ts";
import { ownAddresses } from "./own-interfaces.ts";

/** What settings ask for, and what a person should know of it. */
export interface LoadedTls {
  /** Null when connections are plain. */
  readonly credentials: TlsCredentials | null;
  /** A sentence each. */
  readonly notes: readonly string[];
}

const PLAIN: LoadedTls = { credentials: null, notes: [] };
/** Before a certificate ends, there is time to get another one. */
const ENDS_SOON_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Reads the files that the settings name, or makes a certificate unless there is one already that nothing else keeps; a
 * fault is one line that says what to do.
 */
export function loadTls(config: Config, kept: TlsCredentials | null, now = Date.now()): LoadedTls | UnfitIdentity {
  const { tls, hosts, port } = config;
  const { certFile, keyFile, selfSigned, stateFolder, clientAuthorityFile } = tls;
  if (!isSecure(tls)) return PLAIN;
  const make = (): TlsIdentity => makeIdentity(config, now);
  const makeOnce = (): TlsIdentity => kept ?? make();
  const identity =
    certFile !== null
      ? readIdentity(certFile, keyFile ?? certFile)
      : stateFolder !== null
        ? keepIdentity(stateFolder, make, now)
        : makeOnce();
  if (identity instanceof UnfitIdentity) return identity;
  const clientAuthorities = clientAuthorityFile === null ? null : readCertificates(clientAuthorityFile);
  if (clientAuthorities instanceof UnfitIdentity) return clientAuthorities;
  const { cert, key } = identity;
  const credentials = { cert, key, clientAuthorities };
  const fault = credentialsFault(credentials);
  const shown = certFile ?? "our own certificate";
  if (fault !== null) return new UnfitIdentity(`No connection can be made secure with ${shown} (${fault}).`);
  const notes = [...(selfSigned ? pinNotes(identity, hosts, port) : []), ...endNotes(identity, now)];
  return { credentials, notes };
}

/** For all names by which this machine may be asked. */
function makeIdentity({ hosts, admission }: Config, now: number): TlsIdentity {
  const names = ownNames(ownAddresses(), [...hosts.filter(hasPort), ...admission.allowedHosts]);
  return signSelf(makeKey(), `mini-http on ${hostname()}`, names, now);
}

/** Nobody vouches for our own certificate: people compare it, or give it to their client. */
function pinNotes(identity: TlsIdentity, hosts: readonly string[], port: number): readonly string[] {
  const host = hosts.find(hasPort) ?? "localhost";
  const shown = host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "localhost" : host;
  const place = port === 0 || !hosts.some(hasPort) ? shown : `${shown}:${port}`;
  return [
    `The certificate is self-signed; its SHA-256 fingerprint is ${fingerprintOf(identity)}.`,
    `Clients that know it: curl --insecure --pinnedpubkey '${pinOf(identity)}' https://${place}/`,
  ];
}

function endNotes(identity: TlsIdentity, now: number): readonly string[] {
  const end = endOf(identity);
  if (end - now > ENDS_SOON_MS) return [];
  const day = new Date(end).toISOString().slice(0, 10);
  return [end > now ? `The certificate ends on ${day}.` : `The certificate has ended on ${day}: clients refuse it.`];
}
