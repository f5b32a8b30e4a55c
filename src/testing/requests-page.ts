// `/-/requests.html`: what the recorder has kept, live, for people.

import { HttpResponse } from "../http/message.ts";
import { hashesOf } from "../pages/policy.ts";
import template from "./requests-page.html" with { type: "text" };

const PAGE = template as unknown as string;

function contentOf(element: "style" | "script"): string {
  return new RegExp(`<${element}>([^]*?)</${element}>`).exec(PAGE)?.[1] ?? "";
}

/** The page's own style, script and icon, and requests to where it comes from. No frame may hold it. */
const POLICY =
  `default-src 'none'; style-src ${hashesOf([contentOf("style")])}; script-src ${hashesOf([contentOf("script")])}; ` +
  "img-src data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const BYTES = Buffer.from(PAGE);

/** GET. */
export function requestsPage(): HttpResponse {
  return new HttpResponse(200, BYTES)
    .append("Content-Type", "text/html; charset=utf-8")
    .append("Content-Security-Policy", POLICY);
}
