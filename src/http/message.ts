// What a handler sees of a request and gives as its answer; all that it sees.

import type { ByteSource, GivingSource, MaybePromise } from "./byte-source.ts";
import type { FieldSection } from "./field-section.ts";
import type { Forwarded } from "./forwarded.ts";
import { isSafe } from "./method.ts";
import { isInterim } from "./status.ts";
import type { Permission } from "./permission.ts";
import { splitTarget } from "./target.ts";

/** The other end of the connection. Read lazily: asking costs a system call, once. */
export interface Peer {
  /** The client's address without a port or an IPv4-mapped prefix; `unix` on a unix socket. */
  readonly address: string;
  readonly port: number;
  /** The address of ours that the client connected to; empty on a unix socket. */
  readonly localAddress: string;
  /** True on a TLS connection. */
  readonly secure: boolean;
  /** Whom its certificate names, when one was asked for and somebody vouches for it; empty otherwise. */
  readonly certifiedName: string;
  /**
   * True when nothing that is answered can reach the client any more: long work that only makes an answer may stop. What
   * a request with a whole body asks to be changed is carried out all the same. A client that only closed its own side
   * still reads, and has not left.
   */
  readonly hasLeft: boolean;
  /** What `HttpRequest.sendInterim` does. */
  sendInterim(request: HttpRequest, response: HttpResponse): boolean;
}

/** Who may ask for a path: "private" holds something of the user's, and its gates are asked. */
export type PathAccess = "public" | "private";

/** What a request wants of it: "write" is whatever is not safe (RFC 9110 9.2.1) on a private path. */
export type Access = PathAccess | "write";

/** The row of the route table that a path led to. */
export interface Route {
  /** As app.ts and the README spell it. */
  readonly path: string;
  readonly access: PathAccess;
  /** The methods that it answers, without the OPTIONS that every row does. */
  readonly methods: readonly string[];
}

/** What the first line of a request says (RFC 9112 section 3). */
export interface RequestLine {
  /** Case-sensitive (RFC 9110 9.1). */
  readonly method: string;
  /** As sent, in any of the four forms of RFC 9112 3.2. The head parser vouches for its syntax. */
  readonly target: string;
  /** False for a plain absolute path with neither query nor percent-encoding: the common case. */
  readonly targetNeedsWork: boolean;
  readonly minorVersion: number;
}

/** Of requests whose answers carry one: one more property of its own would cost every request an allocation. */
const requestIds = new WeakMap<HttpRequest, string>();

/** One request, as the handlers, the admission gates and the log see it. Never reused for another request. */
export class HttpRequest {
  /** The path, percent-decoded once to one char per byte; what admission and the router look at, and nothing else. */
  readonly decodedPath: string;
  /** The path as sent, without scheme, authority and query. "*" in the asterisk form. */
  readonly rawPath: string;
  /** The query as sent, without the question mark; empty when there is none. */
  readonly query: string;
  /** What the router found for the path; null before it has looked, and when there is nothing. Read by the observers. */
  route: Route | null = null;
  /** What a proxy that is trusted told of whoever asks; null when none did. */
  forwarded: Forwarded | null = null;
  /** What it may do in the folder; null where everyone may do everything that the server does at all. Set by the gates. */
  permission: Permission | null = null;

  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  /** Valid as long as the request; what waits long keeps the values that it needs. */
  readonly fields: FieldSection;
  /**
   * Null when the request has no body. Whoever reads it closes it, once; a handler that does not read it leaves it alone.
   * Reading throws or rejects with `BodyRefused` when the rest will not come: a handler lets that pass.
   */
  readonly body: GivingSource | null;
  readonly peer: Peer;

  /** Copies the line, which may be the parser's own: an object for each request would be a third of its cost. */
  constructor(line: RequestLine, fields: FieldSection, body: GivingSource | null, peer: Peer) {
    const { target } = line;
    this.method = line.method;
    this.target = target;
    this.minorVersion = line.minorVersion;
    this.fields = fields;
    this.body = body;
    this.peer = peer;
    if (line.targetNeedsWork) {
      const parts = splitTarget(target);
      this.decodedPath = parts.decodedPath;
      this.rawPath = parts.rawPath;
      this.query = parts.query;
    } else {
      this.decodedPath = target;
      this.rawPath = target;
      this.query = "";
    }
  }

  /**
   * Sends an interim response ahead of the answer (RFC 9110 15.2), such as 103 with links or 104 with an offset: now or
   * never, nothing is kept. False when it was not sent: the client speaks HTTP/1.0, reads nothing at present or has left,
   * or the answer has begun. Throws for one that is no interim response or has content, a fault of ours.
   */
  sendInterim(response: HttpResponse): boolean {
    if (!isInterim(response.status) || response.body !== null)
      throw new Error(`${response.status} is no interim response that a handler may send`);
    return this.peer.sendInterim(this, response);
  }

  /** Whom the request comes from, as far as one knows: the peer, or whom a trusted proxy names. Empty for a unix socket. */
  get clientAddress(): string {
    return this.forwarded?.address ?? this.peer.address;
  }

  /** Its name, when the answer carries one; see `RequestIds`. Read by the observers. */
  get requestId(): string {
    return requestIds.get(this) ?? "";
  }

  set requestId(id: string) {
    requestIds.set(this, id);
  }

  /** Who asked, when authentication said so; empty otherwise. Read by the observers. */
  get user(): string {
    return this.permission === null ? this.peer.certifiedName : this.permission.user;
  }

  /** The port of `clientAddress`; 0 where nobody told it. */
  get clientPort(): number {
    return this.forwarded === null || this.forwarded.address === null ? this.peer.port : this.forwarded.port;
  }

  /** What the gates go by; public when the path leads nowhere. */
  get access(): Access {
    if (this.route === null || this.route.access === "public") return "public";
    return isSafe(this.method) ? "private" : "write";
  }

  /**
   * False when the message says nothing of a body: it has neither Content-Length nor Transfer-Encoding, and so none
   * (RFC 9112 6.3). True also for `Content-Length: 0`, by which a client says that it means no bytes.
   */
  get hasBodyFraming(): boolean {
    return this.body !== null || this.fields.get("content-length") !== undefined;
  }
}

/**
 * What goes out after the head. A string holds one byte per char (latin1). A Uint8Array must not be changed after
 * it was handed over: what the kernel does not take at once is kept by reference. A source is closed by whoever sends it,
 * once, whatever becomes of the response; when it breaks (`ContentChanged`, `DeliberateCut`, or a fault of ours) the
 * connection is cut, so that nobody takes what was sent for whole.
 */
export type ResponseBody = null | string | Uint8Array | ByteSource;

/** One answer. Used once: caches keep field lines and bytes, never a response. */
export class HttpResponse {
  /** Serialised as it is built, so that writing a head is one string join. */
  fieldLines = "";
  readonly status: number;
  readonly body: ResponseBody;
  /** Which limit of the server itself refuses the request, and what to do: for the log, not for the client. */
  ownLimit: string | null = null;

  constructor(status: number, body: ResponseBody = null) {
    this.status = status;
    this.body = body;
  }

  /**
   * Adds a field line behind those that are there, of its own name too. `value` must hold no CR, LF or NUL; what a client
   * sent goes through `fieldValue()` first.
   */
  append(name: string, value: string | number): this {
    this.fieldLines += name + ": " + value + "\r\n";
    return this;
  }

  /** Makes this the only field line of its name, in any case. Where there can be none yet `append` costs less. */
  set(name: string, value: string | number): this {
    return this.remove(name).append(name, value);
  }

  /** Takes all field lines of this name away, in any case. */
  remove(name: string): this {
    const beginning = name.toLowerCase() + ":";
    const lines = this.fieldLines.split(/(?<=\r\n)/);
    const others = lines.filter((line) => line.slice(0, beginning.length).toLowerCase() !== beginning);
    if (others.length < lines.length) this.fieldLines = others.join("");
    return this;
  }

  /** Adds whole field lines that were made before, each with its line end: a third of the cost of `append`. */
  appendLines(lines: string): this {
    this.fieldLines += lines;
    return this;
  }
}

/**
 * Answers a request. The parameters are those of its route, in order, in the form that its row asks for. A promise only
 * where waiting is real: what is answered at once costs none. May throw or reject with `BodyRefused`, whose refusal is the
 * answer, and with `DeliberateCut` and `ConnectionTaken`; anything else is a fault of ours, a 500.
 */
export type Handler = (request: HttpRequest, ...parameters: string[]) => MaybePromise<HttpResponse>;

/** The refusal of a request to a private path, or null: come in. A promise only where judging takes time. */
export type Gate = (request: HttpRequest) => MaybePromise<HttpResponse | null>;

/** Answers every request: the router behind the admission gates. */
export interface Dispatch {
  (request: HttpRequest): MaybePromise<HttpResponse>;
  /** Looks up the route of a request that was answered elsewhere, and adds what goes on every answer. Never throws. */
  readonly finish?: (request: HttpRequest, response: HttpResponse) => void;
}

/** What a client sent, made safe as a field value of ours: other bytes than visible ASCII and space become "?". */
export function fieldValue(sent: string): string {
  return sent.replace(/[^\x20-\x7e]/g, "?");
}
