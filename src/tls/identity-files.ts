// Certificates and keys on the disk: those that a person names, and the one of our own that `--tls-state` keeps.

import { closeSync, existsSync, linkSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endOf, judgeCertificates, judgeIdentity, type TlsIdentity, UnfitIdentity } from "./identity.ts";

/** A chain of certificates takes some kilobytes. */
const MOST_PEM_BYTES = 1024 * 1024;
/** Some editors put it before everything; no PEM line begins with it. */
const BYTE_ORDER_MARK = /^\xef\xbb\xbf/;
const STATE_NAME = "self-signed.pem";
/** A kept certificate that ends so soon is made anew. */
const RENEWAL_MS = 30 * 24 * 60 * 60 * 1000;

/** Reads both; they may be the same file. A fault is one line that names the file. */
export function readIdentity(certFile: string, keyFile: string): TlsIdentity | UnfitIdentity {
  const cert = readPem(certFile);
  if (cert instanceof UnfitIdentity) return cert;
  const key = keyFile === certFile ? cert : readPem(keyFile);
  return key instanceof UnfitIdentity ? key : judgeIdentity(cert, key, certFile, keyFile);
}

/** Certificates that vouch for others; a fault is one line that names the file. */
export function readCertificates(file: string): string | UnfitIdentity {
  const pem = readPem(file);
  return pem instanceof UnfitIdentity ? pem : (judgeCertificates(pem, file) ?? pem);
}

/**
 * The identity that a folder keeps, so that its fingerprint stays from start to start; made by `make` when there is none
 * or it ends within 30 days of `now`, which is in milliseconds since 1970. Servers that begin at the same moment agree on
 * one. A fault is one line that names the file.
 */
export function keepIdentity(folder: string, make: () => TlsIdentity, now: number): TlsIdentity | UnfitIdentity {
  const file = join(folder, STATE_NAME);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (existsSync(file)) {
      const kept = readIdentity(file, file);
      if (kept instanceof UnfitIdentity || endOf(kept) - now > RENEWAL_MS) return kept;
      rmSync(file, { force: true });
    }
    publish(file, make());
    return readIdentity(file, file);
  } catch (error) {
    return new UnfitIdentity(`The folder of --tls-state cannot be used: ${(error as Error).message}.`);
  }
}

/** Whole or not at all, and never in the place of one that another server has just put there. */
function publish(file: string, { cert, key }: TlsIdentity): void {
  const draft = `${file}.${crypto.randomUUID()}`;
  writeFileSync(draft, key + cert, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A pipe, as shells give for `<(command)`, is read to its end. */
function readPem(file: string): string | UnfitIdentity {
  const bytes = Buffer.allocUnsafe(MOST_PEM_BYTES + 1);
  let length = 0;
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, "r");
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
  } catch (error) {
    return new UnfitIdentity(`${file} cannot be read: ${reasonOf(error)}.`);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
  if (length > MOST_PEM_BYTES) return new UnfitIdentity(`${file} is too large for a certificate or a key.`);
  return bytes.toString("latin1", 0, length).replace(BYTE_ORDER_MARK, "");
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "it is a folder";
    default:
      return (error as Error).message;
  }
}
