// Uploads as they go over the wire, and a client that sends them to a server with its own folder.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Limits } from "../../src/http/limits.ts";
import type { Dispatch } from "../../src/http/message.ts";
import { application, limitedApplication } from "./app.ts";
import { namesBelow } from "./names-below.ts";
import { PATIENCE_MS, until } from "./patience.ts";
import { RawClient } from "./raw-client.ts";
import { type ReadResponse, readResponses } from "./response-reader.ts";
import { type StartedServer, startServer } from "./start-server.ts";
import { tempFolder } from "./temp-folder.ts";

/** The fields of a form whose boundary is `b`. */
export const FORM = "Content-Type: multipart/form-data; boundary=b\r\n";

/** One file of a form. */
export type FormFile = readonly [name: string, content: string];

/** A form's body. */
export function form(...files: readonly FormFile[]): string {
  const parts = files.map(
    ([name, content]) => `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${content}\r\n`,
  );
  return parts.join("") + "--b--\r\n";
}

/** A request whose body comes in chunks of one size. */
export function inChunks(method: string, target: string, fields: string, body: string, chunkSize = 4096): string {
  let text = `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`;
  for (let at = 0; at < body.length; at += chunkSize) {
    const chunk = body.slice(at, at + chunkSize);
    text += chunk.length.toString(16) + "\r\n" + chunk + "\r\n";
  }
  return text + "0\r\n\r\n";
}

/** A folder with `old.txt` ("old") and an empty `folder`, and the servers that a test starts over it. */
export class UploadHouse implements AsyncDisposable {
  readonly root: string;
  readonly #outer = tempFolder();
  readonly #servers: StartedServer[] = [];

  constructor() {
    this.root = join(this.#outer.path, "root");
    mkdirSync(join(this.root, "folder"), { recursive: true });
    this.write("old.txt", "old");
  }

  /** Starts a server with these flags over the folder, in this process; gives its port. */
  serve(flags: readonly string[] = [], limits: Partial<Limits> = {}): number {
    return this.#serve(application(this.root, ...flags), limits);
  }

  /** The same for one that may have so many files open. */
  serveOpening(files: number): number {
    return this.#serve(
      limitedApplication(files, () => {}, this.root),
      {},
    );
  }

  #serve(dispatch: Dispatch, limits: Partial<Limits>): number {
    const server = startServer(dispatch, limits);
    this.#servers.push(server);
    return server.port;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, content: string): void {
    writeFileSync(this.path(name), content, "latin1");
  }

  content(name: string): string {
    return readFileSync(this.path(name), "latin1");
  }

  /** Everything below the folder, folders too, by its path. */
  names(): string[] {
    return namesBelow(this.root);
  }

  /** Waits until no more and no less is below the folder: a cut upload goes away in its own time. */
  async untilNames(...names: string[]): Promise<void> {
    const wanted = names.sort().join("\n");
    await until(
      () => this.names().join("\n") === wanted,
      PATIENCE_MS,
      () => "the folder holds " + this.names().join(", "),
    );
  }

  /** Waits until so many uploads are under way. */
  async untilUnderWay(count: number): Promise<string[]> {
    const underWay = (): string[] => this.names().filter((name) => /(^|\/)\.mini-http-/.test(name));
    await until(
      () => underWay().length === count,
      PATIENCE_MS,
      () => `${underWay().length} uploads are under way, not ${count}`,
    );
    return underWay();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.stop();
    this.#outer[Symbol.dispose]();
    const faults = this.#servers.flatMap(({ observer }) => observer.faults);
    if (faults.length > 0) throw faults[0];
  }
}

/** A request of which the last bytes are still to be sent. */
export class HeldUpload {
  readonly #client: RawClient;
  readonly #rest: string;

  private constructor(client: RawClient, rest: string) {
    this.#client = client;
    this.#rest = rest;
  }

  /** Sends all but the last byte. */
  static async begin(port: number, raw: string): Promise<HeldUpload> {
    const client = await RawClient.connect(port);
    await client.send(raw.slice(0, -1));
    return new HeldUpload(client, raw.slice(-1));
  }

  /** Sends the rest; gives the response. */
  async finish(): Promise<ReadResponse> {
    await this.#client.send(this.#rest);
    this.#client.end();
    const received = await this.#client.untilEnd();
    this.#client.close();
    return readResponses(received)[0]!;
  }

  reset(): void {
    this.#client.reset();
  }
}

/** What comes first when the body is held back until the server asks for it. */
export async function firstAnswer(port: number, head: string): Promise<string> {
  const client = await RawClient.connect(port);
  await client.send(head);
  const received = await client.until((each) => each.received.includes("\r\n\r\n") || each.isClosed);
  client.reset();
  return received.slice(0, "HTTP/1.1 ...".length);
}
