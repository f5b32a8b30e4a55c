// `/-/requests`: what the recorder has kept, at once, when enough has come, or as it comes.

import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import type { Resource, Routes } from "../http/routes.ts";
import { Arguments } from "./arguments.ts";
import { maySeeSecrets, refuseStranger } from "./insiders.ts";
import { eventStreamReply, formatEvent } from "./event-stream.ts";
import { quoteJson, printJson } from "./json-text.ts";
import { MOST_GLOB_CHARS } from "./path-glob.ts";
import { showExchange } from "./recorded-exchange.ts";
import type { ExchangeFilter, ExchangeStore, Found, Pending } from "./recorder.ts";
import { badRequest, jsonReply } from "./replies.ts";
import { requestsPage } from "./requests-page.ts";
import type { Timer } from "./timer.ts";

const MOST_WAIT_MS = 60_000;
const MOST_COUNT = 1_000_000;
/** How often a client that waits is looked at, whether it is still there; a stream says something meanwhile. */
const LOOK_MS = 500;
const STREAM_SILENCE_MS = 15_000;

/** The rows. What was recorded may hold secrets of whoever sent it. */
export function createRecorderRoutes(store: ExchangeStore, timer: Timer): Routes {
  const rows: Record<string, Resource> = {
    "/-/requests": { GET: (request) => find(request, store, timer), DELETE: () => forget(store) },
    "/-/requests/stream": { GET: (request) => follow(request, store) },
    "/-/requests.html": { GET: requestsPage },
  };
  return Object.fromEntries(Object.entries(rows).map(([path, row]) => [path, forInsiders(row)]));
}

function forInsiders(row: Resource): Resource {
  const guarded = Object.entries(row).map(([method, handler]) => {
    return [method, (request: HttpRequest) => refuseStranger(request) ?? handler(request)];
  });
  return Object.fromEntries(guarded) as Resource;
}

/** GET, `?path=&method=&status=&since=&wait=&count=&secrets=1`: 408 when fewer have come in the time. */
async function find(request: HttpRequest, store: ExchangeStore, timer: Timer): Promise<HttpResponse> {
  const asked = new Arguments(request);
  const filter = filterOf(asked);
  if (filter === null)
    return badRequest(`A path's pattern has at most ${MOST_GLOB_CHARS} chars, a status three digits.`);
  const waitMs = asked.duration("wait", 0, MOST_WAIT_MS);
  const count = asked.count("count", waitMs === 0 ? 0 : 1, 0, MOST_COUNT);
  const found = await whilePresent(store.ask({ filter, count, waitMs, most: Infinity }), request, timer);
  if (found === null) return tooManyWait();
  const exchanges = found.exchanges.map((exchange) => showExchange(exchange, asksForSecrets(request, asked)));
  return jsonReply(exchanges, found.isComplete ? 200 : 408).append("Cache-Control", "no-store");
}

function asksForSecrets(request: HttpRequest, asked: Arguments): boolean {
  return asked.text("secrets") === "1" && maySeeSecrets(request);
}

/** Null when a part of it is none. */
function filterOf(asked: Arguments): ExchangeFilter | null {
  const path = asked.text("path");
  const method = asked.text("method");
  const status = asked.text("status");
  if ((path?.length ?? 0) > MOST_GLOB_CHARS || !/^(?:\d{3})?$/.test(status ?? "")) return null;
  return {
    since: asked.count("since", 0, 0, Number.MAX_SAFE_INTEGER),
    ...(path === undefined || path === "" ? {} : { path: Buffer.from(path).toString("latin1") }),
    ...(method === undefined || method === "" ? {} : { method }),
    ...(status === undefined || status === "" ? {} : { status: Number(status) }),
  };
}

/** The answer to come; a client that has left waits for nothing. */
async function whilePresent({ found, cancel }: Pending, { peer }: HttpRequest, timer: Timer): Promise<Found | null> {
  let stop = (): void => {};
  const look = (): void => {
    if (peer.hasLeft) return cancel();
    stop = timer.start(LOOK_MS, look);
  };
  look();
  const answer = await found;
  stop();
  return answer;
}

function tooManyWait(): HttpResponse {
  return plainText("Too many clients wait for requests already; try again in a moment.\n", 503).append(
    "Retry-After",
    1,
  );
}

/** DELETE. */
function forget(store: ExchangeStore): HttpResponse {
  store.clear();
  return new HttpResponse(204);
}

/** GET: each exchange as an event. A client that comes back says in Last-Event-ID which it had last. */
function follow(request: HttpRequest, store: ExchangeStore): HttpResponse {
  const asked = new Arguments(request);
  const filter = filterOf(asked);
  if (filter === null)
    return badRequest(`A path's pattern has at most ${MOST_GLOB_CHARS} chars, a status three digits.`);
  const last = request.fields.get("last-event-id") ?? "";
  const since = /^\d{1,15}$/.test(last) ? Number(last) : filter.since!;
  const source = new ExchangeEvents(store, { ...filter, since }, asksForSecrets(request, asked));
  return eventStreamReply(new HttpResponse(200, source));
}

/** Exchanges as events, as they come. */
class ExchangeEvents implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #store: ExchangeStore;
  readonly #withSecrets: boolean;
  #filter: ExchangeFilter;
  #hasGreeted = false;
  #cancel = (): void => {};

  constructor(store: ExchangeStore, filter: ExchangeFilter, withSecrets: boolean) {
    this.#store = store;
    this.#filter = filter;
    this.#withSecrets = withSecrets;
  }

  read(): Uint8Array | Promise<Uint8Array | null> {
    if (this.#hasGreeted) return this.#next();
    this.#hasGreeted = true;
    return Buffer.from(": these are the requests\n\n");
  }

  close(): void {
    this.#cancel();
  }

  async #next(): Promise<Uint8Array | null> {
    const pending = this.#store.ask({ filter: this.#filter, count: 1, waitMs: STREAM_SILENCE_MS, most: 1 });
    this.#cancel = pending.cancel;
    const found = await pending.found;
    if (found === null) return null;
    const [first] = found.exchanges;
    // A comment now and then tells a client that is gone from one that waits.
    if (first === undefined) return Buffer.from(": still here\n\n");
    this.#filter = { ...this.#filter, since: first.id };
    const text = [...printJson(showExchange(first, this.#withSecrets))].join("");
    return Buffer.from(formatEvent("request", String(first.id), quoteJson(JSON.parse(text))));
  }
}
