// A small file that was read before: its bytes, its compressed forms and the heads of its answers, all in memory and all
// counted here.

import type { ByteSource } from "../http/byte-source.ts";
import { codedFormat } from "../http/media-type.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { flatten } from "../http/response-head.ts";
import { bytesSource } from "../http/sources.ts";
import type { FileVersion, OpenedFile } from "../storage/storage.ts";
import { chooseCoding, type Coding, codingsOf } from "./compression.ts";
import { contentTypeOf } from "./content-type.ts";
import { SELECTIVE_FIELDS } from "./representation.ts";

/** What an entry costs beside what is counted. */
const ENTRY_COST_BYTES = 1024;
/** A kept answer's own: its object, and the field lines while they are a tree of their parts. */
const PREPARED_COST_BYTES = 1024;
/** The Date of an answer may be older than now; nothing was modified after it (RFC 9110 8.8.2.1). */
const DATE_AGE_MS = 2000;
/** What a character may cost; one outside Latin-1 makes all of its text this wide. */
const CHARACTER_BYTES = 2;

/** An answer with the whole file, but for its date: kept, because making it costs more than sending it. */
export interface Prepared {
  readonly fieldLines: string;
  readonly body: Uint8Array;
  /** Made for a file beside which stored codings lie. */
  readonly varies: boolean;
}

/** A file in memory. */
export class HotFile implements OpenedFile {
  /** The last segment of its name. */
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  /** Null, too, where what the system tells of the file says nothing of its content. */
  readonly version: FileVersion | null;
  /** It was read whole in one version. */
  readonly isGrowing = false;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The value of Content-Type for its bytes. */
  readonly type: string;
  /** The other codings that it may be sent in. */
  readonly codings: readonly Coding[];
  /** What a client accepts that does not say so: the coding that is the file's own format, or none. */
  readonly unaskedCodings: string | undefined;
  /** Called when it comes to hold more; set while it is kept. */
  onGrowth: (() => void) | null = null;
  #cost: number;
  readonly #prepared = new Map<Coding, Prepared>();

  /** Takes over the bytes, which are the file's whole content. */
  constructor(name: string, file: OpenedFile, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = bytes.length;
    const isTold = bytes.length === file.size;
    this.modified = isTold ? file.modified : Date.now() - DATE_AGE_MS;
    this.etag = isTold ? file.etag : contentTag(bytes);
    // One of the kernel's may be empty for a while.
    this.version = isTold && bytes.length > 0 ? file.version : null;
    this.bytes = bytes;
    this.type = contentTypeOf(name, bytes);
    const coded = codedFormat(name);
    this.codings = coded === null ? codingsOf(name, bytes.length) : [coded.coding];
    this.unaskedCodings = coded?.coding;
    this.#cost = ENTRY_COST_BYTES + bytes.length + textCost(name) + textCost(file.etag);
  }

  /** Bytes of memory that it holds. */
  get cost(): number {
    return this.#cost;
  }

  /**
   * The answer that was kept, to a request that asks for nothing but the file; null when there is none. The last two are
   * as in `RequestedFile`.
   */
  answer(request: HttpRequest, storedCoding: Coding | null, varies: boolean): HttpResponse | null {
    if (request.query !== "" || !request.fields.lacks(SELECTIVE_FIELDS)) return null;
    const accepted = request.fields.get("accept-encoding") ?? this.unaskedCodings;
    const coding = storedCoding ?? chooseCoding(accepted, this.codings);
    const prepared = coding === null ? undefined : this.#prepared.get(coding);
    if (prepared === undefined || prepared.varies !== varies) return null;
    return new HttpResponse(200, prepared.body).appendLines(prepared.fieldLines);
  }

  /** The content in this coding, if it was made before. */
  bodyIn(coding: Coding): Uint8Array | null {
    return this.#prepared.get(coding)?.body ?? null;
  }

  /** Keeps an answer in this coding. */
  prepare(coding: Coding, { fieldLines, body, varies }: Prepared): void {
    const prepared = { fieldLines: flatten(fieldLines), body, varies };
    this.#cost -= this.#costOf(this.#prepared.get(coding));
    this.#prepared.set(coding, prepared);
    this.#cost += this.#costOf(prepared);
    this.onGrowth?.();
  }

  #costOf(prepared: Prepared | undefined): number {
    if (prepared === undefined) return 0;
    const bytes = prepared.body === this.bytes ? 0 : prepared.body.length;
    return PREPARED_COST_BYTES + textCost(prepared.fieldLines) + bytes;
  }

  range(from: number, length: number): ByteSource {
    return bytesSource(this.bytes.subarray(from, from + length));
  }

  content(): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(Uint8Array.from(this.bytes));
  }

  close(): void {}
}

/**
 * The entity tag of a file that does not tell its size. Such files are the kernel's own or those of a program, made anew
 * for each reader under times and a size that stay as they are: only their bytes tell two versions apart (RFC 9110 8.8.3).
 */
function contentTag(bytes: Uint8Array): string {
  return `"${new Bun.CryptoHasher("sha1").update(bytes).digest("base64url")}"`;
}

/** Bytes of memory that a text may take. */
export function textCost(text: string): number {
  return CHARACTER_BYTES * text.length;
}
