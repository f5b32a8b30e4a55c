// Who may read what others sent, and set what they get.

import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** A client on this machine, or one that authentication knows. */
export function isInsider({ peer, user }: HttpRequest): boolean {
  return user !== "" || peer.address === "" || peer.address === "::1" || peer.address.startsWith("127.");
}

/** The answer to everybody else. */
export function refuseStranger(): HttpResponse {
  return plainText("Only clients on this machine, or with a name and a password, may see and set this.\n", 403);
}
