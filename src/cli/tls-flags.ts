// The settings of HTTPS, as rows.

import { type FlagRow, optional, path, PLAIN } from "./flag-row.ts";
import { LONGEST_AGE_MS, readCount, readDuration, Unreadable } from "./quantity.ts";

const HIGHEST_PORT = 65535;

/** How connections are made secure; plain ones when nothing is set. */
export const TLS_FLAGS = {
  /** True for a certificate of our own. */
  selfSigned: {
    ...PLAIN,
    group: "HTTPS",
    flag: "tls",
    placeholder: "self-signed",
    words: ["self-signed"],
    help: "HTTPS with a certificate that is made at the start",
    shownPreset: "",
    preset: false,
    read: (text: string) => text === "self-signed" || new Unreadable("self-signed (other certificates: --tls-cert)"),
  } as FlagRow<boolean>,
  certFile: path("HTTPS", "tls-cert", "FILE", "HTTPS with this certificate and its chain (PEM); read again at SIGHUP"),
  keyFile: path("HTTPS", "tls-key", "FILE", "its private key (PEM); the file of the certificate if left out"),
  stateFolder: path("HTTPS", "tls-state", "DIR", "keep the self-signed certificate there, so that it stays the same"),
  clientAuthorityFile: path("HTTPS", "tls-client-ca", "FILE", "let in only clients with certificates of these (PEM)"),
  redirectPort: optional("HTTPS", "https-redirect", "PORT", null, "plain port that sends everybody to HTTPS", (text) =>
    readCount(text, 1, HIGHEST_PORT),
  ),
  hstsMs: optional("HTTPS", "hsts", "TIME", null, "browsers use HTTPS only for this long; a year is 8760h", (text) =>
    readDuration(text, 0, LONGEST_AGE_MS),
  ),
} as const;

/** True when connections are made secure. */
export function isSecure(tls: { readonly selfSigned: boolean; readonly certFile: string | null }): boolean {
  return tls.selfSigned || tls.certFile !== null;
}
