// `/upload`: takes any body and tells how long it was and its digest; keeps nothing. `/dump/request`: shows the message.

import type { MaybePromise } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { keepBody } from "./body-memory.ts";
import { notKept } from "./inspection.ts";
import { jsonReply } from "./replies.ts";

/** POST and PUT `/upload`, at any size. Rejects when the body breaks. */
export async function takeUpload({ body, fields }: HttpRequest): Promise<HttpResponse> {
  const hasher = new Bun.CryptoHasher("sha256");
  let length = 0;
  try {
    for (let piece = (await body?.read()) ?? null; piece !== null; piece = (await body?.read()) ?? null) {
      hasher.update(piece);
      length += piece.length;
    }
  } finally {
    body?.close();
  }
  const type = fields.get("content-type") ?? null;
  return jsonReply({ bytes: length, "content-type": type, sha256: hasher.digest("hex") });
}

/** Any method, `/dump/request`: request line, header fields as they came, and the body without its framing. */
export function dumpRequest(request: HttpRequest): MaybePromise<HttpResponse> {
  if (request.body === null) return dumped(request, new Uint8Array(0));
  return keepBody(request).then((kept) => {
    if (typeof kept === "string") return notKept(kept);
    kept.release();
    return dumped(request, kept.bytes);
  });
}

function dumped({ method, target, minorVersion, fields }: HttpRequest, body: Uint8Array): HttpResponse {
  let head = `${method} ${target} HTTP/1.${minorVersion}\r\n`;
  for (const { name, value } of fields) head += `${name}: ${value}\r\n`;
  return new HttpResponse(200, Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body])).append(
    "Content-Type",
    "text/plain",
  );
}
