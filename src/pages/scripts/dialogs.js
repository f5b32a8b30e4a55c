// Questions to the person: one at a time, by the keyboard too, and the focus goes back to where it was.

import { make } from "./dom.js";

/**
 * Asks for a name and tries it; where it cannot be had, the person reads why, with what was typed, and tries another one.
 * Gives the name that was taken; null when the person thinks better of it.
 * @param {{ readonly title: string, readonly label: string, readonly value: string, readonly button: string }} asked
 * @param {(name: string) => Promise<string | null>} take Null when the name was taken, otherwise why not.
 * @returns {Promise<string | null>}
 */
export async function askName({ title, label, value, button }, take) {
  const field = make("input", { id: "asked-name", type: "text", value, required: "", autocomplete: "off" });
  const text = make("label", { for: "asked-name" }, label);
  let taken = "";
  const answer = ask(title, [text, field], button, false, async () => {
    const name = field.value;
    const why = await take(name);
    if (why === null) taken = name;
    return why;
  });
  // What people change is the name, and not what follows its last dot.
  const dot = value.lastIndexOf(".");
  field.setSelectionRange(0, dot > 0 ? dot : value.length);
  field.focus();
  return (await answer) ? taken : null;
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
 * @param {(() => Promise<string | null>) | null} act What yes does, while the question stands: null when it is done,
 *   otherwise why not.
 * @returns {Promise<boolean>}
 */
function ask(title, content, button, isGrave, act = null) {
  const { activeElement } = document;
  const cancel = make("button", { type: "button" }, "Cancel");
  const yes = make("button", { class: isGrave ? "grave" : "main", value: "yes" }, button);
  const why = make("p", { role: "alert", hidden: "" });
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "asked-title" }, title),
    ...content,
    why,
    make("p", { class: "choices" }, yes, cancel),
  );
  /** @type {Promise<string | null>} */
  let acting = Promise.resolve("");
  const tryIt = async (/** @type {() => Promise<string | null>} */ once) => {
    yes.disabled = true;
    acting = once();
    const reason = await acting;
    yes.disabled = false;
    if (reason === null) return dialog.close("yes");
    why.textContent = reason;
    why.hidden = false;
    form.querySelector("input")?.focus();
  };
  form.addEventListener("submit", (event) => {
    if (act === null) return;
    event.preventDefault();
    void tryIt(act);
  });
  const dialog = make("dialog", { "aria-labelledby": "asked-title" }, form);
  document.body.append(dialog);
  cancel.addEventListener("click", () => dialog.close(""));
  dialog.showModal();
  if (isGrave) cancel.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", async () => {
      dialog.remove();
      if (activeElement instanceof HTMLElement && activeElement.isConnected) activeElement.focus();
      // What was under way when somebody thought better of it may be done all the same.
      resolve(dialog.returnValue === "yes" || (await acting) === null);
    });
  });
}
