import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { guardAddresses } from "../../src/admission/address-rules.ts";
import { createCrossOriginGate } from "../../src/admission/cross-origin.ts";
import { createHostGuard } from "../../src/admission/host-guard.ts";
import { createHsts, redirectToHttps } from "../../src/admission/https-only.ts";
import { believeProxies } from "../../src/admission/proxies.ts";
import { type HttpRequest, HttpResponse } from "../../src/http/message.ts";
import { application, warningApplication } from "../support/app.ts";
import { answerTo, statusOf } from "../support/ask.ts";
import { LOCAL_PEER, requestOf } from "../support/request.ts";
import { type StartedServer, startServer } from "../support/start-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The request as it is behind this proxy. */
function behind(
  networks: readonly string[],
  fields: Readonly<Record<string, string>>,
  peer = LOCAL_PEER,
  method = "GET",
): HttpRequest {
  const request = requestOf(method, "/files/a", { host: "127.0.0.1:4221", ...fields }, peer);
  request.route = { path: "/files/{path}", access: "private", methods: ["GET", "POST"] };
  void believeProxies(
    () => new HttpResponse(200),
    networks,
    () => {},
  )(request);
  return request;
}

describe("who is believed", () => {
  const told = { "x-forwarded-for": "203.0.113.9" };
  const peers: [why: string, peer: string, networks: string[], client: string][] = [
    ["a proxy of the set", "127.0.0.1", ["127.0.0.1"], "203.0.113.9"],
    ["one of a network", "10.1.2.3", ["192.168.0.0/16", "10.0.0.0/8"], "203.0.113.9"],
    ["an IPv6 one", "fd00::2", ["fd00::/64"], "203.0.113.9"],
    ["its neighbour is not", "127.0.0.2", ["127.0.0.1"], "127.0.0.2"],
    ["nobody without the flag", "127.0.0.1", [], "127.0.0.1"],
    ["nobody whose address is not known", "", ["0.0.0.0/0", "::/0"], ""],
  ];
  test.each(peers)("%s", (_why, address, networks, client) => {
    const request = behind(networks, told, { ...LOCAL_PEER, address });
    expect([request.clientAddress, request.clientPort]).toEqual([client, client === address ? 1 : 0]);
  });

  test("a proxy that tells nothing speaks for itself", () => {
    const request = behind(["127.0.0.1"], {});
    expect([request.clientAddress, request.clientPort, request.forwarded]).toEqual(["127.0.0.1", 1, null]);
  });

  test("without the flag there is nothing in the way of a request", () => {
    const dispatch = (): HttpResponse => new HttpResponse(200);
    expect(believeProxies(dispatch, [], () => {})).toBe(dispatch);
  });
});

describe("behind a proxy", () => {
  const NETWORKS = ["127.0.0.1"];

  const pages: [why: string, fields: Record<string, string>, may: boolean][] = [
    ["its own page", { "x-forwarded-proto": "https", "x-forwarded-host": "a.example" }, true],
    ["its own page, as RFC 7239 has it", { forwarded: 'proto=https;host="a.example:443"' }, true],
    ["its own page, with Host passed on", { host: "a.example", "x-forwarded-proto": "https" }, true],
    ["a page of another scheme", { host: "a.example" }, false],
    ["a page of another host", { "x-forwarded-proto": "https", "x-forwarded-host": "b.example" }, false],
  ];
  test.each(pages)("%s of an old browser: may write %p", async (_why, fields, may) => {
    const request = behind(NETWORKS, { origin: "https://a.example", ...fields }, LOCAL_PEER, "POST");
    expect((await createCrossOriginGate([], () => {})(request)) === null).toBe(may);
  });

  const hosts: [why: string, fields: Record<string, string>, allowed: boolean][] = [
    ["a name that is allowed", { "x-forwarded-host": "files.example" }, true],
    ["a name of this machine", { "x-forwarded-host": "box:8443" }, true],
    ["a name that is not", { "x-forwarded-host": "evil.example" }, false],
    // What a page can do whose name was rebound: it reaches the server past the proxy, and sends what it likes.
    ["a rebound name with a proxy's field", { host: "evil.example", "x-forwarded-host": "localhost" }, false],
    ["a rebound name with Forwarded", { host: "evil.example", forwarded: "host=files.example" }, false],
  ];
  test.each(hosts)("the host guard, %s: lets in %p", async (_why, fields, allowed) => {
    const guard = createHostGuard(["files.example"], "box", () => {});
    for (let i = 0; i < 2; i++) expect((await guard(behind(NETWORKS, fields))) === null).toBe(allowed);
  });

  test("nobody is sent to HTTPS who came by it, and others to the host that they asked", async () => {
    const dispatch = redirectToHttps(() => new HttpResponse(200), 443, new Set());
    const host = { "x-forwarded-host": "files.example" };
    expect((await dispatch(behind(NETWORKS, { ...host, "x-forwarded-proto": "https" }))).status).toBe(200);
    const sent = await dispatch(behind(NETWORKS, { ...host, "x-forwarded-proto": "http" }));
    expect(sent).toMatchObject({ status: 308, fieldLines: "Location: https://files.example/files/a\r\n" });
  });

  test.each([
    ["http", ""],
    ["https", "Strict-Transport-Security: max-age=1\r\n"],
  ])("of HSTS a client that came by %s hears %j", (proto, lines) => {
    const response = new HttpResponse(200);
    createHsts(1000)(behind(NETWORKS, { "x-forwarded-proto": proto }), response);
    expect(response.fieldLines).toBe(lines);
  });

  test.each(["x-forwarded-proto", "x-forwarded-host", "forwarded"])(
    "a 403 of a page whose proxy sends %s and is not trusted names the flag",
    async (name) => {
      const request = behind([], { origin: "https://a.example", [name]: "x" }, LOCAL_PEER, "POST");
      expect(await createCrossOriginGate([], () => {})(request)).toMatchObject({
        status: 403,
        body: "A page of another origin may not write here; if https://a.example is this server behind a proxy, --trusted-proxies 127.0.0.1 believes what it tells of it, and --cors-write https://a.example allows it anyway.\n",
      });
    },
  );
});

describe("a server behind a proxy", () => {
  const folder = tempFolder();
  const warned: string[] = [];
  let started: StartedServer;
  beforeAll(() => {
    const rights = ["--auth", "ada:secret@/:rw", "--anonymous", "ro@/", "--testing"];
    const flags = ["--trusted-proxies", "127.0.0.1,10.0.0.0/8", "--deny-ip", "198.51.100.0/24", ...rights];
    started = startServer(warningApplication((line) => void warned.push(line), folder.path, ...flags));
  });
  afterAll(async () => {
    await started.stop();
    folder[Symbol.dispose]();
  });

  const get = (path: string, fields: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

  const clients: [why: string, path: string, fields: string, status: number][] = [
    ["one who may come", "/user-agent", "X-Forwarded-For: 203.0.113.9\r\n", 200],
    ["one who is denied", "/user-agent", "X-Forwarded-For: 198.51.100.9\r\n", 403],
    ["one who is denied and says otherwise", "/user-agent", "X-Forwarded-For: 1.1.1.1, 198.51.100.9\r\n", 403],
    [
      "one who is denied, in two lines",
      "/user-agent",
      "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 198.51.100.9\r\n",
      403,
    ],
    ["one who is denied, by Forwarded", "/user-agent", "Forwarded: for=198.51.100.9\r\n", 403],
    ["one who cannot be read", "/user-agent", "X-Forwarded-For: me\r\n", 400],
    [
      "one of whom two things are told",
      "/user-agent",
      "X-Forwarded-For: 198.51.100.9\r\nForwarded: for=1.1.1.1\r\n",
      400,
    ],
    ["this machine at the recorder", "/-/requests", "", 200],
    ["a stranger at the recorder", "/-/requests", "X-Forwarded-For: 203.0.113.9\r\n", 403],
    ["a stranger who says that he is from here", "/-/requests", "X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\n", 403],
    ["one without an address, where some are denied", "/user-agent", "Forwarded: for=unknown\r\n", 403],
    ["somebody of whom only the scheme is told, at the recorder", "/-/requests", "X-Forwarded-Proto: http\r\n", 403],
    ["this machine at the recorder, through the proxy", "/-/requests", "X-Forwarded-For: 127.0.0.1\r\n", 200],
  ];
  test.each(clients)("%s", async (_why, path, fields, status) => {
    expect(await statusOf(started.port, get(path, fields))).toBe(status);
  });

  test("failed logins count for the client that the proxy names, and the log names it", async () => {
    const login = (client: string): Promise<number> =>
      statusOf(
        started.port,
        get("/files/", `X-Forwarded-For: ${client}\r\nAuthorization: Basic ${btoa("ada:no")}\r\n`),
      );
    for (let i = 0; i < 10; i++) expect(await login("203.0.113.77")).toBe(401);
    expect([await login("203.0.113.77"), await login("203.0.113.78")]).toEqual([429, 401]);
    expect(warned).toContain('Login failed for "ada" from 203.0.113.77.');
  });

  test("the log of answers and of refusals has the client's address, and CONNECTED the proxy's", async () => {
    const { exchanges } = started.observer;
    exchanges.length = 0;
    const named = "X-Forwarded-For: 203.0.113.9:4711\r\n";
    await answerTo(started.port, get("/user-agent", named));
    await answerTo(started.port, get("/user-agent", named + "Expect: cake\r\n"));
    await answerTo(started.port, get("/user-agent", "X-Forwarded-For: unknown\r\n"));
    expect(exchanges.map(({ peerAddress, peerPort, status }) => [peerAddress, peerPort, status])).toEqual([
      ["203.0.113.9", 4711, 200],
      ["203.0.113.9", 4711, 417],
      ["unknown", 0, 403],
    ]);
  });

  test("a 400 says which field it is about and what helps, and the log says it once", async () => {
    const line = "X-Forwarded-For cannot be read; let the proxy in front write it anew.";
    for (let i = 0; i < 2; i++) {
      const { status, body } = await answerTo(started.port, get("/user-agent", "X-Forwarded-For: me\r\n"));
      expect([status, body]).toEqual([400, line + "\n"]);
    }
    expect(warned.filter((text) => text.startsWith("A request was refused with 400"))).toHaveLength(1);
  });
});

describe("where some may not come", () => {
  const clients: [why: string, address: string, fields: Record<string, string>, status: number][] = [
    ["one of whom nothing is said may", "127.0.0.1", {}, 200],
    ["one who has reset his connection may not", "", {}, 403],
    ["one whom the proxy does not name may not", "127.0.0.1", { "x-forwarded-for": "unknown" }, 403],
    ["one for whom the proxy has a word may not", "127.0.0.1", { forwarded: "for=_a" }, 403],
  ];
  test.each(clients)("%s", async (_why, address, fields, status) => {
    const guarded = guardAddresses(() => new HttpResponse(200), [], ["192.0.2.0/24"]);
    const reply = await guarded(behind(["127.0.0.1"], fields, { ...LOCAL_PEER, address }));
    expect(reply.status).toBe(status);
  });
});

describe("what goes on every answer goes on that", () => {
  const expectation = "Expect: cake\r\n";
  const told = "X-Forwarded-For: me\r\n";
  const answers: [why: string, flags: string[], fields: string, status: number][] = [
    ["of an address that may not come", ["--deny-ip", "127.0.0.1"], "", 403],
    ["of a refusal where some may not", ["--deny-ip", "192.0.2.1"], expectation, 417],
    ["of a proxy that cannot be read", ["--trusted-proxies", "127.0.0.1"], told, 400],
    ["of a refusal behind a proxy", ["--trusted-proxies", "127.0.0.1"], told + expectation, 417],
  ];
  test.each(answers)("%s", async (_why, flags, fields, status) => {
    const started = startServer(application(null, "--header", "X-Own: 1", ...flags));
    const answer = await answerTo(started.port, `GET /user-agent HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    expect([answer.status, answer.fields.get("x-own")]).toEqual([status, "1"]);
    await started.stop();
  });

  test("of somebody who is sent to HTTPS", async () => {
    const flags = ["--tls", "self-signed", "--https-redirect", "8080", "--header", "X-Own: 1"];
    const reply = await application(null, ...flags)(requestOf("GET", "/user-agent", { host: "a" }));
    expect([reply.status, reply.fieldLines]).toEqual([308, "Location: https://a:4221/user-agent\r\nX-Own: 1\r\n"]);
  });
});

test("without the flag nobody is believed", async () => {
  using folder = tempFolder();
  const started = startServer(application(folder.path, "--deny-ip", "127.0.0.1"));
  const raw = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n\r\n";
  expect(await statusOf(started.port, raw)).toBe(403);
  await started.stop();
});
