// The time stamps of HTTP (RFC 9110 5.6.7): written in one format, read in all three. Never guesses: what is not
// exactly a date is none.

const SECOND_MS = 1000;
/** The first and last moments that four digits of a year can name. */
const EARLIEST_MS = Date.UTC(-1, 12);
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
/** How far in the future a two-digit year may lie before it means the century before. */
const FUTURE_YEARS = 50;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)";
const DAY_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY_NAME = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";

const IMF_FIXDATE = new RegExp(`^${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`);
const RFC850_DATE = new RegExp(`^${LONG_DAY_NAME}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`);
const ASCTIME_DATE = new RegExp(`^${DAY_NAME} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`);

/**
 * The IMF-fixdate of a moment in milliseconds since the epoch, its fraction of a second cut off. A moment that four
 * digits of a year cannot name (a file system may hold one) becomes the nearest that they can.
 */
export function formatHttpDate(ms: number): string {
  const nameable = Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS);
  // ECMA-262 21.4.4.43 spells this format out, and the range above keeps the year at four digits.
  return new Date(Math.floor(nameable / SECOND_MS) * SECOND_MS).toUTCString();
}

/**
 * The moment that a date names, in milliseconds since the epoch; null when the text is not in one of the three
 * formats or names no day of the calendar. The name of the weekday need not fit the day. `now` decides the century of
 * a two-digit year.
 */
export function parseHttpDate(text: string, now: number): number | null {
  const fourDigits = IMF_FIXDATE.exec(text) ?? ASCTIME_DATE.exec(text);
  if (fourDigits !== null) return moment(fourDigits, Number(fourDigits.groups!["year"]));
  const twoDigits = RFC850_DATE.exec(text);
  if (twoDigits === null) return null;
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + FUTURE_YEARS);
  const century = Math.floor(latest.getUTCFullYear() / 100) * 100;
  const year = century + Number(twoDigits.groups!["year"]);
  return moment(twoDigits, utc(twoDigits, year) <= latest.getTime() ? year : year - 100);
}

/** The moment in a year of four digits; null when the month has no such day. */
function moment(match: RegExpExecArray, year: number): number | null {
  return midnight(match, year).getUTCDate() === dayOf(match) ? utc(match, year) : null;
}

/** Second 60, the leap second, is the first of the next minute. */
function utc(match: RegExpExecArray, year: number): number {
  const { hour, minute, second } = match.groups!;
  return midnight(match, year).setUTCHours(Number(hour), Number(minute), Number(second));
}

/** A day beyond its month runs over into the next. */
function midnight(match: RegExpExecArray, year: number): Date {
  // Not `Date.UTC`: it takes the years 0 to 99 for 1900 to 1999.
  const day = new Date(0);
  day.setUTCFullYear(year, MONTHS.indexOf(match.groups!["month"]!), dayOf(match));
  return day;
}

function dayOf(match: RegExpExecArray): number {
  return Number(match.groups!["day"]);
}
