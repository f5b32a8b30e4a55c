// Who a server is to its TLS clients: a certificate with its chain, and the private key of the first. Plain strings, so
// that it travels to workers as it is.

import { createHash, createPrivateKey, X509Certificate } from "node:crypto";

/** A certificate and its key, known to belong together. */
export interface TlsIdentity {
  /** PEM: the server's own certificate first, then those that vouch for it. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
}

/** Why a certificate or key is of no use, as one line that says what to do. */
export class UnfitIdentity {
  readonly line: string;

  constructor(line: string) {
    this.line = line;
  }
}

/** Judges what two files hold; `certName` and `keyName` are how a person calls them. */
export function judgeIdentity(
  cert: string,
  key: string,
  certName: string,
  keyName: string,
): TlsIdentity | UnfitIdentity {
  const fault = judgeCertificates(cert, certName);
  if (fault !== null) return fault;
  const chain = certificatesOf(cert)!;
  const own = chain[0]!;
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key))
    return new UnfitIdentity(`${keyName} holds no PEM private key ("-----BEGIN PRIVATE KEY-----").`);
  if (isEncrypted(key))
    return new UnfitIdentity(
      `The key in ${keyName} is encrypted; "openssl pkey -in FILE -out NEW" writes one without a password.`,
    );
  const read = readKey(key);
  if (read === null) return new UnfitIdentity(`The key in ${keyName} cannot be read.`);
  if (own.checkPrivateKey(read)) return { cert, key };
  if (chain.some((other) => other.checkPrivateKey(read)))
    return new UnfitIdentity(`${certName} must begin with the server's own certificate; another one fits the key.`);
  return new UnfitIdentity(`The key in ${keyName} does not belong to the certificate in ${certName}.`);
}

/** Null when a text holds one certificate at least, and all that it holds can be read. */
export function judgeCertificates(pem: string, name: string): UnfitIdentity | null {
  const chain = certificatesOf(pem);
  if (chain === null) return new UnfitIdentity(`${name} holds a certificate that cannot be read.`);
  return chain.length > 0
    ? null
    : new UnfitIdentity(`${name} holds no PEM certificate ("-----BEGIN CERTIFICATE-----").`);
}

/** SHA-256 of the certificate, as browsers and openssl show it: upper case, with colons. */
export function fingerprintOf({ cert }: TlsIdentity): string {
  return new X509Certificate(cert).fingerprint256;
}

/** SHA-256 of the public key in the words of `curl --pinnedpubkey`: stays when the certificate is made anew. */
export function pinOf({ cert }: TlsIdentity): string {
  const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return `sha256//${createHash("sha256").update(spki).digest("base64")}`;
}

/** The first time at which clients do not accept it any more, in milliseconds since 1970. */
export function endOf({ cert }: TlsIdentity): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** Null when one of them cannot be read. */
function certificatesOf(pem: string): readonly X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return null;
  }
}

/** Two ways to say so: the label (RFC 5958), or a header of older files (RFC 1421). */
function isEncrypted(pem: string): boolean {
  return pem.includes("BEGIN ENCRYPTED PRIVATE KEY") || /^Proc-Type: *4, *ENCRYPTED/m.test(pem);
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
