// Text that becomes part of a page. Every name is somebody else's text.

import { codeOf, nameParts } from "./formats.ts";

const NEEDS_ESCAPE = /[&<>"']/;

/**
 * The text as an element's content or an attribute's value. A lone surrogate, which is no character and would make
 * `encodeURIComponent` throw, is shown as U+FFFD.
 */
export function escapeHtml(text: string): string {
  const whole = text.toWellFormed();
  return NEEDS_ESCAPE.test(whole) ? Bun.escapeHTML(whole) : whole;
}

/**
 * A name as an element: its letters keep their order, whatever stands around it, and controls that would change the
 * order are marked. The text of the element is the name.
 */
export function nameElement(name: string): string {
  const parts = nameParts(name);
  if (parts.length === 1) return `<bdi>${escapeHtml(name)}</bdi>`;
  const marked = parts.map((part, index) =>
    index % 2 === 0 ? escapeHtml(part) : `<bdi data-code="${codeOf(part)}">${part}</bdi>`,
  );
  return `<bdi>${marked.join("")}</bdi>`;
}
