// Names for requests: `--request-id` sends them back, so that a client can say which line of a log it means.

import { REQUEST_ID_FIELD, RequestIds } from "../http/request-id.ts";
import type { Finish } from "./gate.ts";

/** Adds the name to every answer. A client's own is believed: it names the client's request, and nothing else. */
export function createRequestIds(): Finish {
  const ids = new RequestIds();
  return (request, response) => {
    request.requestId = ids.idOf(request.requestId, request.fields);
    response.set(REQUEST_ID_FIELD, request.requestId);
  };
}
