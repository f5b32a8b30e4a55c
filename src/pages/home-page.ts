// The landing page: what there is, for people.

import body from "./home.html" with { type: "text" };
import { smallPage } from "./small-page.ts";

/** What a visitor can do with the folder. */
export type FolderOffer = "none" | "read" | "drop-box";

const FOLDER_LINES: Readonly<Record<Exclude<FolderOffer, "drop-box">, string>> = {
  none: "<li><code>/files/</code> <span>no folder is served; --directory DIR serves one</span></li>",
  read: '<li><a href="files/"><code>/files/</code></a> <span>the shared folder</span></li>',
};

/** The whole document. A drop box has a landing page of its own. */
export function homePage(folder: keyof typeof FOLDER_LINES): string {
  const content = (body as unknown as string).replace("<!-- files -->", FOLDER_LINES[folder]);
  return smallPage("mini-http", content);
}
