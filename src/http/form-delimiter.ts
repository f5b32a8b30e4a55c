// The line of a delimiter behind its boundary, byte by byte (RFC 2046 5.1.1): "--" in the last one, perhaps blanks, and CRLF.

import { CR, DASH, HTAB, LF, SP } from "./characters.ts";

/** Where the next byte of such a line stands. */
export type DelimiterPhase =
  "delimiter" | "delimiter-dash" | "delimiter-padding" | "delimiter-lf" | "closing-padding" | "closing-lf";

/** What follows this byte behind a boundary: a part's head, the epilogue, or "refused" when it must not stand there. */
export function phaseAfter(phase: DelimiterPhase, byte: number): DelimiterPhase | "head" | "epilogue" | "refused" {
  switch (phase) {
    case "delimiter":
      return byte === DASH ? "delimiter-dash" : afterPadding(byte);
    case "delimiter-padding":
      return afterPadding(byte);
    case "delimiter-dash":
      return byte === DASH ? "closing-padding" : "refused";
    case "delimiter-lf":
      return byte === LF ? "head" : "refused";
    case "closing-padding":
      return isPadding(byte) ? phase : byte === CR ? "closing-lf" : "refused";
    case "closing-lf":
      return byte === LF ? "epilogue" : "refused";
  }
}

function afterPadding(byte: number): DelimiterPhase | "refused" {
  if (isPadding(byte)) return "delimiter-padding";
  return byte === CR ? "delimiter-lf" : "refused";
}

function isPadding(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
