// A client that asks one request after the other over one connection, and counts bytes instead of keeping text: for tests
// that ask many thousand times.

import type { Socket } from "bun";

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** `ask` rejects when the connection is gone before the answer is complete; then nobody knows what became of the request. */
export class KeepAliveClient implements Disposable {
  readonly #socket: Socket<undefined>;
  #received: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  /** Bytes that make it worth looking again. */
  #wanted = 1;
  #unsent: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<Reply> | null = null;
  #isGone = false;

  private constructor(socket: Socket<undefined>) {
    this.#socket = socket;
  }

  /** Rejects when nobody listens. */
  static async connect(port: number): Promise<KeepAliveClient> {
    let client: KeepAliveClient | undefined;
    const socket = await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, bytes) => client?.noteData(bytes),
        drain: () => client?.flush(),
        end: () => client?.noteEnd(),
        close: () => client?.noteEnd(),
        error: () => client?.noteEnd(),
      },
    });
    client = new KeepAliveClient(socket);
    return client;
  }

  /** The server has closed: nothing more can be asked here. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Sends a request that is no HEAD, whose answer has a Content-Length or no content. */
  ask(head: string, body: Uint8Array = new Uint8Array()): Promise<Reply> {
    this.#waiting = Promise.withResolvers();
    this.#unsent = Buffer.concat([Buffer.from(head, "latin1"), body]);
    if (this.#isGone) this.noteEnd();
    else this.flush();
    return this.#waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#isGone = true;
    this.#socket.terminate();
  }

  private flush(): void {
    if (this.#unsent.length === 0) return;
    const sent = this.#socket.write(this.#unsent);
    if (sent > 0) this.#unsent = this.#unsent.subarray(sent);
  }

  private noteEnd(): void {
    this.#isGone = true;
    this.#waiting?.reject(new Error("the connection ended before the answer did"));
  }

  private noteData(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes));
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, this.#received.length);
    if (length < this.#wanted) return;
    this.#received = Buffer.concat([this.#received, ...this.#pieces]);
    this.#pieces = [];
    this.#wanted = length + 1;
    this.#read();
  }

  #read(): void {
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.latin1Slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    const start = headEnd + HEAD_END.length;
    const length = status === 204 || status === 304 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    if (Number.isNaN(length)) throw new Error("no length in " + head);
    if (this.#received.length < start + length) {
      this.#wanted = start + length;
      return;
    }
    const reply: Reply = { status, body: this.#received.subarray(start, start + length) };
    this.#received = this.#received.subarray(start + length);
    this.#wanted = 1;
    this.#waiting?.resolve(reply);
    this.#waiting = null;
  }
}
