// `/status/{codes}`: an answer of the status that the client asks for, or of one among several by their weights.

import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { allowsBody } from "../http/status.ts";
import { Arguments } from "./arguments.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import { badRequest, empty } from "./replies.ts";

/** A status and how much of all chance it has. */
interface Choice {
  readonly status: number;
  readonly weight: number;
}

const CHOICE = /^ *(?<status>[2-5]\d\d) *(?:: *(?<weight>\d{1,9}(?:\.\d{0,9})?) *)?$/;

/** The choices that `200`, `200,500` or `200:3,500:1` offers; null when it is none, or nothing has a chance. */
export function parseStatusChoices(codes: string): readonly Choice[] | null {
  const choices: Choice[] = [];
  for (const text of codes.split(",")) {
    const match = CHOICE.exec(text);
    if (match === null) return null;
    const { status, weight = "1" } = match.groups!;
    choices.push({ status: Number(status), weight: Number(weight) });
  }
  return choices.some(({ weight }) => weight > 0) ? choices : null;
}

/** The choice for a number from 0 up to 1. */
export function chooseStatus(choices: readonly Choice[], fraction: number): number {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  let left = fraction * total;
  for (const { status, weight } of choices) {
    if (left < weight) return status;
    left -= weight;
  }
  // A fraction next to 1 may be rounded up to the total.
  return choices.findLast(({ weight }) => weight > 0)!.status;
}

/** Any method. */
export function answerStatus(request: HttpRequest, codes: string): HttpResponse {
  const choices = parseStatusChoices(codes);
  if (choices === null) return badRequest("Invalid status code: give one from 200 to 599, or several as 200:3,500:1.");
  const { seed } = new Arguments(request);
  return statusReply(chooseStatus(choices, seed === null ? Math.random() : new MersenneTwister(seed).fraction()));
}

const TEAPOT = `
    -=[ teapot ]=-

       _...._
     .'  _ _ \`.
    | ."\` ^ \`". _,
    \\_;\`"---"\`|//
      |       ;/
      \\_     _/
        \`"""\`
`;

/** What `/image` can be, as the answer 406 names it. */
const IMAGE_TYPES = ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"];
const NOT_ACCEPTABLE = JSON.stringify({
  message: "Client did not request a supported media type.",
  accept: IMAGE_TYPES,
});

/** The answer of a status: most have no content, some have what a client will look for. */
export function statusReply(status: number): HttpResponse {
  if (!allowsBody(status)) return new HttpResponse(status);
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 305:
    case 307:
    case 308:
      return empty(status).append("Location", "/redirect/1");
    case 401:
      return empty(status).append("WWW-Authenticate", 'Basic realm="Fake Realm"');
    case 402:
      return textOf(status, "Pay me!\n");
    case 406:
      return new HttpResponse(status, NOT_ACCEPTABLE).append("Content-Type", "application/json");
    case 407:
      return empty(status).append("Proxy-Authenticate", 'Basic realm="Fake Realm"');
    case 418:
      return textOf(status, TEAPOT).append("X-More-Info", "https://www.rfc-editor.org/rfc/rfc2324");
    default:
      return empty(status);
  }
}

function textOf(status: number, text: string): HttpResponse {
  return new HttpResponse(status, text).append("Content-Type", "text/plain");
}
