// How far the judging of a head has come that is not complete: the next look at it begins at its last line end, so that a
// head in many small reads costs time in proportion to its bytes. Offsets count from the head's first byte.

import { FramingFields } from "./framing-fields.ts";
import type { NameBits } from "./name-bits.ts";

/** Of one head; made by the parser when a head is not complete, and kept by whoever reads the connection. */
export class HeadProgress {
  /** Bytes that were there when it was looked at last. */
  seen = 0;
  /** Where the line begins that is not complete; 0 for the request line, whatever stands before it. */
  lineStart = 0;

  // What the complete lines said.
  method = "";
  target = "";
  targetNeedsWork = false;
  minorVersion = 1;
  requestLineStart = 0;
  fieldsStart = 0;
  /** Field lines. */
  fields = 0;
  nameBits: NameBits = 0;
  framing = new FramingFields();
}
