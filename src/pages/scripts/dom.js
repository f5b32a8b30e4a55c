// The document, for scripts that know what they look for.

import { codeOf, nameParts } from "./formats.js";

/**
 * The element of this id; a page without it, or with another kind of it, is a fault of ours.
 * @template {Element} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 */
export function byId(id, kind) {
  return isKind(document.getElementById(id), kind, "#" + id);
}

/**
 * The first element below `root` that a selector finds, which is there.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export function within(root, selector, kind) {
  return isKind(root.querySelector(selector), kind, selector);
}

/**
 * @template {Element} Kind
 * @param {Element | null} element
 * @param {new () => Kind} kind
 * @param {string} name
 */
function isKind(element, kind, name) {
  if (!(element instanceof kind)) throw new Error("The page has no " + name + ".");
  return element;
}

/**
 * Nearest to where an event happened; null when it was elsewhere.
 * @template {Element} Kind
 * @param {Event} event
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export function eventElement(event, selector, kind) {
  const found = event.target instanceof Element ? event.target.closest(selector) : null;
  return found instanceof kind ? found : null;
}

/**
 * A name as an element, as the server makes them: controls that would change the order of its letters are marked.
 * @param {string} name
 * @param {Readonly<Record<string, string>>} attributes
 */
export function makeName(name, attributes = {}) {
  const parts = nameParts(name).map((part, index) =>
    index % 2 === 0 ? part : make("bdi", { "data-code": codeOf(part) }, part),
  );
  return make("bdi", attributes, ...parts);
}

/**
 * An element with these attributes and children. What works with scripts only is made by them.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...(Node | string)} children
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
