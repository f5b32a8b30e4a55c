// How a log words what it hears: one implementation for each `--log-format`.

import type { AsciiLine } from "./ascii-line.ts";
import type { ExchangeRecord, NamedFields } from "./observer.ts";

/** The values of `--log-format`. */
export type LogFormatName = "text" | "common" | "combined" | "json";

/** What a line is about; the tags of the reference server. */
export type NewsTag = "SERVER STARTED" | "SERVER STOPPED" | "WARNING" | "ERROR";

/** What is left of an exchange when its line is worded. */
export type FinishedExchange = Omit<ExchangeRecord, "fields">;

/** The bytes of one are lent until the format is asked for the next. */
export type LogLine = string | AsciiLine;

/**
 * All give whole lines of ASCII without their line end, or null for what the format does not tell. `now` is in whole
 * milliseconds since the epoch.
 */
export interface LogFormat {
  /** Lower-case names of the fields of a request that its lines tell. */
  readonly fieldNames: readonly string[];
  connected(now: number, address: string, port: number): string | null;
  disconnected(now: number, address: string, port: number): string | null;
  /**
   * An exchange, however it ended. Not asked for by a quiet log. `fields` are those of `fieldNames`, in the place of the
   * record's own, which are lent for its call alone.
   */
  exchange(now: number, record: FinishedExchange, fields: NamedFields): LogLine | null;
  /** Beside that, why it was refused: asked for by a quiet log too, and for those only that have a refusal. */
  refusal(now: number, record: FinishedExchange, fields: NamedFields): LogLine | null;
  /** `text` may have several lines, and is safe as it is. */
  news(now: number, tag: NewsTag, text: string): string | null;
}
