// The quantities that a run gives, and how people read them.

/** Per request rates and costs, absolute sizes and times. */
export type Measure =
  "rate" | "p50" | "p99" | "cpu" | "memory" | "server" | "client" | "others" | "idle" | "perConnection" | "start";

/** What one round of one server gave. */
export type Sample = Partial<Readonly<Record<Measure, number>>>;

/** One row of the table of measures. */
export interface MeasureRow {
  readonly title: string;
  /** "less" when the smaller number is the better one. */
  readonly better: "more" | "less";
  readonly show: (value: number) => string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const MS_MICROS = 1000;

/** Rates are per second, times in microseconds, sizes in bytes. */
export const MEASURES: Readonly<Record<Measure, MeasureRow>> = {
  rate: { title: "requests/s", better: "more", show: (value) => showNumber(value) },
  p50: { title: "p50", better: "less", show: showTime },
  p99: { title: "p99", better: "less", show: showTime },
  cpu: { title: "server CPU per request", better: "less", show: showTime },
  memory: { title: "memory", better: "less", show: (value) => `${showNumber(value / MIB)} MiB` },
  server: { title: "server busy", better: "less", show: showShare },
  client: { title: "client busy", better: "less", show: showShare },
  others: { title: "others busy", better: "less", show: showShare },
  idle: { title: "idle memory", better: "less", show: (value) => `${showNumber(value / MIB)} MiB` },
  perConnection: {
    title: "memory per idle connection",
    better: "less",
    show: (value) => `${showNumber(value / KIB)} KiB`,
  },
  start: { title: "start to first answer", better: "less", show: showTime },
};

/** Three significant digits, or all of a whole number. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function showShare(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** wrk gives 0 where it has no latency to tell. */
function showTime(micros: number): string {
  if (micros === 0) return "–";
  return micros >= MS_MICROS ? `${showNumber(micros / MS_MICROS)} ms` : `${showNumber(micros)} µs`;
}
