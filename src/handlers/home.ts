// `/`: an empty 200 for programs, a page that links to what there is for people.

import { type Handler, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { type FolderOffer, homePage } from "../pages/home-page.ts";
import { SMALL_PAGE_POLICY } from "../pages/small-page.ts";
import { dropBoxReply } from "./drop-box.ts";

/** GET: `Accept` decides, so that `curl` sees the reference's empty body. A drop box is what people come for. */
export function createHome(folder: FolderOffer, maxBodyBytes: number): Handler {
  const page = folder === "drop-box" ? null : Buffer.from(homePage(folder));
  return (request) => {
    const type = preferredType(request.fields.get("accept"), ["text/plain", "text/html"]);
    if (type !== "text/html") return new HttpResponse(200).append("Vary", "Accept");
    if (page === null) return dropBoxReply("files/", maxBodyBytes);
    return new HttpResponse(200, page)
      .append("Content-Type", "text/html; charset=utf-8")
      .append("Content-Security-Policy", SMALL_PAGE_POLICY)
      .append("Vary", "Accept");
  };
}
