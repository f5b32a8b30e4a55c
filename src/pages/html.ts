// Text that becomes part of a page. Every name is somebody else's text.

const NEEDS_ESCAPE = /[&<>"']/;

/**
 * The text as an element's content or an attribute's value. A lone surrogate, which is no character and would make
 * `encodeURIComponent` throw, is shown as U+FFFD.
 */
export function escapeHtml(text: string): string {
  const whole = text.toWellFormed();
  return NEEDS_ESCAPE.test(whole) ? Bun.escapeHTML(whole) : whole;
}
