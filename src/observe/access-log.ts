// The log for people: one line for what happened, on standard error, with the tags of the reference server.

import { LimitWarnings } from "./limit-warnings.ts";
import { MAX_BATCH_BYTES } from "./line-queue.ts";
import { escapeBytes, escapeText, formatMilliseconds, formatPeer, TimeStamp } from "./log-line.ts";
import { openLogOutput } from "./log-output.ts";
import { LogSink } from "./log-sink.ts";
import type { ExchangeRecord, Observer } from "./observer.ts";

const STANDARD_ERROR = 2;
/** Deeper frames of a trace say little, and a trace should not push the lines around it out of the buffer. */
const MAX_TRACE_LINES = 24;
const MAX_TRACE_LINE_CHARS = 500;
/** Of a request's line in a shared log, so that what was answered has its place behind it. */
const MOST_TARGET_CHARS = 3072;
const MOST_METHOD_CHARS = 64;
const CUT_MARK = "...";

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
  readonly #stamp = new TimeStamp();
  readonly #sink: LogSink;
  readonly #limits = new LimitWarnings((line) => this.warning(line));

  /** Opens the output. Never fails: an output that cannot be written is a log that nobody reads. */
  constructor(options: AccessLogOptions) {
    this.#isQuiet = options.quiet;
    this.#servesFiles = options.servesFiles;
    this.#isShared = options.isShared === true;
    const noticeOf = (dropped: number): string =>
      this.#line("WARNING", `${dropped} log lines are missing here: nobody took them in time.`);
    this.#sink = new LogSink(openLogOutput(options.fd ?? STANDARD_ERROR), noticeOf);
  }

  /** False from the start with `quiet`, and as soon as nobody will ever read the log. */
  get verbose(): boolean {
    return !this.#isQuiet && !this.#sink.closed;
  }

  started(urls: readonly string[]): void {
    if (!this.verbose) return;
    const advice = this.#servesFiles ? "" : " (no folder is served; --directory DIR serves one under /files/)";
    this.#sink.add(this.#line("SERVER STARTED", escapeText(`Listening on ${urls.join(", ")}${advice}`)));
  }

  connected(address: string, port: number): void {
    if (this.verbose) this.#sink.add(this.#line("CONNECTED", formatPeer(address, port)));
  }

  received(record: ExchangeRecord): void {
    if (!this.verbose) return;
    const peer = formatPeer(record.peerAddress, record.peerPort);
    const [method, target] = [escapeBytes(record.method), escapeBytes(record.target)];
    const sent = this.#isShared
      ? `${shorten(method, MOST_METHOD_CHARS)} ${shorten(target, MOST_TARGET_CHARS)}`
      : `${method} ${target}`;
    const request = `${sent} HTTP/1.${record.minorVersion}`;
    const reply = `${record.status} ${record.bodyBytes} B ${formatMilliseconds(record.durationMs)} ms`;
    this.#sink.add(this.#line(`RECEIVED from ${peer}`, `${request} -> ${reply}${record.cutOff ? " (cut off)" : ""}`));
  }

  disconnected(address: string, port: number): void {
    if (this.verbose) this.#sink.add(this.#line("DISCONNECTED", formatPeer(address, port)));
  }

  refused(address: string, port: number, status: number, name: string, reason: string): void {
    this.#sink.add(this.#line("ERROR", `${formatPeer(address, port)} ${status} ${name} ${escapeText(reason)}`));
  }

  fault(error: unknown): void {
    this.#sink.add(this.#line("ERROR", describeFault(error)));
  }

  warning(line: string): void {
    this.#sink.add(this.#line("WARNING", escapeText(line)));
  }

  limitMet(status: number, limit: string): void {
    this.#limits.met(status, limit);
  }

  stopped(): void {
    if (this.verbose) this.#sink.add(this.#line("SERVER STOPPED", "All connections are closed."));
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

  #line(tag: string, text: string): string {
    const line = `${this.#stamp.at(Date.now())} [${tag}] ${text}`;
    return (this.#isShared ? shorten(line, MAX_BATCH_BYTES - 1) : line) + "\n";
  }
}

/** At most so many chars, the mark of the cut among them. */
function shorten(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most - CUT_MARK.length) + CUT_MARK;
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
