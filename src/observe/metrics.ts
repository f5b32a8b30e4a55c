// Counts what is exchanged. Bounded whatever clients send: methods, routes and reasons come from tables, and what is in
// none of them is counted as one other.

import { INCOMPLETE_BODY, type Refusal } from "../http/refusal.ts";
import type { Meters } from "./meters.ts";
import {
  DURATION,
  METHODS,
  MetricsMemory,
  MOST_ROUTES,
  REQUEST_SIZE,
  RESPONSE_SIZE,
  type UPLOAD_FAULTS,
} from "./metrics-memory.ts";
import type { ExchangeObserver, ExchangeRecord } from "./observer.ts";

const MS_PER_SECOND = 1000;
const OTHER_METHOD = METHODS.length - 1;
const METHOD_NUMBERS = new Map(METHODS.slice(0, -1).map((method, number) => [method, number]));
const UPLOAD_ROUTE = "/files/";

type UploadFault = (typeof UPLOAD_FAULTS)[number];

const UPLOAD_FAULTS_OF: Readonly<Record<number, UploadFault>> = {
  400: "malformed",
  411: "malformed",
  415: "malformed",
  401: "forbidden",
  403: "forbidden",
  421: "forbidden",
  409: "conflict",
  412: "precondition",
  413: "too_large",
  408: "too_slow",
  507: "no_space",
};

/** The numbers of this process, from what it is told. */
export class Metrics implements ExchangeObserver, Meters {
  readonly wantsAll = true;
  readonly memory: MetricsMemory;
  #routes: ReadonlyMap<string, number> = new Map();
  #connections = 0;
  /** Requests come in crowds of the same kind. */
  #lastRoute: string | null = null;
  #lastMethod = "";
  #lastSlot = 0;

  constructor(memory: MetricsMemory) {
    this.memory = memory;
  }

  /** The rows of the route table: in one order in all processes that share their numbers. */
  set routes(paths: readonly string[]) {
    this.#routes = new Map(paths.map((path, i) => [path, Math.min(i + 1, MOST_ROUTES - 1)]));
    this.#lastRoute = null;
  }

  connected(): void {
    this.#connections += 1;
    this.memory.add("connections_opened", 1);
    this.memory.set("connections", this.#connections);
  }

  disconnected(): void {
    this.#connections -= 1;
    this.memory.set("connections", this.#connections);
  }

  exchange(record: ExchangeRecord): void {
    const { memory } = this;
    const { status, requestBytes, bodyBytes } = record;
    if (record.route !== this.#lastRoute || record.method !== this.#lastMethod) this.#findSlot(record);
    memory.countRequest(this.#lastSlot + (status < 600 ? (status / 100) | 0 : 0));
    memory.observe(DURATION, record.durationMs / MS_PER_SECOND);
    memory.observe(REQUEST_SIZE, requestBytes);
    memory.observe(RESPONSE_SIZE, bodyBytes);
    if (requestBytes > 0) memory.add("received_bytes", requestBytes);
    if (bodyBytes > 0) memory.add("sent_bytes", bodyBytes);
    if (record.method === "PUT" || record.method === "POST") this.#countUpload(record);
  }

  hotFile(isHit: boolean): void {
    this.memory.add(isHit ? "hot_file_hits" : "hot_file_misses", 1);
  }

  evicted(files: number, bytes: number): void {
    this.memory.add("evicted_files", files);
    this.memory.add("evicted_bytes", bytes);
  }

  #findSlot({ route, method }: ExchangeRecord): void {
    this.#lastRoute = route;
    this.#lastMethod = method;
    const routeNumber = this.#routes.get(route) ?? 0;
    this.#lastSlot = MetricsMemory.requestSlot(routeNumber, METHOD_NUMBERS.get(method) ?? OTHER_METHOD);
  }

  #countUpload({ route, status, refusal }: ExchangeRecord): void {
    if (!route.startsWith(UPLOAD_ROUTE)) return;
    if (status >= 200 && status < 400) return this.memory.add("uploads", 1);
    this.memory.add(`upload_fault_${uploadFault(status, refusal)}`, 1);
  }
}

function uploadFault(status: number, refusal: Refusal | null): UploadFault {
  // Most that leave end their half of the connection first, and get an answer that they do not hear.
  if (refusal === INCOMPLETE_BODY || (status === 0 && refusal === null)) return "client_left";
  const told = status || (refusal?.status ?? 0);
  return UPLOAD_FAULTS_OF[told] ?? (told >= 500 ? "server" : "other");
}
