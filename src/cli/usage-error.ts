// What is wrong with a command line, as one line for the person who typed it.

/** One sentence that says what to do; the way to the help text is added for whoever starts the program. */
export class UsageError {
  readonly sentence: string;
  readonly line: string;

  constructor(sentence: string) {
    this.sentence = sentence;
    this.line = `${sentence} Try --help.`;
  }
}

/** The longest piece of a person's own words that a line repeats. */
const LONGEST_QUOTATION = 80;

/** Someone's words for a terminal: no control characters, not endless. */
export function quoted(words: string): string {
  return printable(words.length > LONGEST_QUOTATION ? `${words.slice(0, LONGEST_QUOTATION)}...` : words);
}

/** All of them, for a path that would lead elsewhere if it were cut. */
export function printable(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "?");
}
