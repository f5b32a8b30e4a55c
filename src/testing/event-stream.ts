// `/sse`: server-sent events (the HTML standard, 9.2).

import { type MaybePromise, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { HttpResponse, type HttpRequest } from "../http/message.ts";
import { Arguments } from "./arguments.ts";
import { paced } from "./paced-source.ts";
import { pause, type Timer } from "./timer.ts";

const MOST_EVENTS = 1000;
const MOST_MS = 60_000;
const PRESET_EVENTS = 10;
const PRESET_MS = 5000;

/** One event; `data` may have several lines, `id` and `event` have none. */
export function formatEvent(event: string, id: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: ${event}\nid: ${id}\n${lines.join("")}\n`;
}

/** The head of every answer of this kind: no cache keeps it, and no proxy waits for more of it. */
export function eventStreamReply(reply: HttpResponse): HttpResponse {
  return reply
    .append("Content-Type", "text/event-stream")
    .append("Cache-Control", "no-store")
    .append("X-Accel-Buffering", "no");
}

/** GET `/sse`, `?count=10&duration=5s&delay=0`: so many pings, spread over the duration. */
export function createPings(timer: Timer): (request: HttpRequest) => MaybePromise<HttpResponse> {
  return (request) => {
    const parameters = new Arguments(request);
    const count = parameters.count("count", PRESET_EVENTS, 1, MOST_EVENTS);
    const durationMs = parameters.duration("duration", PRESET_MS, MOST_MS);
    const delayMs = parameters.duration("delay", 0, MOST_MS);
    const make = (id: number): Uint8Array =>
      Buffer.from(formatEvent("ping", String(id), JSON.stringify({ id, timestamp: timer.now })));
    const reply = (): HttpResponse =>
      eventStreamReply(new HttpResponse(200, paced({ count, make }, UNKNOWN_LENGTH, durationMs / count, timer)));
    return delayMs === 0 ? reply() : pause(timer, delayMs, request.peer).then(reply);
  };
}
