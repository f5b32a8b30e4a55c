// Bodies that are kept whole to be shown: what one may have, and what all of them together may.

import type { HttpRequest } from "../http/message.ts";

/** One body. */
const MOST_BODY_BYTES = 16 * 1024 * 1024;
/** All that are kept at one time. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

let kept = 0;

/** A body in memory. `release` is called once, when nobody looks at it any more. */
export interface KeptBody {
  readonly bytes: Uint8Array;
  release(): void;
}

/** Why a body is not kept: it is too large itself, or all of them are. */
export type KeepRefusal = "too-large" | "full";

const NO_BODY: KeptBody = { bytes: new Uint8Array(0), release: () => {} };

/** Reads the body of a request to its end, and closes it. Rejects when it breaks. */
export async function keepBody({ body }: HttpRequest): Promise<KeptBody | KeepRefusal> {
  if (body === null) return NO_BODY;
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isDone = false;
  const release = (): void => {
    kept -= length;
    length = 0;
  };
  try {
    for (let piece = await body.read(); piece !== null; piece = await body.read()) {
      length += piece.length;
      kept += piece.length;
      if (length > MOST_BODY_BYTES) return "too-large";
      if (kept > MOST_KEPT_BYTES) return "full";
      pieces.push(piece);
    }
    isDone = true;
    return { bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), release };
  } finally {
    body.close();
    if (!isDone) release();
  }
}
