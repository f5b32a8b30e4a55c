// Questions to the person: one at a time, by the keyboard too, and the focus goes back to where it was.

import { make } from "./dom.js";

/**
 * Asks for a name. Null when the person thinks better of it.
 * @param {{ readonly title: string, readonly label: string, readonly value: string, readonly button: string }} asked
 * @returns {Promise<string | null>}
 */
export function askName({ title, label, value, button }) {
  const field = make("input", { id: "asked-name", type: "text", value, required: "", autocomplete: "off" });
  const text = make("label", { for: "asked-name" }, label);
  const answer = ask(title, [text, field], button, false).then((isYes) => (isYes ? field.value : null));
  // What people change is the name, and not what follows its last dot.
  const dot = value.lastIndexOf(".");
  field.setSelectionRange(0, dot > 0 ? dot : value.length);
  field.focus();
  return answer;
}

/**
 * True when the person says yes.
 * @param {{ readonly title: string, readonly lines: readonly (Node | string)[], readonly button: string }} asked
 */
export function askYes({ title, lines, button }) {
  return ask(
    title,
    lines.map((line) => make("p", {}, line)),
    button,
    true,
  );
}

/**
 * Shows a text that the person takes away by hand.
 * @param {{ readonly title: string, readonly text: string }} shown
 */
export function showCopy({ title, text }) {
  const field = make("textarea", { id: "asked-name", readonly: "", rows: Math.min(8, text.split("\n").length + 1) });
  field.value = text;
  const answer = ask(title, [make("label", { for: "asked-name" }, "Copy this:"), field], "Done", false);
  field.select();
  return answer;
}

/**
 * @param {string} title
 * @param {readonly HTMLElement[]} content
 * @param {string} button
 * @param {boolean} isGrave
 * @returns {Promise<boolean>}
 */
function ask(title, content, button, isGrave) {
  const { activeElement } = document;
  const cancel = make("button", { type: "button" }, "Cancel");
  const yes = make("button", { class: isGrave ? "grave" : "main", value: "yes" }, button);
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "asked-title" }, title),
    ...content,
    make("p", { class: "choices" }, yes, cancel),
  );
  const dialog = make("dialog", { "aria-labelledby": "asked-title" }, form);
  document.body.append(dialog);
  cancel.addEventListener("click", () => dialog.close(""));
  dialog.showModal();
  if (isGrave) cancel.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (activeElement instanceof HTMLElement && activeElement.isConnected) activeElement.focus();
      resolve(dialog.returnValue === "yes");
    });
  });
}
