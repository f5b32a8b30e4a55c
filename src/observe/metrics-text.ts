// Numbers as Prometheus and its kin read them: OpenMetrics 1.0, or the text format 0.0.4 that came before it.

import {
  type Counter,
  type Gauge,
  DURATION,
  type HistogramPlace,
  LOOP_DELAY,
  METHODS,
  MetricsMemory,
  MOST_ROUTES,
  REQUEST_SIZE,
  RESPONSE_SIZE,
  STATUS_CLASSES,
  UPLOAD_FAULTS,
} from "./metrics-memory.ts";

/** What the text is made of. */
export interface MetricsSource {
  /** Of all processes that serve together. */
  readonly memories: readonly MetricsMemory[];
  /** The rows of the route table, as `Metrics.routes` has them. */
  readonly routes: readonly string[];
  readonly version: string;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** All numbers, added up over the processes. */
export function formatMetrics(source: MetricsSource, format: "openmetrics" | "0.0.4"): string {
  const text = new MetricsText(format === "openmetrics");
  const { memories } = source;
  const sum = (value: (memory: MetricsMemory) => number): number =>
    memories.reduce((all, each) => all + value(each), 0);
  const counter = (name: Counter): number => sum((memory) => memory.counter(name));
  const gauge = (name: Gauge): number => sum((memory) => memory.gauge(name));

  text.counter("mini_http_requests", "Requests that are over.", requestSamples(source, sum));
  for (const [name, histogram, help] of HISTOGRAM_ROWS) text.histogram(name, help, histogram, memories);
  for (const [name, row, help] of COUNTER_ROWS) text.counter(name, help, [[{}, counter(row)]]);
  const faults = UPLOAD_FAULTS.map((reason): Sample => [{ reason }, counter(`upload_fault_${reason}`)]);
  text.counter("mini_http_upload_failures", "Uploads that were not stored.", faults);
  text.counter("mini_http_hot_file_lookups", "Small files that were asked for, by whether they were in memory.", [
    [{ result: "hit" }, counter("hot_file_hits")],
    [{ result: "miss" }, counter("hot_file_misses")],
  ]);
  for (const [name, row, help] of GAUGE_ROWS) text.gauge(name, help, [[{}, gauge(row)]]);
  const started = memories.map((memory) => memory.gauge("started_at")).filter((time) => time > 0);
  text.gauge("process_start_time_seconds", "When the oldest of the processes that serve started.", [
    [{}, started.length === 0 ? 0 : Math.min(...started)],
  ]);
  text.gauge("mini_http_build_info", "What runs.", [[{ version: source.version }, 1]]);
  return text.end();
}

const HISTOGRAM_ROWS: readonly [name: string, histogram: HistogramPlace, help: string][] = [
  ["mini_http_request_duration_seconds", DURATION, "From the end of the request head to the end of the answer."],
  ["mini_http_request_size_bytes", REQUEST_SIZE, "Content of requests."],
  ["mini_http_response_size_bytes", RESPONSE_SIZE, "Content of answers that was taken."],
  ["mini_http_event_loop_delay_seconds", LOOP_DELAY, "How late a timer of half a second comes."],
];

const COUNTER_ROWS: readonly [name: string, counter: Counter, help: string][] = [
  ["mini_http_received_bytes", "received_bytes", "Content that came with requests."],
  ["mini_http_sent_bytes", "sent_bytes", "Content that went out with answers."],
  ["mini_http_connections_opened", "connections_opened", "Connections that were accepted."],
  ["mini_http_uploads", "uploads", "Uploads that were stored."],
  ["mini_http_evicted_files", "evicted_files", "Files that went because room was needed or their time was over."],
  ["mini_http_evicted_bytes", "evicted_bytes", "What those held."],
];

const GAUGE_ROWS: readonly [name: string, gauge: Gauge, help: string][] = [
  ["mini_http_connections", "connections", "Connections that are open."],
  ["mini_http_requests_in_hand", "in_hand", "Requests that are not over, as of the last second."],
  ["mini_http_processes", "processes", "Processes that serve."],
  ["process_resident_memory_bytes", "resident_bytes", "Memory of the processes that serve."],
  ["process_open_fds", "open_files", "Descriptors of the processes that serve."],
];

/** What was never asked is left out. */
function requestSamples(
  { routes }: MetricsSource,
  sum: (value: (memory: MetricsMemory) => number) => number,
): readonly Sample[] {
  const samples: Sample[] = [];
  const names = ["none", ...routes].slice(0, MOST_ROUTES);
  names.forEach((route, routeNumber) =>
    METHODS.forEach((method, methodNumber) => {
      const slot = MetricsMemory.requestSlot(routeNumber, methodNumber);
      STATUS_CLASSES.forEach((status, digit) => {
        const count = sum((memory) => memory.requests(slot + digit));
        if (count > 0) samples.push([{ method, route, status }, count]);
      });
    }),
  );
  return samples;
}

/** The lines, family by family. */
class MetricsText {
  readonly #isOpen: boolean;
  #text = "";

  constructor(isOpen: boolean) {
    this.#isOpen = isOpen;
  }

  /** The older format knows no name but that of the samples. */
  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(this.#isOpen ? name : `${name}_total`, "counter", help);
    for (const [labels, value] of samples) this.#sample(`${name}_total`, labels, value);
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, "gauge", help);
    for (const [labels, value] of samples) this.#sample(name, labels, value);
  }

  histogram(name: string, help: string, histogram: HistogramPlace, memories: readonly MetricsMemory[]): void {
    this.#family(name, "histogram", help);
    const all = memories.map((memory) => memory.histogram(histogram));
    let count = 0;
    [...histogram.bounds, Number.POSITIVE_INFINITY].forEach((bound, bucket) => {
      for (const { counts } of all) count += counts[bucket]!;
      this.#sample(`${name}_bucket`, { le: this.#bound(bound) }, count);
    });
    this.#sample(`${name}_count`, {}, count);
    this.#sample(
      `${name}_sum`,
      {},
      all.reduce((sum, each) => sum + each.sum, 0),
    );
  }

  end(): string {
    return this.#isOpen ? this.#text + "# EOF\n" : this.#text;
  }

  /** OpenMetrics wants a bound to look like a float. */
  #bound(bound: number): string {
    if (bound === Number.POSITIVE_INFINITY) return "+Inf";
    return this.#isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound);
  }

  #family(name: string, type: string, help: string): void {
    this.#text += `# TYPE ${name} ${type}\n# HELP ${name} ${help}\n`;
  }

  #sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    this.#text += `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
  }
}

function escapeLabel(text: string): string {
  return text.replace(/["\\\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
