// What is refused before a byte of an upload is read: requests whose body, stored as it comes, would be something else
// than the sender meant.

import type { HttpRequest, HttpResponse } from "../http/message.ts";
import { isFormData } from "../http/form-type.ts";
import { isPartOfUpload } from "../http/partial-upload.ts";
import { plainText } from "../http/plain-text.ts";

/** Why this body can become no file at all; null when it can. */
export function unfitBody(request: HttpRequest): HttpResponse | null {
  // RFC 9110 15.5.12: a client that forgot its body would empty the file that is there.
  if (!request.hasBodyFraming)
    return plainText(
      "An upload needs Content-Length or Transfer-Encoding; an empty file has Content-Length: 0.\n",
      411,
    );
  if (isPartOfUpload(request))
    return plainText("This says that it is only a part of a file; send the whole file in one request.\n", 400);
  const coding = request.fields.get("content-encoding");
  if (coding === undefined || coding.toLowerCase() === "identity") return null;
  return plainText("Files are stored as they are; send the file without Content-Encoding.\n", 415).append(
    "Accept-Encoding",
    "identity",
  );
}

/** The same for a body that is to become the file of this name. */
export function unfitFile(request: HttpRequest): HttpResponse | null {
  // Stored as it is, a form would be a file of boundaries with the sent files inside.
  if (isFormData(request.fields.get("content-type") ?? ""))
    return plainText("A form goes to a folder; end the path with a slash.\n", 400);
  return unfitBody(request);
}
