// Uploads as fast as a socket takes them: one buffer, no stream, one connection.

import type { Socket } from "bun";
import { randomBytes } from "./file-set.ts";

const PATIENCE_MS = 60_000;
const HEAD_END = "\r\n\r\n";

/** One connection that uploads one body again and again. */
export class UploadClient {
  readonly #socket: Socket<undefined>;
  readonly #body: Buffer;
  #unsent: Buffer[] = [];
  #answer = "";
  #settle: PromiseWithResolvers<number> | null = null;

  private constructor(socket: Socket<undefined>, body: Buffer) {
    this.#socket = socket;
    this.#body = body;
  }

  /** Connects; `bytes` is the length of the body. */
  static async connect(port: number, bytes: number): Promise<UploadClient> {
    const { promise, resolve } = Promise.withResolvers<UploadClient>();
    const body = randomBytes(bytes);
    const socket: Socket<undefined> = await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: async (_, chunk) => (await promise).#read(chunk),
        drain: async () => (await promise).#write(),
        close: async () => (await promise).#fail(new Error("the connection ended during an upload")),
        error() {},
      },
    });
    resolve(new UploadClient(socket, body));
    return promise;
  }

  /** Sends the body once; resolves with the microseconds until the whole answer, throws unless it is a success. */
  async upload(method: string, path: string): Promise<number> {
    const startedAt = performance.now();
    const settle = Promise.withResolvers<number>();
    const patience = setTimeout(() => this.#fail(new Error("no answer to an upload")), PATIENCE_MS);
    const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${this.#body.length}${HEAD_END}`;
    this.#settle = settle;
    this.#answer = "";
    this.#unsent = [Buffer.from(head, "latin1"), this.#body];
    this.#write();
    try {
      const status = await settle.promise;
      if (status < 200 || status > 204) throw new Error(`answers ${status} to an upload`);
      return (performance.now() - startedAt) * 1000;
    } finally {
      clearTimeout(patience);
    }
  }

  /** True when these bytes are what is uploaded. */
  isBody(bytes: Uint8Array): boolean {
    return this.#body.equals(bytes);
  }

  close(): void {
    this.#settle = null;
    this.#socket.terminate();
  }

  #write(): void {
    for (let bytes = this.#unsent.shift(); bytes !== undefined; bytes = this.#unsent.shift()) {
      const taken = this.#socket.write(bytes);
      if (taken < 0) return this.#fail(new Error("the server closed during an upload"));
      if (taken === bytes.length) continue;
      this.#unsent.unshift(bytes.subarray(taken));
      return;
    }
  }

  #read(chunk: Buffer): void {
    this.#answer += chunk.toString("latin1");
    const end = this.#answer.indexOf(HEAD_END);
    if (end === -1) return;
    const length = Number(/^content-length: *(\d+)/im.exec(this.#answer.slice(0, end))?.[1] ?? 0);
    if (this.#answer.length < end + HEAD_END.length + length) return;
    this.#settle?.resolve(Number(this.#answer.split(" ")[1]));
    this.#settle = null;
  }

  #fail(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = null;
  }
}
