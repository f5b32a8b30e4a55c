// A headless chromium for tests of what people see. It is not part of the project: tests skip where there is none.

import { PATIENCE_MS } from "./patience.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const path = process.env["BUN_CHROME_PATH"] ?? NAMES.map((name) => Bun.which(name)).find((found) => found !== null);

/** Why tests of pages cannot run here; null when they can. */
export const noBrowser: string | null =
  path === undefined ? "skipped: no chromium on PATH (Debian and Ubuntu: apt-get install chromium)" : null;

/** Chromium refuses its sandbox to root. */
const flags = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
if (process.getuid?.() === 0) flags.push("--no-sandbox");

/** What chromium says of an expression whose page is replaced before its value has come. */
const NAVIGATED = "Inspected target navigated or closed";

/** One page, and what a test does with it; closed by `using`. */
export class BrowserPage {
  readonly view: Bun.WebView;
  /** Uncaught exceptions, what the policy forbids, and console output. */
  readonly complaints: string[] = [];

  constructor(width = 1280, height = 900) {
    this.view = new Bun.WebView({
      width,
      height,
      backend: { type: "chrome", url: false, path: path!, argv: flags },
      console: (type: string, ...parts: unknown[]) => void this.complaints.push(`${type}: ${parts.join(" ")}`),
    });
  }

  [Symbol.dispose](): void {
    this.view.close();
  }

  /** Opens an address, and writes down what goes wrong in the page from then on. */
  async open(address: string): Promise<void> {
    await this.view.navigate("about:blank");
    type Logged = { readonly entry: { readonly source: string; readonly level: string; readonly text: string } };
    this.view.addEventListener<Logged>("Log.entryAdded", ({ data: { entry } }) => {
      // Answers such as 412 are what some tests are about.
      if (entry.level === "error" && entry.source !== "network") this.complaints.push(entry.text);
    });
    type Thrown = {
      readonly exceptionDetails: { readonly text: string; readonly exception?: { description?: string } };
    };
    this.view.addEventListener<Thrown>("Runtime.exceptionThrown", ({ data: { exceptionDetails } }) => {
      this.complaints.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
    });
    await this.view.cdp("Log.enable");
    await this.view.cdp("Runtime.enable");
    await this.view.navigate(address);
  }

  /** The value of an expression in the page. */
  read<T>(expression: string): Promise<T> {
    return this.view.evaluate<T>(expression);
  }

  /** Clicks, without a mouse, on what may lead to another page. */
  async follow(selector: string): Promise<void> {
    await this.#unlessReplaced(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** Waits until an expression in the page, or in the one that replaces it meanwhile, is true. */
  async until(expression: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while ((await this.#unlessReplaced(`Boolean(${expression})`)) !== true) {
      if (Date.now() > deadline) throw new Error("never came true: " + expression);
      await Bun.sleep(20);
    }
  }

  /** The text of an element as it is shown. */
  text(selector: string): Promise<string> {
    return this.read(`document.querySelector(${JSON.stringify(selector)}).innerText.trim()`);
  }

  /** Presses a button as a person would. */
  async press(selector: string): Promise<void> {
    await this.view.click(selector, { timeout: PATIENCE_MS });
  }

  /** Drops files and folders of the disk into the middle of the page. */
  async drop(...files: string[]): Promise<void> {
    const event = { x: 300, y: 300, data: { items: [], files, dragOperationsMask: 1 } };
    for (const type of ["dragEnter", "dragOver", "drop"])
      await this.view.cdp("Input.dispatchDragEvent", { type, ...event });
  }

  /** Chooses files of the disk in a field. */
  async choose(selector: string, ...files: string[]): Promise<void> {
    const { root } = await this.view.cdp<{ root: { nodeId: number } }>("DOM.getDocument");
    const { nodeId } = await this.view.cdp<{ nodeId: number }>("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.view.cdp("DOM.setFileInputFiles", { nodeId, files });
  }

  /** The value of an expression; undefined when its page went away first. */
  async #unlessReplaced(expression: string): Promise<unknown> {
    try {
      return await this.view.evaluate<unknown>(expression);
    } catch (error) {
      if (error instanceof Error && error.message.includes(NAVIGATED)) return undefined;
      throw error;
    }
  }
}
