// Every endpoint for tests of HTTP clients, by its path: httpbin's, and some more. There are none without `--testing`.

import { fieldValue, type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import type { Resource, Routes } from "../http/routes.ts";
import { askBasic, askBasicHidden, askBearer } from "./basic-auth.ts";
import { createDelay, createDrip, createRange, sendBytes, streamBytes, streamLines } from "./byte-streams.ts";
import { cacheFor, createCache, createEtag } from "./caching.ts";
import { CODINGS, sendCoded } from "./content-codings.ts";
import { deleteCookies, setCookie, setCookies, showCookies } from "./cookies.ts";
import { askDigest } from "./digest-auth.ts";
import { DOCUMENTS } from "./documents.ts";
import { createPings } from "./event-stream.ts";
import { chooseImage, sendImage } from "./images.ts";
import { showAnything, showBody, showGet, showHeaders, showOrigin, showUserAgent } from "./inspection.ts";
import { RAW_PATH, showRaw } from "./raw-request.ts";
import { createRedirectTo, redirect, redirectAbsolute, redirectRelative } from "./redirects.ts";
import { sendFields } from "./response-fields.ts";
import { beginLinks, decodeBase64, sendLinks, sendUuid } from "./small-answers.ts";
import { answerStatus } from "./status-choice.ts";
import { SYSTEM_TIMER, type Timer } from "./timer.ts";
import { createWebSocketEcho } from "./websocket-echo.ts";
import { sendTrailers } from "./trailers.ts";
import { dumpRequest, takeUpload } from "./uploads.ts";

/** What the endpoints need to know of a run. */
export interface TestingOptions {
  /** Host names in lower case that redirects may lead to, beside loopback names. */
  readonly allowedHosts: readonly string[];
  readonly timer?: Timer;
}

/** How long a browser remembers what it may send. */
const PREFLIGHT_SECONDS = 3600;

/**
 * What is sent back is what anybody asked for, from the origin that may hold the user's folder: it runs as a stranger
 * there. Any page may read it, since it holds nothing of the user's.
 */
const STRANGER_LINES = "Content-Security-Policy: sandbox allow-forms\r\nAccess-Control-Allow-Origin: *\r\n";

/** The rows. */
export function createTestingRoutes({ allowedHosts, timer = SYSTEM_TIMER }: TestingOptions): Routes {
  const redirectTo = createRedirectTo(allowedHosts);
  const delay = createDelay(timer);
  const rows = {
    "/get": get(showGet),
    "/post": { POST: showBody },
    "/put": { PUT: showBody },
    "/patch": { PATCH: showBody },
    "/delete": { DELETE: showBody },
    "/anything": { ...anyMethod(showAnything), QUERY: showAnything },
    "/anything/{rest}": { rest: "decoded", ...anyMethod(showAnything), QUERY: showAnything },
    "/headers": get(showHeaders),
    "/ip": get(showOrigin),
    "/user-agent": get(showUserAgent),
    "/dump/request": anyMethod(dumpRequest),
    [RAW_PATH]: anyMethod(showRaw),
    "/upload": { POST: takeUpload, PUT: takeUpload },

    "/cookies": get(showCookies),
    "/cookies/set": get(setCookies),
    "/cookies/set/{name}/{value}": get(setCookie),
    "/cookies/delete": get(deleteCookies),

    "/status/{codes}": anyMethod(answerStatus),
    "/redirect/{n}": get(redirect),
    "/relative-redirect/{n}": get(redirectRelative),
    "/absolute-redirect/{n}": get(redirectAbsolute),
    "/redirect-to": anyMethod(redirectTo),
    "/response-headers": { GET: sendFields, POST: sendFields },

    "/delay/{seconds}": anyMethod(delay),
    "/drip": get(createDrip(timer)),
    "/bytes/{n}": get(sendBytes),
    "/stream-bytes/{n}": get(streamBytes),
    "/stream/{n}": get(streamLines),
    "/range/{n}": get(createRange(timer)),
    "/sse": get(createPings(timer)),
    "/websocket/echo": get(createWebSocketEcho(timer)),

    "/trailers": get(sendTrailers),

    "/cache": get(createCache(timer)),
    "/cache/{n}": get(cacheFor),
    "/etag/{etag}": get(createEtag(timer)),

    "/gzip": get(sendCoded(CODINGS.gzip)),
    "/deflate": get(sendCoded(CODINGS.deflate)),
    "/brotli": get(sendCoded(CODINGS.brotli)),
    "/zstd": get(sendCoded(CODINGS.zstd)),

    "/basic-auth/{user}/{password}": get(askBasic),
    "/hidden-basic-auth/{user}/{password}": get(askBasicHidden),
    "/bearer": get(askBearer),
    "/digest-auth/{qop}/{user}/{password}": get(askDigest),
    "/digest-auth/{qop}/{user}/{password}/{algorithm}": get(askDigest),
    "/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale}": get(askDigest),

    "/uuid": get(sendUuid),
    "/base64/{value}": { rest: "decoded", ...get(decodeBase64) },
    "/links/{n}": get(beginLinks),
    "/links/{n}/{offset}": get(sendLinks),
    "/image": get(chooseImage),
    "/image/{kind}": get(sendImage),
    ...Object.fromEntries(Object.entries(DOCUMENTS).map(([path, send]) => [path, get(send)])),
  } satisfies Record<string, Omit<Resource, "access">>;
  return Object.fromEntries(Object.entries(rows).map(([path, row]) => [path, asStranger(row)]));
}

function get(handler: Handler): { readonly GET: Handler } {
  return { GET: handler };
}

/** TRACE too, as httpbin has it: no browser sends that. */
function anyMethod(handler: Handler): { readonly "*": Handler; readonly TRACE: Handler } {
  return { "*": handler, TRACE: handler };
}

/** A public row whose answers may not act as the server's own, and which pages of any origin may ask for. */
function asStranger(row: Omit<Resource, "access">): Resource {
  const handlers = Object.entries(row).filter((entry): entry is [string, Handler] => typeof entry[1] === "function");
  const disowned = handlers.map(([method, handler]) => [method, disown(handler)]);
  return { ...row, ...Object.fromEntries(disowned), OPTIONS: disown(preflight), access: "public" };
}

function disown(handler: Handler): Handler {
  return (request, ...parameters) => {
    const reply = handler(request, ...parameters);
    return reply instanceof Promise ? reply.then(finished) : finished(reply);
  };
}

function finished(reply: HttpResponse): HttpResponse {
  return reply.appendLines(STRANGER_LINES);
}

/** What a page may send beside what it may anyway (the Fetch standard, "CORS-preflight request"): whatever it asks for. */
function preflight({ route, fields }: HttpRequest): HttpResponse {
  const methods = [...(route?.methods ?? [])].join(", ");
  const reply = new HttpResponse(204).append("Allow", methods);
  if (fields.get("access-control-request-method") === undefined) return reply;
  reply.append("Access-Control-Allow-Methods", methods).append("Access-Control-Max-Age", PREFLIGHT_SECONDS);
  const wanted = fields.get("access-control-request-headers");
  return wanted === undefined ? reply : reply.append("Access-Control-Allow-Headers", fieldValue(wanted));
}
