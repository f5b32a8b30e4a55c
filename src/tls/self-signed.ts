// A certificate that nobody vouches for, for servers that nobody else names: TLS without ceremony in a LAN. People
// compare its fingerprint, or give it to their client.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { ipBytes } from "../http/ip-address.ts";
import {
  bitString,
  booleanTrue,
  contextual,
  type Der,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  time,
  utf8String,
} from "./der.ts";
import type { TlsIdentity } from "./identity.ts";

/** What the certificate speaks for. */
export interface SubjectNames {
  /** In lower case, without a final dot. */
  readonly hosts: readonly string[];
  /** IPv4 and IPv6, without a zone. */
  readonly addresses: readonly string[];
}

/** Devices in a LAN are not always on time. */
const HEAD_START_MS = 24 * 60 * 60 * 1000;
/** Apple's systems accept 825 days at most, also of certificates that their user trusts. */
const LIFETIME_MS = 820 * 24 * 60 * 60 * 1000;
const SERIAL_BYTES = 16;
const LONGEST_COMMON_NAME = 64;

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_ALT_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
/** The tags of a `GeneralName` (RFC 5280 4.2.1.6). */
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const VERSION_3 = Buffer.of(2);
/** The first bit of `KeyUsage`; the other seven are not there. */
const DIGITAL_SIGNATURE = bitString(Buffer.of(0x80), 7);

/** A new P-256 key, PEM (PKCS #8). */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** A certificate of this P-256 key for these names, at least one, valid from a day before `now` (milliseconds since 1970). */
export function signSelf(key: string, commonName: string, names: SubjectNames, now: number): TlsIdentity {
  const privateKey = createPrivateKey(key);
  const spki = createPublicKey(privateKey as KeyObject).export({ type: "spki", format: "der" });
  const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
  const name = distinguishedName(commonName);
  const toBeSigned = sequence(
    tagged(0, integer(VERSION_3)),
    integer(makeSerial()),
    algorithm,
    name,
    sequence(time(new Date(now - HEAD_START_MS)), time(new Date(now - HEAD_START_MS + LIFETIME_MS))),
    name,
    spki,
    tagged(3, extensions(names, spki)),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  return { cert: pemOf(sequence(toBeSigned, algorithm, bitString(signature))), key };
}

/** RFC 5280 4.1.2.2: positive, and not more than 20 bytes. */
function makeSerial(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

function distinguishedName(commonName: string): Der {
  const text = [...commonName].slice(0, LONGEST_COMMON_NAME).join("");
  return sequence(setOf(sequence(objectIdentifier(COMMON_NAME), utf8String(text))));
}

/** No authority, and for nothing but servers: whoever trusts it trusts it for its own names only. */
function extensions(names: SubjectNames, spki: Buffer): Der {
  return sequence(
    extension(BASIC_CONSTRAINTS, sequence(), true),
    extension(KEY_USAGE, DIGITAL_SIGNATURE, true),
    extension(EXTENDED_KEY_USAGE, sequence(objectIdentifier(SERVER_AUTH)), false),
    extension(SUBJECT_KEY_IDENTIFIER, octetString(createHash("sha1").update(spki).digest()), false),
    extension(SUBJECT_ALT_NAME, alternativeNames(names), false),
  );
}

function extension(identifier: string, value: Der, isCritical: boolean): Der {
  const critical = isCritical ? [booleanTrue()] : [];
  return sequence(objectIdentifier(identifier), ...critical, octetString(value));
}

function alternativeNames({ hosts, addresses }: SubjectNames): Der {
  return sequence(
    ...hosts.map((host) => contextual(DNS_NAME, Buffer.from(host, "latin1"))),
    ...addresses.map((address) => contextual(IP_ADDRESS, Buffer.from(ipBytes(address) ?? []))),
  );
}

function pemOf(der: Der): string {
  const lines = der
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
