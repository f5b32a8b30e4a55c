// Basic and Bearer authentication (RFC 7617, RFC 6750) with the names that the client itself puts into the path.

import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { empty, jsonReply } from "./replies.ts";
import { statusReply } from "./status-choice.ts";

/** GET `/basic-auth/{user}/{password}`: 401 with a challenge unless both are sent. */
export function askBasic(request: HttpRequest, user: string, password: string): HttpResponse {
  return hasBasic(request, user, password) ? welcome(user) : statusReply(401);
}

/** GET `/hidden-basic-auth/{user}/{password}`: 404 without a challenge. */
export function askBasicHidden(request: HttpRequest, user: string, password: string): HttpResponse {
  return hasBasic(request, user, password) ? welcome(user) : empty(404);
}

/** GET `/bearer`: takes any token. */
export function askBearer({ fields }: HttpRequest): HttpResponse {
  const token = /^Bearer +(?<token>[A-Za-z0-9\-._~+/]+=*)$/i.exec(fields.get("authorization") ?? "")?.groups?.["token"];
  if (token === undefined) return empty(401).append("WWW-Authenticate", "Bearer");
  return jsonReply({ authenticated: true, token });
}

/** The answer to whoever is who the path says. The user is one char per byte. */
export function welcome(user: string): HttpResponse {
  return jsonReply({ authenticated: true, user: Buffer.from(user, "latin1").toString() });
}

/** The path is one char per byte, and so is what base64 holds. */
function hasBasic({ fields }: HttpRequest, user: string, password: string): boolean {
  const sent = /^Basic +(?<credentials>[A-Za-z0-9+/]+={0,2})$/i.exec(fields.get("authorization") ?? "");
  if (sent === null) return false;
  return Buffer.from(sent.groups!["credentials"]!, "base64").toString("latin1") === `${user}:${password}`;
}
