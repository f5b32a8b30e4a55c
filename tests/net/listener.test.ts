import { expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import type { Listener, SocketEvents } from "../../src/net/listener.ts";
import { Server } from "../../src/net/server.ts";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { application } from "../support/app.ts";
import { withoutBody } from "../support/ask.ts";
import { needs } from "../support/needs.ts";
import { RecordingObserver } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { exchangeAt } from "../support/unix-client.ts";

/** Another kind of place, to show that it needs no word of the server's. */
class SocketFileListener implements Listener {
  readonly urls: readonly string[];
  readonly #path: string;
  #listener: { stop(): void } | null = null;

  constructor(path: string) {
    this.#path = path;
    this.urls = [`unix:${path}`];
  }

  listen<Data>(events: SocketEvents<Data>): void {
    const options = { unix: this.#path, allowHalfOpen: true, socket: events };
    this.#listener = Bun.listen<Data>(options);
  }

  stop(): void {
    this.#listener?.stop();
  }
}

test.skipIf(needs({ linux: true }).skip)("a server serves wherever a listener listens, such as at a file", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "socket");
  const [observer, lifecycle] = [new RecordingObserver(), new Lifecycle()];
  const given = { limits: DEFAULT_LIMITS, maxTurnedAway: 1, dispatch: application(folder.path) };
  const server = new Server({ ...given, listeners: [new SocketFileListener(path)], observer, lifecycle });
  expect(server.listen()).toEqual([`unix:${path}`]);
  expect(await exchangeAt(path, withoutBody("GET", "/echo/a"))).toEndWith("\r\n\r\na");
  expect(await exchangeAt(path, withoutBody("GET", "/files/none"))).toStartWith("HTTP/1.1 404 ");
  expect(observer.faults).toEqual([]);
  expect(observer.records).toMatchObject([{ peerAddress: "" }, { peerAddress: "" }]);
  await server.drain(0);
});
