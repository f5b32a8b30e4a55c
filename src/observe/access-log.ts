// The log: what happened, on standard error, in the words of a format. Quiet is a setting of the log alone.

import { LimitWarnings } from "./limit-warnings.ts";
import { MAX_BATCH_BYTES } from "./line-queue.ts";
import type { LogFormat, NewsTag } from "./log-format.ts";
import { escapeText, shorten } from "./log-line.ts";
import { openLogOutput } from "./log-output.ts";
import { LogSink } from "./log-sink.ts";
import type { ExchangeRecord, Observer } from "./observer.ts";
import { TextFormat } from "./text-format.ts";

const STANDARD_ERROR = 2;
/** Deeper frames of a trace say little, and a trace should not push the lines around it out of the buffer. */
const MAX_TRACE_LINES = 24;
const MAX_TRACE_LINE_CHARS = 500;

/** What a log may leave out or go elsewhere with. */
export interface AccessLogOptions {
  /** Errors and warnings only. */
  readonly quiet: boolean;
  /** False adds to the first line how to serve files. */
  readonly servesFiles: boolean;
  /** Other processes write to it too: lines stay apart only up to what a pipe takes in one piece. */
  readonly isShared?: boolean;
  /** Standard error unless said otherwise. */
  readonly fd?: number;
}

/** An observer that writes. Whoever ends the process calls `settle` or, when there is no time, `close`. */
export class AccessLog implements Observer {
  readonly #isQuiet: boolean;
  readonly #servesFiles: boolean;
  readonly #isShared: boolean;
  readonly #format: LogFormat;
  readonly #sink: LogSink;
  readonly #limits = new LimitWarnings((line) => this.warning(line));

  /** Opens the output. Never fails: an output that cannot be written is a log that nobody reads. */
  constructor(options: AccessLogOptions) {
    this.#isQuiet = options.quiet;
    this.#servesFiles = options.servesFiles;
    this.#isShared = options.isShared === true;
    this.#format = new TextFormat(this.#isShared);
    const noticeOf = (dropped: number): string =>
      this.#ended(this.#news("WARNING", `${dropped} log lines are missing here: nobody took them in time.`));
    this.#sink = new LogSink(openLogOutput(options.fd ?? STANDARD_ERROR), noticeOf);
  }

  /** False from the start with `quiet`, and as soon as nobody will ever read the log. */
  get wantsAll(): boolean {
    return !this.#isQuiet && !this.#sink.closed;
  }

  connected(address: string, port: number): void {
    if (this.wantsAll) this.#write(this.#format.connected(Date.now(), address, port));
  }

  exchange(record: ExchangeRecord): void {
    const now = Date.now();
    if (record.refusal !== null) this.#write(this.#format.refusal(now, record));
    if (record.ownLimit !== null) this.#limits.met(record.status, record.ownLimit);
    if (this.wantsAll) this.#write(this.#format.exchange(now, record));
  }

  disconnected(address: string, port: number): void {
    if (this.wantsAll) this.#write(this.#format.disconnected(Date.now(), address, port));
  }

  started(urls: readonly string[]): void {
    const advice = this.#servesFiles ? "" : " (no folder is served; --directory DIR serves one under /files/)";
    if (this.wantsAll)
      this.#write(this.#news("SERVER STARTED", escapeText(`Listening on ${urls.join(", ")}${advice}`)));
  }

  fault(error: unknown): void {
    this.#write(this.#news("ERROR", describeFault(error)));
  }

  warning(line: string): void {
    this.#write(this.#news("WARNING", escapeText(line)));
  }

  /** A line for the person at the terminal, as it stands. */
  say(line: string): void {
    this.#sink.add(Buffer.from(line + "\n", "utf8").toString("latin1"));
  }

  stopped(): void {
    if (this.wantsAll) this.#write(this.#news("SERVER STOPPED", "All connections are closed."));
  }

  /** Resolves when all lines so far are out, after 200 ms at the latest. */
  settle(): Promise<void> {
    this.#limits.end();
    return this.#sink.settle();
  }

  /** Writes what is left, for at most 200 ms and without the event loop, and takes nothing more. */
  close(): void {
    this.#limits.end();
    this.#sink.close();
  }

  #news(tag: NewsTag, text: string): string {
    return this.#format.news(Date.now(), tag, text);
  }

  #write(line: string | null): void {
    if (line !== null) this.#sink.add(this.#ended(line));
  }

  #ended(line: string): string {
    return (this.#isShared ? shorten(line, MAX_BATCH_BYTES - 1) : line) + "\n";
  }
}

/** A fault with its trace, one indented line a frame: an indented line can never be taken for a stamped one. */
function describeFault(error: unknown): string {
  let trace: string;
  try {
    trace = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  } catch {
    trace = "a fault that cannot be described";
  }
  const lines = trace
    .split("\n", MAX_TRACE_LINES)
    .map((line) => escapeText(line.trim().slice(0, MAX_TRACE_LINE_CHARS)));
  return lines.join("\n    ");
}
