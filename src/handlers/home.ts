// `/`: an empty 200 for programs, a page that links to what there is for people.

import { type Handler, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import homePage from "./home-page.html" with { type: "text" };

const PAGE = homePage as unknown as string;
const STYLE = /<style>([^]*?)<\/style>/.exec(PAGE)?.[1] ?? "";
const STYLE_HASH = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
/** Nothing but the page's own style, its `data:` icon and its form; no script, no frame. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

/** What a visitor can do with the folder. */
export type FolderOffer = "none" | "read" | "drop-box";

const FOLDER_LINES: Readonly<Record<FolderOffer, string>> = {
  none: "<li><code>/files/</code> <span>no folder is served; --directory DIR serves one</span></li>",
  read: '<li><a href="files/">/files/</a> <span>the shared folder</span></li>',
  // Nothing below /files/ can be read, so the form that sends something stands here.
  "drop-box": `<li>
          <code>/files/</code> <span>a drop box: send files, nobody can read them here</span>
          <form method="post" action="files/" enctype="multipart/form-data">
            <label>Files <input type="file" name="file" multiple required /></label> <button>Send</button>
          </form>
        </li>`,
};

/** GET: `Accept` decides, so that `curl` sees the reference's empty body. */
export function createHome(folder: FolderOffer): Handler {
  const page = Buffer.from(PAGE.replace("<!-- files -->", FOLDER_LINES[folder]));
  return (request) => {
    const type = preferredType(request.fields.get("accept"), ["text/plain", "text/html"]);
    if (type !== "text/html") return new HttpResponse(200).set("Vary", "Accept");
    return new HttpResponse(200, page)
      .set("Content-Type", "text/html; charset=utf-8")
      .set("Content-Security-Policy", POLICY)
      .set("Vary", "Accept");
  };
}
