// What Bun 1.4.5 has and its types leave out. A function of ours that needs more than this is using Bun wrongly.

interface Buffer {
  /** The bytes [start, end) as a string, one char per byte. */
  latin1Slice(start: number, end: number): string;
  /** Writes one byte per char of a latin1 string at `offset`; gives the bytes written. */
  latin1Write(text: string, offset: number, length: number): number;
}

/** As `with { type: "text" }` imports it. */
declare module "*.css" {
  const text: string;
  export default text;
}
