// Digest authentication (RFC 7616) with the name and password that the client itself puts into the path.
//
// As with httpbin the server remembers nothing: which nonce was used last, and after how many requests it is stale, the
// client's cookies say.

import { parseParameters, splitList } from "../http/field-syntax.ts";
import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { Arguments, parseCount } from "./arguments.ts";
import { welcome } from "./basic-auth.ts";
import { keepBody } from "./body-memory.ts";
import { cookieLine, cookiesOf } from "./cookies.ts";
import { notKept } from "./inspection.ts";
import { empty, jsonReply } from "./replies.ts";

/** The hash of each algorithm of RFC 7616 3.2, and SHA-512, which httpbin has beside them. */
const HASHES = {
  MD5: "md5",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
  "SHA-512-256": "sha512-256",
} as const;
type Algorithm = keyof typeof HASHES;

const REALM = "Fake Realm";
const QOPS = ["auth", "auth-int"];
const FAKE_COOKIE = cookieLine("fake", "fake_value");

/** What a client proves itself with: the parameters of its Authorization field, by lower-case names. */
export type Credentials = ReadonlyMap<string, string>;

/** What the path asks for. */
interface Demand {
  /** Null: the client may choose. */
  readonly qop: string | null;
  readonly user: string;
  readonly password: string;
  readonly algorithm: Algorithm;
  readonly staleAfter: string;
}

/** GET `/digest-auth/{qop}/{user}/{password}[/{algorithm}[/{stale_after}]]`. */
export async function askDigest(
  request: HttpRequest,
  qop: string,
  user: string,
  password: string,
  algorithm = "MD5",
  staleAfter = "never",
): Promise<HttpResponse> {
  const body = await keepBody(request);
  if (typeof body === "string") return notKept(body);
  const demand: Demand = {
    qop: QOPS.includes(qop) ? qop : null,
    user,
    password,
    algorithm: Object.hasOwn(HASHES, algorithm) ? (algorithm as Algorithm) : "MD5",
    staleAfter: parseCount(staleAfter) === null ? "never" : staleAfter,
  };
  const reply = judge(request, demand, body.bytes);
  body.release();
  return reply;
}

function judge(request: HttpRequest, demand: Demand, body: Uint8Array): HttpResponse {
  const credentials = parseCredentials(request.fields.get("authorization") ?? "");
  const wantsCookie = /^(?:1|t|true)$/i.test(new Arguments(request).text("require-cookie") ?? "");
  const cookies = cookiesOf(request);
  if (credentials === null || (wantsCookie && cookies.size === 0)) return challenge(demand, false);
  if (wantsCookie && cookies.get("fake") !== "fake_value")
    return jsonReply({ errors: ["missing cookie set on challenge"] }, 403).append("Set-Cookie", FAKE_COOKIE);
  const nonce = credentials.get("nonce") ?? "";
  const staleAfter = cookies.get("stale_after");
  const isUsed = cookies.get("last_nonce") === nonce || staleAfter === "0";
  if (isUsed || !proves(credentials, demand, request, body))
    return challenge(demand, isUsed).append("Set-Cookie", cookieLine("last_nonce", nonce));
  const reply = welcome(demand.user).append("Set-Cookie", FAKE_COOKIE);
  return staleAfter === undefined ? reply : reply.append("Set-Cookie", cookieLine("stale_after", oneLess(staleAfter)));
}

/** The parameters of `Digest …`; null for another scheme, or a malformed one. */
export function parseCredentials(authorization: string): Credentials | null {
  const scheme = /^Digest +/i.exec(authorization);
  if (scheme === null) return null;
  // A list of parameters (RFC 9110 11.4) is that of a media type with other marks between them.
  return parseParameters(`;${splitList(authorization.slice(scheme[0].length)).join(";")}`);
}

function challenge({ qop, algorithm, staleAfter }: Demand, isStale: boolean): HttpResponse {
  const qops = qop ?? QOPS.join(", ");
  const stale = isStale ? "TRUE" : "FALSE";
  return empty(401)
    .set(
      "WWW-Authenticate",
      `Digest realm="${REALM}", nonce="${randomHex()}", qop="${qops}", opaque="${randomHex()}", algorithm=${algorithm}, stale=${stale}`,
    )
    .append("Set-Cookie", cookieLine("stale_after", staleAfter))
    .append("Set-Cookie", FAKE_COOKIE);
}

function randomHex(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function oneLess(count: string): string {
  const value = parseCount(count);
  return value === null ? "never" : String(Math.max(0, value - 1));
}

function proves(credentials: Credentials, demand: Demand, { method, target }: HttpRequest, body: Uint8Array): boolean {
  const named = credentials.get("algorithm") ?? "MD5";
  const qop = credentials.get("qop") ?? null;
  return (
    named.toUpperCase() === demand.algorithm &&
    (demand.qop === null || qop === demand.qop) &&
    credentials.get("username") === demand.user &&
    credentials.get("uri") === target &&
    credentials.get("response") === digestResponse(credentials, demand.password, demand.algorithm, method, body)
  );
}

/** The `response` that these credentials should have had (RFC 7616 3.4.1); null when they lack something for it. */
export function digestResponse(
  credentials: Credentials,
  password: string,
  algorithm: Algorithm,
  method: string,
  body: Uint8Array,
): string | null {
  const hash = (text: string | Uint8Array): string => {
    const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
    return new Bun.CryptoHasher(HASHES[algorithm]).update(bytes).digest("hex");
  };
  const value = (name: string): string => credentials.get(name) ?? "";
  const secret = hash(`${value("username")}:${value("realm")}:${password}`);
  switch (credentials.get("qop")) {
    case undefined:
      return hash(`${secret}:${value("nonce")}:${hash(`${method}:${value("uri")}`)}`);
    case "auth":
      return withCount(hash(`${method}:${value("uri")}`));
    case "auth-int":
      return withCount(hash(`${method}:${value("uri")}:${hash(body)}`));
    default:
      return null;
  }

  function withCount(act: string): string | null {
    if (!["nonce", "nc", "cnonce"].every((name) => credentials.has(name))) return null;
    return hash(`${secret}:${value("nonce")}:${value("nc")}:${value("cnonce")}:${value("qop")}:${act}`);
  }
}
