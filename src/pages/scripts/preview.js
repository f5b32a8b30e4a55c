// Shows a file in place: images, video, audio, text and PDF, by the type that the server says. Nothing of it runs: text is
// shown as text, and pictures are pictures. Everything else opens as links do.

import { eventElement, make, makeName, within } from "./dom.js";
import { linkOf, nameOf, shownRows } from "./list.js";

const MOST_TEXT_BYTES = 256 * 1024;
const TEXT_TYPE = /^(?:text\/(?!html)|application\/(?:json|.*\+json|xml|x-ndjson|sql|x-sh))/;

/** @type {HTMLDialogElement | null} */
let previewDialog = null;
/**
 * The link of the file that is shown.
 * @type {HTMLAnchorElement | null}
 */
let previewed = null;
/** Files asked for so far: what another has overtaken, or who has closed it meanwhile, is not shown. */
let previews = 0;

/**
 * What shows a file of this type; null for one that only opens.
 * @param {string} type
 * @param {string} href
 * @returns {HTMLElement | null}
 */
function viewerOf(type, href) {
  const label = "Preview";
  if (type.startsWith("image/")) return make("img", { src: href, alt: "" });
  if (type.startsWith("video/")) return make("video", { src: href, controls: "", "aria-label": label });
  if (type.startsWith("audio/")) return make("audio", { src: href, controls: "", "aria-label": label });
  if (type === "application/pdf")
    return navigator.pdfViewerEnabled ? make("iframe", { src: href, title: label }) : null;
  return TEXT_TYPE.test(type) ? make("pre", { tabindex: 0, "aria-label": label }) : null;
}

/**
 * Shows the file of a link. Where there is nothing to show, the link is followed; but who goes from file to file stays,
 * and reads so.
 * @param {HTMLAnchorElement} link
 */
async function preview(link) {
  const { href } = link;
  const mine = ++previews;
  const type = await typeOf(href);
  if (mine !== previews) return;
  const shown = type === null ? null : viewerOf(type, href);
  if (shown === null && previewDialog === null) return void location.assign(href);
  const viewer = shown ?? make("p", {}, type === null ? "It cannot be read just now." : "There is no preview of it.");
  previewed = link;
  const dialog = openPreview();
  const name = nameOf(/** @type {HTMLTableRowElement} */ (link.closest("tr")));
  const failed = make("p", { role: "alert", hidden: "" }, "The browser cannot show it.");
  viewer.addEventListener("error", () => {
    failed.hidden = false;
    viewer.remove();
  });
  const focused = document.activeElement?.textContent;
  dialog.replaceChildren(
    make("h2", { id: "preview-title" }, makeName(name)),
    make("div", { class: "viewer" }, viewer, failed),
    buttonsFor(link),
  );
  keepFocus(dialog, focused);
  if (viewer instanceof HTMLPreElement) viewer.textContent = await textOf(href);
}

/**
 * On the button of the same name, so that it can be pressed again: without focus in the dialog no key arrives there.
 * @param {HTMLDialogElement} dialog
 * @param {string | null | undefined} text
 */
function keepFocus(dialog, text) {
  if (dialog.contains(document.activeElement)) return;
  const same = [...dialog.querySelectorAll("button")].find((each) => !each.disabled && each.textContent === text);
  (same ?? within(dialog, "button:not([disabled])", HTMLButtonElement)).focus();
}

/**
 * The media type alone; null when it cannot be asked for.
 * @param {string} href
 */
async function typeOf(href) {
  try {
    const response = await fetch(href, { method: "HEAD" });
    return response.ok ? (response.headers.get("Content-Type") ?? "").replace(/;.*/, "").trim() : null;
  } catch {
    return null;
  }
}

/**
 * The beginning of a text, which says so.
 * @param {string} href
 */
async function textOf(href) {
  try {
    const response = await fetch(href, { headers: { Range: "bytes=0-" + (MOST_TEXT_BYTES - 1) } });
    // An empty file has no first byte.
    if (response.status === 416) return "";
    if (!response.ok) return "The server answers with status " + response.status + ".";
    const text = new TextDecoder().decode(await response.arrayBuffer());
    const total = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? 0);
    return total > MOST_TEXT_BYTES ? text + "\n… (open it to see all of it)" : text;
  } catch {
    return "The server cannot be reached.";
  }
}

/** @param {HTMLAnchorElement} link */
function buttonsFor(link) {
  const [before, after] = [neighbour(link, -1), neighbour(link, 1)];
  /**
   * @param {string} text
   * @param {HTMLAnchorElement | null} to
   */
  const step = (text, to) => {
    const made = make("button", { type: "button" }, text);
    made.disabled = to === null;
    made.addEventListener("click", () => void (to === null ? undefined : preview(to)));
    return made;
  };
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => previewDialog?.close());
  const open = make("a", { href: link.href, class: "button" }, "Open");
  return make("p", { class: "choices" }, step("Previous", before), step("Next", after), open, close);
}

/**
 * The next file in the list, in one direction.
 * @param {HTMLAnchorElement} link
 * @param {1 | -1} direction
 */
function neighbour(link, direction) {
  const links = shownRows()
    .filter((row) => !row.classList.contains("folder"))
    .map(linkOf);
  return links[links.indexOf(link) + direction] ?? null;
}

function openPreview() {
  if (previewDialog !== null) return previewDialog;
  const dialog = make("dialog", { id: "preview", "aria-labelledby": "preview-title" });
  previewDialog = dialog;
  dialog.addEventListener("keydown", (event) => {
    // A player and a text use the arrows themselves.
    if (event.target instanceof HTMLMediaElement || event.target instanceof HTMLPreElement || previewed === null)
      return;
    const direction = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : null;
    const next = direction === null ? null : neighbour(previewed, direction);
    if (next !== null) void preview(next);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    previews += 1;
    dialog.remove();
    previewDialog = null;
    previewed?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

document.addEventListener("click", (event) => {
  const link = eventElement(event, "#list tbody tr:not(.up, .folder) th a", HTMLAnchorElement);
  // Other ways to press a link open it elsewhere, and must go on doing so.
  if (link === null || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void preview(link);
});
