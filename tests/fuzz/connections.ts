// Whole connections: pipelines of valid and broken requests, cut, half-closed and reset. What comes back must be a
// sequence of valid responses and then the end, whatever was sent.

import { HttpResponse } from "../../src/http/message.ts";
import type { HttpRequest } from "../../src/http/message.ts";
import { echoBody, echoPath } from "../../src/handlers/echo.ts";
import { createRouter } from "../../src/router.ts";
import { RawClient } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";
import { FaultBook } from "../../src/testing/fault-book.ts";
import { tapRaw } from "../../src/testing/raw-request.ts";
import { Recorder } from "../../src/testing/recorder.ts";
import { SYSTEM_TIMER } from "../../src/testing/timer.ts";
import { toolDispatch } from "../../src/testing/tools.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { abortsForMemory, blameSystem } from "../support/system-aborts.ts";
import { mutate } from "./generate.ts";
import type { Finding } from "./parsers.ts";
import type { Random } from "./random.ts";

/** Of the whole run: asking for each connection would take a tenth of it. */
const ABORTS_BEFORE = abortsForMemory();
const LARGE = "0123456789abcdef".repeat(8 * 1024);

/** Routes that answer at once, later, with much, and from the body. */
const ROUTES = createRouter({
  "/": { GET: () => new HttpResponse(200) },
  "/echo/{text}": { rest: "decoded", GET: echoPath },
  "/large": { GET: () => new HttpResponse(200, LARGE) },
  "/later": {
    GET: async () => {
      await Bun.sleep(0);
      return new HttpResponse(200, "later");
    },
  },
  "/take": { POST: takeBody },
  "/whole-echo": { POST: echoBody },
});

async function takeBody(request: HttpRequest): Promise<HttpResponse> {
  let taken = 0;
  if (request.body !== null) {
    for (let chunk = await request.body.read(); chunk !== null; chunk = await request.body.read())
      taken += chunk.length;
    request.body.close();
  }
  return new HttpResponse(200, String(taken));
}

/** The server under test; the same with the recorder and the faults of `--testing` in the way. */
export function startFuzzServer(isObserved = false): StartedServer {
  if (!isObserved) return startServer(ROUTES);
  const tools = { recorder: new Recorder(500, SYSTEM_TIMER), faults: new FaultBook([]) };
  return startServer(
    toolDispatch(ROUTES, tools, () => {}),
    {},
    { wiretap: tapRaw },
  );
}

/** One connection, from generation to verdict. */
export async function fuzzConnection(
  random: Random,
  port: number,
): Promise<{ readonly raw: string; readonly finding: Finding }> {
  const valid = Array.from({ length: 1 + random.below(4) }, () => generateRequest(random)).join("");
  const isValid = random.oneIn(3);
  const raw = isValid ? valid + random.pick(["", WHOLE_ECHO]) : mutate(random, valid);
  const client = await RawClient.connect(port);
  for (let sent = 0; sent < raw.length;) {
    const end = Math.min(raw.length, sent + 1 + random.below(raw.length));
    await client.send(raw.slice(sent, end));
    sent = end;
    if (random.oneIn(4)) await Bun.sleep(0);
  }
  if (random.oneIn(8)) {
    client.reset();
    return { raw, finding: null };
  }
  client.end();
  try {
    const received = await client.untilEnd(PATIENCE_MS);
    const finding = judge(received, isValid);
    if (finding === null || !client.isReset) return { raw, finding };
    return {
      raw,
      finding: `${finding}; it ended in a reset, ${blameSystem(ABORTS_BEFORE) || "and not by the system"}`,
    };
  } catch (error) {
    return { raw, finding: String(error) };
  } finally {
    client.close();
  }
}

const WHOLE_ECHO = "POST /whole-echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

/** No HEAD: whether a response has a body must not depend on how its request was mutated. */
function generateRequest(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return "POST /take HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n";
    case 1:
      return `POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${random.pick(["", "Expect: 100-continue\r\n"])}\r\nhello`;
    case 2:
      return "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwxyz";
    default:
      return `GET ${random.pick(["/", "/echo/a", "/large", "/later", "/none"])} HTTP/1.1\r\nHost: a\r\n\r\n`;
  }
}

function judge(received: string, isValid: boolean): Finding {
  let statuses: number[];
  try {
    statuses = readResponses(received).map(({ status }) => status);
  } catch (error) {
    return String(error) + " in " + JSON.stringify(received.slice(0, 500));
  }
  if (isValid && statuses.some((status) => status !== 100 && status !== 200 && status !== 404))
    return "a valid request was answered with " + statuses.join();
  return null;
}
