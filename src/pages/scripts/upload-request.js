// One file on its way to the server: what is asked, and what the answer means.

import { terms, words } from "./upload-panel.js";

/** @typedef {import("./upload-totals.js").UploadState} UploadState */

const ASK_FIRST_BYTES = 1_000_000;
const TAKEN = "There is already a file with this name.";
const BROKEN_OFF = "The upload broke off: the server cannot be reached, or the file has changed meanwhile.";

/**
 * Who hears of it. `end` comes once; `stored` before it, with the name that the list of the page will show.
 * @typedef {object} Report
 * @property {(loaded: number) => void} progress
 * @property {(name: string) => void} stored
 * @property {(state: UploadState, line: string) => void} end
 */

/** An upload that has begun; its end comes later, also after `abort`. */
export class UploadRequest {
  #request = new XMLHttpRequest();
  #file;
  #path;
  #way;
  #report;

  /**
   * @param {Blob} file
   * @param {string} path
   * @param {"ask" | "replace" | "rename"} way What to do when the name is taken.
   * @param {Report} report
   */
  constructor(file, path, way, report) {
    this.#file = file;
    this.#path = path;
    this.#way = terms.isRenamed ? "rename" : way;
    this.#report = report;
    if (this.#way === "ask" && file.size > ASK_FIRST_BYTES) this.#askFirst();
    else this.#send();
  }

  abort() {
    this.#request.abort();
  }

  /** A browser sends a whole body before it looks at the answer: for a large file, the name is asked about before. */
  #askFirst() {
    const request = this.#open("HEAD");
    request.addEventListener("load", () => {
      // A folder of this name answers from its own address; why a file cannot go there, the server says.
      const isTaken = request.status === 200 && !request.responseURL.endsWith("/");
      if (isTaken) this.#report.end("taken", TAKEN);
      else this.#send();
    });
    request.send();
  }

  #send() {
    const isRenamed = this.#way === "rename";
    const request = this.#open(isRenamed ? "POST" : "PUT", isRenamed && !terms.isRenamed ? "?on-duplicate=rename" : "");
    request.upload.addEventListener("progress", ({ loaded }) => this.#report.progress(loaded));
    request.addEventListener("load", () => this.#report.end(...this.#judge()));
    if (this.#way === "ask") request.setRequestHeader("If-None-Match", "*");
    request.send(this.#file);
  }

  /**
   * @param {string} method
   * @param {string} query
   */
  #open(method, query = "") {
    const request = new XMLHttpRequest();
    this.#request = request;
    request.addEventListener("error", () => this.#report.end("failed", BROKEN_OFF));
    request.addEventListener("abort", () => this.#report.end("cancelled", "Cancelled"));
    request.open(method, terms.base + this.#path.split("/").map(encodeURIComponent).join("/") + query);
    return request;
  }

  /**
   * The state that the answer puts the upload in, and the line that says so.
   * @returns {[state: UploadState, line: string]}
   */
  #judge() {
    const request = this.#request;
    if (request.status >= 200 && request.status < 300) return ["done", this.#storedLine()];
    if (request.status === 412) return ["taken", TAKEN];
    const isLine = (request.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
    const [line] = isLine ? request.responseText.trim().split("\n", 1) : [];
    return ["failed", line || "The server answers with status " + request.status + "."];
  }

  /** With `rename`, the name can be another than asked for. */
  #storedLine() {
    const segments = this.#path.split("/");
    const asked = segments.at(-1) ?? "";
    const location = this.#way === "rename" ? (this.#request.getResponseHeader("Location") ?? "") : "";
    const stored = decodeURIComponent(location.split("/").at(-1) ?? "") || asked;
    this.#report.stored(segments.length === 1 ? stored : (segments[0] ?? ""));
    const done = words.done.charAt(0).toUpperCase() + words.done.slice(1);
    return stored === asked ? done : done + " as " + stored;
  }
}
