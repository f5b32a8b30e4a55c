// What can be done with entries of the folder: one request each, and the sentence of the server where it says no.

const UNREACHABLE = "The server cannot be reached.";
const NAME_TAKEN = "There is already something with this name.";

const CHANGED = "It has changed since it was listed; look at it again.";

/**
 * `modified` is what the list says of a file; null where that does not matter.
 * @typedef {{ readonly name: string, readonly href: string, readonly modified: Date | null }} Entry
 */

/**
 * Null when it is gone, otherwise why not.
 * @param {Entry} entry
 */
export async function remove({ href, modified }) {
  const condition = modified === null ? {} : { "If-Unmodified-Since": modified.toUTCString() };
  const why = await request("DELETE", href, condition);
  return why === NAME_TAKEN ? CHANGED : why;
}

/**
 * Null when it has the new name, otherwise why not. What has that name already stays.
 * @param {Entry} entry
 * @param {string} name
 */
export function rename({ href }, name) {
  const isFolder = new URL(href).pathname.endsWith("/");
  const destination = isFolder ? "../" + encodeURIComponent(name) + "/" : encodeURIComponent(name);
  return request("MOVE", href, { Destination: destination, Overwrite: "F" });
}

/**
 * Null when the folder is there, otherwise why not.
 * @param {string} name
 */
export function makeFolder(name) {
  return request("MKCOL", new URL(encodeURIComponent(name) + "/", location.href).href);
}

/** What a name cannot be, in words; null for one that can be tried. */
export function nameFault(/** @type {string} */ name) {
  if (name === "" || name === "." || name === "..") return "Type a name.";
  return name.includes("/") ? "A name has no slash." : null;
}

/**
 * @param {string} method
 * @param {string} address
 * @param {Readonly<Record<string, string>>} headers
 */
async function request(method, address, headers = {}) {
  try {
    const response = await fetch(address, { method, headers });
    if (response.ok) return null;
    if (response.status === 412 || (method === "MKCOL" && response.status === 405)) return NAME_TAKEN;
    const isLine = (response.headers.get("Content-Type") ?? "").startsWith("text/plain");
    const [line] = isLine ? (await response.text()).trim().split("\n", 1) : [];
    return line || "The server answers with status " + response.status + ".";
  } catch {
    return UNREACHABLE;
  }
}
