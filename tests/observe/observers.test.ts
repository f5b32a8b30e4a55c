import { expect, test } from "bun:test";
import { BAD_HOST } from "../../src/http/refusal.ts";
import { AccessLog } from "../../src/observe/access-log.ts";
import type { ExchangeRecord } from "../../src/observe/observer.ts";
import { Observers } from "../../src/observe/observers.ts";
import { HandDrivenServer } from "../support/hand-driven.ts";
import { RecordingObserver } from "../support/start-server.ts";

/** Open nowhere, so that nothing is written. */
const quietLog = (): AccessLog => new AccessLog({ quiet: true, servesFiles: true, fd: 987_654 });

test("a quiet log keeps nothing from the others", () => {
  const other = new RecordingObserver();
  const observers = new Observers([quietLog(), other], []);
  expect(observers.wantsAll).toBe(true);
  const server = Object.assign(new HandDrivenServer(), { observer: observers });
  const { connection } = server.connect();
  connection.receive(Buffer.from("GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"));
  connection.closed();
  expect(other.exchanges).toMatchObject([{ status: 200 }, { status: 400, refusal: { name: "MISSING_HOST" } }]);
  expect(other.disconnections).toBe(1);
});

test("where nobody wants all, refusals are told all the same, and nothing else", () => {
  const other = new RecordingObserver();
  const few = Object.assign(other, { wantsAll: false });
  const server = Object.assign(new HandDrivenServer(), { observer: new Observers([quietLog(), few], []) });
  const { connection } = server.connect();
  connection.receive(Buffer.from("GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"));
  connection.closed();
  expect(other.exchanges).toMatchObject([{ status: 400 }]);
  expect(other.disconnections).toBe(0);
});

test("news go to those who want news, in their order", () => {
  const heard: string[] = [];
  const listener = (name: string) => ({
    started: (urls: readonly string[]) => void heard.push(name + urls.join()),
    fault: (error: unknown) => void heard.push(name + String(error)),
    warning: (line: string) => void heard.push(name + line),
    stopped: () => void heard.push(name),
  });
  const other = new RecordingObserver();
  const observers = new Observers([other], [listener("a"), listener("b")]);
  observers.started(["u"]);
  observers.fault("f");
  observers.warning("w");
  observers.stopped();
  expect(heard).toEqual(["au", "bu", "af", "bf", "aw", "bw", "a", "b"]);
  expect(other.faults).toEqual([]);
  observers.exchange({ refusal: BAD_HOST } as ExchangeRecord);
  expect(other.refusals).toEqual(["BAD_HOST"]);
});
