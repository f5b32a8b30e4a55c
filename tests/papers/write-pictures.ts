// Takes the pictures of the README: the page of a folder on a desktop, in the middle of an upload, and on a phone.
// `bun run pictures` writes them to .github/images/. It needs chromium; look at them before you commit.

import { mkdirSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { application } from "../support/app.ts";
import { BrowserPage, noBrowser } from "../support/browser.ts";
import { startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const IMAGES = resolve(import.meta.dir, "../../.github/images");
const DESKTOP: Screen = { width: 960, height: 720, deviceScaleFactor: 1, mobile: false };
const PHONE: Screen = { width: 360, height: 700, deviceScaleFactor: 1.5, mobile: true };
const KB = 1000;
const MB = 1000 * KB;

/** What lies in the folder: bytes, or null for a folder, and when it was changed. */
const ENTRIES: readonly [name: string, bytes: number | null, changed: string][] = [
  ["holiday photos", null, "2026-08-16T18:04:00Z"],
  ["talks", null, "2026-11-03T09:12:00Z"],
  ["budget 2026.ods", 48 * KB, "2026-10-30T16:41:00Z"],
  ["cat.jpg", 2.4 * MB, "2026-11-21T07:55:00Z"],
  ["debian-13.iso", 784 * MB, "2026-09-06T11:20:00Z"],
  ["meeting notes.md", 3.1 * KB, "2026-11-24T13:37:00Z"],
];

/** What is uploaded while the picture is taken. */
const UPLOADS: readonly [name: string, bytes: number][] = [
  ["interview.flac", 3 * MB],
  ["poster.pdf", 0.6 * MB],
];
const UPLOAD_BYTES_PER_SECOND = 1.5 * MB;

interface Screen {
  readonly width: number;
  readonly height: number;
  readonly deviceScaleFactor: number;
  readonly mobile: boolean;
}

if (noBrowser !== null) throw new Error(noBrowser);
mkdirSync(IMAGES, { recursive: true });
await writePictures();

async function writePictures(): Promise<void> {
  using outer = tempFolder();
  const [served, local] = [join(outer.path, "files"), join(outer.path, "local")];
  for (const folder of [served, local]) mkdirSync(folder);
  for (const entry of ENTRIES) makeEntry(served, ...entry);
  for (const [name, bytes] of UPLOADS) writeFileSync(join(local, name), Buffer.alloc(bytes));
  const started = startServer(application(served));
  const address = `http://127.0.0.1:${started.port}/files/`;
  try {
    await take("phone.png", PHONE, address, async () => {});
    await take("desktop.png", DESKTOP, address, (page) => beginUploads(page, local));
  } finally {
    await started.stop();
  }
}

/** Files have no blocks on the disk, only sizes. */
function makeEntry(folder: string, name: string, bytes: number | null, changed: string): void {
  const path = join(folder, name);
  if (bytes === null) mkdirSync(path);
  else {
    writeFileSync(path, "");
    truncateSync(path, bytes);
  }
  utimesSync(path, new Date(changed), new Date(changed));
}

async function take(
  name: string,
  screen: Screen,
  address: string,
  prepare: (page: BrowserPage) => Promise<void>,
): Promise<void> {
  using page = new BrowserPage(screen.width, screen.height);
  await page.view.navigate("about:blank");
  await page.view.cdp("Emulation.setDeviceMetricsOverride", { ...screen });
  await page.view.cdp("Emulation.setScrollbarsHidden", { hidden: true });
  await page.view.cdp("Emulation.setTimezoneOverride", { timezoneId: "UTC" });
  await page.open(address);
  await prepare(page);
  // Away from everything that lights up below the pointer.
  await page.view.cdp("Input.dispatchMouseEvent", { type: "mouseMoved", x: 1, y: 1 });
  const { data } = await page.view.cdp<{ data: string }>("Page.captureScreenshot", { format: "png" });
  const picture = Buffer.from(data, "base64");
  writeFileSync(join(IMAGES, name), picture);
  console.log(`${name}: ${picture.length.toLocaleString("en-US")} bytes`);
}

/** Drops the files, and comes back when the small one has arrived and the large one is on its way. */
async function beginUploads(page: BrowserPage, local: string): Promise<void> {
  await page.view.cdp("Network.enable");
  const speed = { downloadThroughput: -1, uploadThroughput: UPLOAD_BYTES_PER_SECOND };
  await page.view.cdp("Network.emulateNetworkConditions", { offline: false, latency: 0, ...speed });
  await page.drop(...UPLOADS.map(([name]) => join(local, name)));
  await page.until(`document.querySelector('#upload-list [data-state="done"]')`);
  await page.until(`document.querySelector("#upload-list progress")?.value > 0.5`);
}
