// `/`: an empty 200 for programs, a page that links to what there is for people.

import { createHash } from "node:crypto";
import { type Handler, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import homePage from "./home-page.html" with { type: "text" };

const PAGE = homePage as unknown as string;
const STYLE = /<style>([^]*?)<\/style>/.exec(PAGE)?.[1] ?? "";
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
/** Nothing but the page's own style and its `data:` icon; no script, no frame, no form. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** GET: `Accept` decides, so that `curl` sees the reference's empty body. */
export const home: Handler = (request) => {
  const type = preferredType(request.fields.get("accept"), ["text/plain", "text/html"]);
  if (type !== "text/html") return new HttpResponse(200).set("Vary", "Accept");
  return new HttpResponse(200, Buffer.from(PAGE))
    .set("Content-Type", "text/html; charset=utf-8")
    .set("Content-Security-Policy", POLICY)
    .set("Vary", "Accept");
};
