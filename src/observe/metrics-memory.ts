// The numbers of one process, each at a fixed place, so that processes can share them: each writes its own, whoever is
// asked adds them up, and those of a process that has died are still there.

/** What no other method is counted as stands last. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "MKCOL", "MOVE", "TRACE", "other"];
/** By the first digit of a status; 0 is an exchange without an answer. */
export const STATUS_CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
/** More are counted as the last one. */
export const MOST_ROUTES = 128;

/** Why uploads fail, as people can act on it. */
export const UPLOAD_FAULTS = [
  "client_left",
  "malformed",
  "forbidden",
  "conflict",
  "precondition",
  "too_large",
  "too_slow",
  "no_space",
  "server",
  "other",
] as const;

export const COUNTERS = [
  "received_bytes",
  "sent_bytes",
  "connections_opened",
  "uploads",
  "hot_file_hits",
  "hot_file_misses",
  "evicted_files",
  "evicted_bytes",
  ...UPLOAD_FAULTS.map((fault) => `upload_fault_${fault}` as const),
] as const;
export type Counter = (typeof COUNTERS)[number];

/** What is so at this moment, and ends with the process. */
export const GAUGES = ["connections", "in_hand", "resident_bytes", "open_files", "started_at", "processes"] as const;
export type Gauge = (typeof GAUGES)[number];

/** Upper bounds, which are inclusive; one more bucket has the rest, and behind it stands the sum. */
const BOUNDS = {
  duration: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  request_size: [0, 256, 1024, 16_384, 262_144, 1_048_576, 16_777_216, 268_435_456, 1_073_741_824],
  response_size: [0, 256, 1024, 16_384, 262_144, 1_048_576, 16_777_216, 268_435_456, 1_073_741_824],
  loop_delay: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
} as const satisfies Record<string, readonly number[]>;
type Histogram = keyof typeof BOUNDS;

/** A histogram, and where it begins. */
export interface HistogramPlace {
  readonly bounds: readonly number[];
  readonly start: number;
}

const HISTOGRAM_SLOTS = 20;
const REQUEST_SLOTS = MOST_ROUTES * METHODS.length * STATUS_CLASSES.length;
const FIRST_COUNTER = REQUEST_SLOTS;
const FIRST_HISTOGRAM = FIRST_COUNTER + COUNTERS.length;
const FIRST_GAUGE = FIRST_HISTOGRAM + HISTOGRAM_SLOTS * Object.keys(BOUNDS).length;
const SLOT_BYTES = 8;

/** Of one process. */
export const METRICS_BYTES = SLOT_BYTES * (FIRST_GAUGE + GAUGES.length);

const COUNTER_SLOTS = slotsOf(COUNTERS, FIRST_COUNTER, 1);
const GAUGE_SLOTS = slotsOf(GAUGES, FIRST_GAUGE, 1);
const HISTOGRAM_SLOT = slotsOf(Object.keys(BOUNDS) as Histogram[], FIRST_HISTOGRAM, HISTOGRAM_SLOTS);

function placeOf(name: Histogram): HistogramPlace {
  return { bounds: BOUNDS[name], start: HISTOGRAM_SLOT[name] };
}

export const DURATION = placeOf("duration");
export const REQUEST_SIZE = placeOf("request_size");
export const RESPONSE_SIZE = placeOf("response_size");
export const LOOP_DELAY = placeOf("loop_delay");

function slotsOf<Name extends string>(names: readonly Name[], first: number, size: number): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, first + i * size])) as Record<Name, number>;
}

/** One process's numbers. Only that process writes them. */
export class MetricsMemory {
  readonly #slots: Float64Array;

  /** `bytes` are `METRICS_BYTES`, zero at first, and begin where a number may. */
  constructor(bytes: Uint8Array = new Uint8Array(METRICS_BYTES)) {
    this.#slots = new Float64Array(bytes.buffer, bytes.byteOffset, METRICS_BYTES / SLOT_BYTES);
  }

  /** Where the requests of a route and method are counted; the class of the status is added to it. */
  static requestSlot(route: number, method: number): number {
    return (route * METHODS.length + method) * STATUS_CLASSES.length;
  }

  countRequest(slot: number): void {
    this.#slots[slot]! += 1;
  }

  requests(slot: number): number {
    return this.#slots[slot]!;
  }

  add(counter: Counter, amount: number): void {
    this.#slots[COUNTER_SLOTS[counter]]! += amount;
  }

  counter(counter: Counter): number {
    return this.#slots[COUNTER_SLOTS[counter]]!;
  }

  set(gauge: Gauge, value: number): void {
    this.#slots[GAUGE_SLOTS[gauge]] = value;
  }

  gauge(gauge: Gauge): number {
    return this.#slots[GAUGE_SLOTS[gauge]]!;
  }

  observe({ bounds, start }: HistogramPlace, value: number): void {
    const slots = this.#slots;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    slots[start + bucket]! += 1;
    slots[start + bounds.length + 1]! += value;
  }

  /** How many are in each bucket alone, and the sum of all. */
  histogram({ bounds, start }: HistogramPlace): { readonly counts: readonly number[]; readonly sum: number } {
    const buckets = bounds.length + 1;
    return { counts: [...this.#slots.subarray(start, start + buckets)], sum: this.#slots[start + buckets]! };
  }

  /** The process is gone: what it counted stays, what was so at a moment does not. */
  endProcess(): void {
    this.#slots.fill(0, FIRST_GAUGE);
  }
}
