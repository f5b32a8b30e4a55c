import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RunningProgram } from "../support/program.ts";
import { exchange } from "../support/raw-client.ts";
import { readResponses } from "../support/response-reader.ts";

/** What a proxy of ours says ahead of a connection. */
const bring = (address: string): string => `PROXY TCP4 ${address} 127.0.0.1 5000 80\r\n`;
const OURS = bring("10.0.0.2");
const STRANGER = bring("203.0.113.1");
const DENIED = bring("198.51.100.9");

describe("the rules of addresses behind a PROXY header:", () => {
  let program: RunningProgram;
  beforeAll(async () => {
    const proxies = ["--proxy-protocol", "--trusted-proxies", "127.0.0.1,10.0.0.0/8"];
    program = await RunningProgram.start(["--host", "127.0.0.1", ...proxies, "--deny-ip", "198.51.100.9"]);
  });
  afterAll(() => program[Symbol.asyncDispose]());

  const clients: [who: string, header: string, fields: string, status: number][] = [
    ["one who may come", STRANGER, "", 200],
    ["one who may not", DENIED, "", 403],
    ["one who may not and says otherwise", DENIED, "X-Forwarded-For: 203.0.113.1\r\n", 403],
    ["one who may not and says that he is of this machine", DENIED, "Forwarded: for=127.0.0.1\r\n", 403],
    ["one who may come and names another, which nobody believes", STRANGER, "X-Forwarded-For: 198.51.100.9\r\n", 200],
    ["a second proxy of ours, with one who may not", OURS, "X-Forwarded-For: 198.51.100.9\r\n", 403],
    ["a second proxy of ours, with one who may", OURS, "X-Forwarded-For: 198.51.100.9, 203.0.113.1\r\n", 200],
    ["one who sends a header of his own behind the proxy's", STRANGER + bring("127.0.0.1"), "", 400],
    ["one of whom the proxy does not say who he is, where some may not", "PROXY UNKNOWN\r\n", "", 403],
  ];
  test.each(clients)("%s", async (_, header, fields, status) => {
    const request = `GET /echo/hello HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`;
    const [response] = readResponses(await exchange(program.port, header + request), ["GET"]);
    expect(response!.status).toBe(status);
  });
});
