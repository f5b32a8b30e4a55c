// Every limit and timeout of the wire, in one table: its default, its flag, its unit and what passing it means.
// A limit is inclusive: exactly the limit is allowed.

/** What the number of a limit counts. Sizes are given as 8K, durations as 10s, rates as bytes a second. */
export type LimitUnit = "bytes" | "milliseconds" | "bytes per second" | "count";

/** One row: everything that the command line, the help text and the README need to know of a limit. */
export interface LimitRow {
  readonly flag: string;
  readonly unit: LimitUnit;
  readonly default: number;
  /** The status that a peer past it gets; null when the connection just closes. */
  readonly status: number | null;
  /** The smallest value that makes sense. */
  readonly least: number;
  readonly help: string;
}

function row(
  flag: string,
  unit: LimitUnit,
  preset: number,
  status: number | null,
  least: number,
  help: string,
): LimitRow {
  return { flag, unit, default: preset, status, least, help };
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;

/** The table. `Limits` has a number under each of its keys. */
export const LIMIT_TABLE = {
  maxRequestLine: row("max-request-line", "bytes", 8 * KIB, 414, 16, "request line, without its line end"),
  maxHead: row("max-head", "bytes", 32 * KIB, 431, 64, "request head, with its final empty line"),
  maxFields: row("max-fields", "count", 100, 431, 1, "header fields of a request"),
  maxTrailers: row("max-trailers", "bytes", 8 * KIB, 431, 2, "trailer section of a chunked body"),
  maxChunkOverhead: row(
    "max-chunk-overhead",
    "bytes",
    16 * KIB,
    400,
    0,
    "chunk framing beyond 8 bytes per byte of content",
  ),
  maxBody: row("max-body-size", "bytes", 1 * GIB, 413, 0, "request body"),
  maxBuffered: row("max-buffered", "bytes", 256 * MIB, 503, 1, "kept in memory for all connections together"),
  maxConnections: row("max-connections", "count", 10_000, 503, 1, "open connections"),
  handshakeTimeout: row("handshake-timeout", "milliseconds", 10 * SECOND, null, 1, "for a TLS handshake"),
  headTimeout: row("head-timeout", "milliseconds", 10 * SECOND, 408, 1, "for a request head after its first byte"),
  idleTimeout: row("idle-timeout", "milliseconds", 60 * SECOND, null, 1, "for a connection between requests"),
  bodyTimeout: row("body-timeout", "milliseconds", 30 * SECOND, 408, 1, "without a byte of a request body"),
  minBodyRate: row("min-body-rate", "bytes per second", 256, 408, 0, "of a request body, over the body timeout"),
  writeTimeout: row("write-timeout", "milliseconds", 60 * SECOND, null, 1, "without the client taking a byte"),
  minWriteRate: row(
    "min-write-rate",
    "bytes per second",
    1 * KIB,
    null,
    0,
    "that the client takes, over the write timeout",
  ),
  linger: row("linger", "milliseconds", 2 * SECOND, null, 0, "without a byte, for the client to read the last reply"),
  lingerTotal: row("linger-total", "milliseconds", 30 * SECOND, null, 0, "for a client that still sends to read it"),
  maxRanges: row("max-ranges", "count", 200, null, 1, "ranges in one request; more are answered with all bytes"),
  maxNewFolders: row("max-new-folders", "count", 1000, 413, 0, "new folders that one request may make"),
  maxFormParts: row("max-form-parts", "count", 1000, 413, 1, "parts of one form"),
} as const satisfies Record<string, LimitRow>;

/** The limits in force. */
export type Limits = { readonly [Name in keyof typeof LIMIT_TABLE]: number };

/** The table's defaults. */
export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  Object.entries(LIMIT_TABLE).map(([name, limit]) => [name, limit.default]),
) as Limits;
