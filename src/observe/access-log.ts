// The log: what happened, on standard error or in a file, in the words of a format. Quiet is a setting of the log alone.

import { LimitWarnings } from "./limit-warnings.ts";
import { MAX_BATCH_BYTES } from "./line-queue.ts";
import { CommonFormat } from "./common-format.ts";
import { JsonFormat } from "./json-format.ts";
import type { LogFormat, LogFormatName, LogLine, NewsTag } from "./log-format.ts";
import { escapeText, shorten } from "./log-line.ts";
import { type LogOutput, openLogFile, openLogOutput } from "./log-output.ts";
import { LogSink } from "./log-sink.ts";
import type { ExchangeRecord, NamedFields, Observer } from "./observer.ts";
import { TextFormat } from "./text-format.ts";
import { WaitingExchanges } from "./waiting-exchanges.ts";

const STANDARD_ERROR = 2;
/** Deeper frames of a trace say little, and a trace should not push the lines around it out of the buffer. */
const MAX_TRACE_LINES = 24;
const MAX_TRACE_LINE_CHARS = 500;
/** A full disk is spoken of once in that time. */
const LOSS_PAUSE_MS = 60_000;

/** What a log may leave out or go elsewhere with. */
export interface AccessLogOptions {
  /** Errors and warnings only. */
  readonly quiet: boolean;
  /** False adds to the first line how to serve files. */
  readonly servesFiles: boolean;
  /** Other processes write to it too: lines stay apart only up to what a pipe takes in one piece. */
  readonly isShared?: boolean;
  /** Where it goes without a file, and what happens to the server in any case. Standard error unless said otherwise. */
  readonly fd?: number;
  /** Text unless said otherwise. */
  readonly format?: LogFormatName;
  /** Connections have lines where they are not told by themselves. */
  readonly isVerbose?: boolean;
  /** A person watches: a request is one line. */
  readonly onTerminal?: { readonly isColoured: boolean } | null;
  /** What is exchanged goes there; `openLogFile` has opened it. */
  readonly file?: { readonly path: string; readonly output: LogOutput } | null;
}

/** An observer that writes. Whoever ends the process calls `settle` or, when there is no time, `close`. */
export class AccessLog implements Observer {
  readonly #isQuiet: boolean;
  readonly #servesFiles: boolean;
  readonly #isShared: boolean;
  readonly #format: LogFormat;
  readonly #sink: LogSink;
  readonly #waiting: WaitingExchanges;
  /** For whoever runs the server. The same as the other unless there is a file. */
  readonly #personFormat: TextFormat;
  readonly #personSink: LogSink;
  readonly #filePath: string | null;
  #toldOfLossAt = Number.NEGATIVE_INFINITY;
  readonly #limits = new LimitWarnings((line) => this.warning(line));

  /** Opens the output. Never fails: an output that cannot be written is a log that nobody reads. */
  constructor(options: AccessLogOptions) {
    const { file = null } = options;
    this.#isQuiet = options.quiet;
    this.#servesFiles = options.servesFiles;
    this.#isShared = options.isShared === true;
    this.#filePath = file?.path ?? null;
    this.#format = createFormat(options);
    this.#waiting = new WaitingExchanges(this.#format.fieldNames);
    this.#personFormat = textFormat({ ...options, file: null });
    const person = openLogOutput(options.fd ?? STANDARD_ERROR);
    const gather = (): void => this.#wordAll();
    this.#personSink = new LogSink(person, { noticeOf: (dropped) => this.#personNotice(dropped), gather });
    this.#sink = file === null ? this.#personSink : this.#fileSink(file, gather);
  }

  #fileSink({ path, output }: NonNullable<AccessLogOptions["file"]>, gather: () => void): LogSink {
    return new LogSink(output, {
      noticeOf: (dropped) => this.#fileNotice(dropped),
      gather,
      lost: () => this.#tellLoss(),
      gone: () => this.warning(`Nobody reads the log file ${path} any more; SIGHUP opens it again.`),
    });
  }

  /** False from the start with `quiet`, and as soon as nobody will ever read the log. */
  get wantsAll(): boolean {
    return !this.#isQuiet && !this.#sink.closed;
  }

  connected(address: string, port: number): void {
    if (this.wantsAll) this.#write(this.#format.connected(Date.now(), address, port));
  }

  exchange(record: ExchangeRecord): void {
    const isPlain = record.refusal === null && record.ownLimit === null;
    // A quiet log beside observers that want all.
    if (isPlain && !this.wantsAll) return;
    this.#waiting.add(record);
    if (record.ownLimit !== null) this.#limits.met(record.status, record.ownLimit);
    if (this.#waiting.isCrowd) this.#wordAll();
    else this.#sink.expect();
  }

  disconnected(address: string, port: number): void {
    if (this.wantsAll) this.#write(this.#format.disconnected(Date.now(), address, port));
  }

  started(urls: readonly string[]): void {
    const advice = this.#servesFiles ? "" : " (no folder is served; --directory DIR serves one under /files/)";
    if (!this.#isQuiet) this.#tell("SERVER STARTED", escapeText(`Listening on ${urls.join(", ")}${advice}`));
  }

  fault(error: unknown): void {
    this.#tell("ERROR", describeFault(error));
  }

  warning(line: string): void {
    this.#tell("WARNING", escapeText(line));
  }

  /** A line for the person at the terminal, as it stands. */
  say(line: string): void {
    this.#wordAll();
    this.#personSink.add(Buffer.from(line + "\n", "utf8").toString("latin1"));
  }

  stopped(): void {
    if (!this.#isQuiet) this.#tell("SERVER STOPPED", "All connections are closed.");
  }

  /** Goes on in a new file of the same name: somebody has moved the last one away. */
  reopen(): void {
    if (this.#filePath === null) return;
    try {
      this.#sink.reopen(openLogFile(this.#filePath));
    } catch (error) {
      const rest = this.#sink.closed ? "There is no log now." : "The log goes on where it was.";
      this.warning(`${openFault(this.#filePath, error)} ${rest}`);
    }
  }

  /** Resolves when all lines so far are out, after 200 ms at the latest. */
  async settle(): Promise<void> {
    this.#limits.end();
    await Promise.all([this.#sink.settle(), this.#personSink.settle()]);
  }

  /** Writes what is left, for at most 200 ms and without the event loop, and takes nothing more. */
  close(): void {
    this.#limits.end();
    this.#sink.close();
    this.#personSink.close();
  }

  /** Gives all that are over their lines: before anything that came later gets its own. */
  #wordAll(): void {
    this.#waiting.forEach(this.#word);
  }

  readonly #word = (now: number, record: ExchangeRecord, fields: NamedFields): void => {
    if (record.refusal !== null) this.#add(this.#format.refusal(now, record, fields));
    if (!this.#isQuiet) this.#add(this.#format.exchange(now, record, fields));
  };

  /** News stand in the log, and where a person looks. */
  #tell(tag: NewsTag, text: string): void {
    this.#wordAll();
    const line = this.#format.news(Date.now(), tag, text);
    this.#add(line);
    if (line === null || this.#sink !== this.#personSink)
      this.#personSink.add(this.#ended(this.#personNews(tag, text)));
  }

  #personNews(tag: NewsTag, text: string): string {
    return this.#personFormat.news(Date.now(), tag, text);
  }

  /** Stands for lines that are missing, in the words of what it stands among. */
  #personNotice(dropped: number): string {
    const text = missing(dropped);
    const notice = this.#sink === this.#personSink ? this.#format.news(Date.now(), "WARNING", text) : null;
    return this.#ended(notice ?? this.#personNews("WARNING", text));
  }

  /** Stands in the file for lines that are missing there. */
  #fileNotice(dropped: number): string {
    this.#tellLoss();
    const text = `${dropped} log lines are missing here: the file did not take them.`;
    const notice = this.#format.news(Date.now(), "WARNING", text);
    return notice === null ? "" : this.#ended(notice);
  }

  #tellLoss(): void {
    const now = performance.now();
    if (now - this.#toldOfLossAt < LOSS_PAUSE_MS) return;
    this.#toldOfLossAt = now;
    const isCounted = this.#format.news(Date.now(), "WARNING", "") !== null;
    const rest = isCounted ? "those that are missing are counted in it." : "some are missing in it.";
    const line = escapeText(`The log file ${this.#filePath} does not take all lines; ${rest}`);
    this.#personSink.add(this.#ended(this.#personNews("WARNING", line)));
  }

  #write(line: LogLine | null): void {
    if (line === null) return;
    this.#wordAll();
    this.#add(line);
  }

  #add(line: LogLine | null): void {
    if (line === null) return;
    if (typeof line === "string") return this.#sink.add(this.#ended(line));
    if (this.#isShared) line.shorten(MAX_BATCH_BYTES - 1);
    line.end();
    this.#sink.add(line);
  }

  #ended(line: string): string {
    return (this.#isShared ? shorten(line, MAX_BATCH_BYTES - 1) : line) + "\n";
  }
}

/** Why a log file cannot be had, as a sentence. */
export function openFault(path: string, error: unknown): string {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return `The log file ${path} cannot be opened (${code}).`;
}

function missing(dropped: number): string {
  return `${dropped} log lines are missing here: nobody took them in time.`;
}

function createFormat(options: AccessLogOptions): LogFormat {
  const { format = "text", quiet, isShared = false, isVerbose = false } = options;
  if (format === "text") return textFormat(options);
  if (format === "json") return new JsonFormat({ isShared, isQuiet: quiet, isVerbose });
  return new CommonFormat(format === "combined", isShared);
}

/** A pipe and a file have all lines; at a terminal a person reads. */
function textFormat({
  isShared = false,
  isVerbose = false,
  onTerminal = null,
  file = null,
}: AccessLogOptions): TextFormat {
  const isRead = onTerminal !== null && file === null;
  return new TextFormat({
    isShared,
    tellsConnections: isVerbose || !isRead,
    isColoured: isRead && onTerminal.isColoured,
  });
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
