// The Content-Type of a form (RFC 7578 4.1, RFC 2046 5.1.1).

import { parseParameters } from "./field-syntax.ts";

const FORM_DATA = /^multipart\/form-data(?=[ \t;]|$)/i;
/** `boundary` of RFC 2046 5.1.1: at most 70 `bchars`, the last of them no space. */
const BOUNDARY = /^[ '()+_,\-./:=?0-9A-Za-z]{0,69}['()+_,\-./:=?0-9A-Za-z]$/;

/** Whether the value of a Content-Type is multipart/form-data, whatever its parameters. */
export function isFormData(contentType: string): boolean {
  return FORM_DATA.test(contentType);
}

/** The boundary in the Content-Type of a form; null when it is no form, or the boundary is missing or malformed. */
export function boundaryOf(contentType: string): string | null {
  const type = FORM_DATA.exec(contentType);
  if (type === null) return null;
  const boundary = parseParameters(contentType.slice(type[0].length))?.get("boundary");
  return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : null;
}
