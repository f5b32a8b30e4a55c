// The landing page: what there is, for people.

import body from "./home.html" with { type: "text" };
import { smallPage } from "./small-page.ts";

/** What a visitor can do with the folder. */
export type FolderOffer = "none" | "read" | "drop-box";

const FOLDER_LINES: Readonly<Record<FolderOffer, string>> = {
  none: "<li><code>/files/</code> <span>no folder is served; --directory DIR serves one</span></li>",
  read: '<li><a href="files/">/files/</a> <span>the shared folder</span></li>',
  // Nothing below /files/ can be read, so the form that sends something stands here.
  "drop-box": `<li>
    <code>/files/</code> <span>a drop box: send files, nobody can read them here</span>
    <form method="post" action="files/" enctype="multipart/form-data">
      <label>Files <input type="file" name="file" multiple required></label> <button>Send</button>
    </form>
  </li>`,
};

/** The whole document. */
export function homePage(folder: FolderOffer): string {
  const content = (body as unknown as string).replace("<!-- files -->", FOLDER_LINES[folder]);
  return smallPage("mini-http", content);
}
