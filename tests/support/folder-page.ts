// A folder, the whole application over it, and its page in a browser: each test has its own.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "./app.ts";
import { BrowserPage } from "./browser.ts";
import { type StartedServer, startServer } from "./start-server.ts";
import { tempFolder } from "./temp-folder.ts";

const SLOW_BYTES_PER_SECOND = 1_000_000;
/** Longer on its way at that speed than a test lasts, but for the beginning of it. */
export const SLOW_FILE_BYTES = 50_000_000;

/** An upload as it is shown. */
export type UploadRow = [name: string, state: string, line: string];

/** What the tests of one file do with the page of a folder; made once in the file, outside of its tests. */
export class FolderPage {
  served = "";
  /** Where the files lie that are dropped. */
  local = "";
  started: StartedServer | null = null;
  #page: BrowserPage | null = null;

  constructor() {
    let outer: ReturnType<typeof tempFolder>;
    beforeEach(() => {
      outer = tempFolder();
      this.served = join(outer.path, "served");
      this.local = join(outer.path, "local");
      mkdirSync(join(this.served, "sub/deep"), { recursive: true });
      mkdirSync(this.local);
      writeFileSync(join(this.served, "alpha.txt"), "alpha");
      writeFileSync(join(this.served, `it's "100%" <b>&.txt`), "odd");
      writeFileSync(join(this.served, "zebra.bin"), Buffer.alloc(1500));
      utimesSync(join(this.served, "alpha.txt"), 1e9, 1e9);
    });
    afterEach(async () => {
      await this.started?.stop();
      this.started = null;
      outer[Symbol.dispose]();
    });
  }

  /** The page of the test that runs. */
  get page(): BrowserPage {
    if (this.#page === null) throw new Error("only inside inBrowser");
    return this.#page;
  }

  /** One page a test, which must not complain. */
  readonly inBrowser = (name: string, body: () => Promise<void>): void => {
    test(name, async () => {
      using opened = new BrowserPage();
      this.#page = opened;
      await body();
      expect(opened.complaints).toEqual([]);
    });
  };

  /** A file to drop. */
  make(name: string, content: string | number): string {
    const path = join(this.local, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : Buffer.alloc(content));
    return path;
  }

  /** Opens a folder's page on a server with these flags. */
  async open(path = "/files/", flags: readonly string[] = []): Promise<void> {
    this.started ??= startServer(application(this.served, ...flags));
    await this.page.open(`http://127.0.0.1:${this.started.port}${path}`);
  }

  /** Uploads take their time, those that are under way too, until `speedUp`. */
  slowDown(bytesPerSecond = SLOW_BYTES_PER_SECOND): Promise<void> {
    return this.#sendAt(bytesPerSecond);
  }

  speedUp(): Promise<void> {
    return this.#sendAt(-1);
  }

  async #sendAt(uploadThroughput: number): Promise<void> {
    await this.page.view.cdp("Network.enable");
    const speed = { downloadThroughput: -1, uploadThroughput };
    await this.page.view.cdp("Network.emulateNetworkConditions", { offline: false, latency: 0, ...speed });
  }

  /** A screen of this width in CSS pixels; `mobile` is touched. */
  async resize(width: number, mobile: boolean): Promise<void> {
    const screen = { width, height: 700, deviceScaleFactor: 1, mobile };
    await this.page.view.cdp("Emulation.setDeviceMetricsOverride", screen);
    await this.page.view.cdp("Emulation.setTouchEmulationEnabled", { enabled: mobile });
  }

  shownNames(): Promise<string[]> {
    return this.page.read(
      `[...document.querySelectorAll("#list tbody tr:not([hidden]) a > bdi")].map((name) => name.textContent)`,
    );
  }

  uploadRows(): Promise<UploadRow[]> {
    return this.page.read(
      `[...document.querySelectorAll("#upload-list li")].map((row) => [row.querySelector(".name").textContent, row.dataset.state, row.querySelector(".state").textContent])`,
    );
  }

  untilState(state: string, count = 1): Promise<void> {
    return this.page.until(`document.querySelectorAll('#upload-list [data-state="${state}"]').length === ${count}`);
  }

  /** Waits for a row of the list. */
  untilListed(name: string): Promise<void> {
    return this.page.until(
      `[...document.querySelectorAll("#list bdi")].some((each) => each.textContent === ${JSON.stringify(name)})`,
    );
  }

  /** False when the browser would ask before it leaves the page. */
  mayLeave(): Promise<boolean> {
    return this.page.read(`dispatchEvent(new Event("beforeunload", { cancelable: true }))`);
  }
}
