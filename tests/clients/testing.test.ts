// Other people's clients at the endpoints that are made to test them: curl, Python, Node, Go.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

let server: RunningProgram;
const folder = tempFolder();
beforeAll(async () => {
  server = await RunningProgram.start(["--testing"]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const ALPHABET = "abcdefghijklmnopqrstuvwxyz".repeat(40).slice(0, 1000);

describe.skipIf(needs({ suite: "clients", programs: ["curl"] }).skip)("curl", () => {
  async function curl(...words: string[]): Promise<string> {
    const target = words.pop()!;
    const { stdout, stderr, exitCode } = await runClient(["curl", "-sS", ...words, server.url(target)], {
      cwd: folder.path,
    });
    return exitCode === 0 ? stdout : `exit ${exitCode}: ${stderr}`;
  }

  const asked: [why: string, words: string[], answer: RegExp][] = [
    ["follows redirects", ["-L", "/redirect/3"], /"url": "http:\/\/[^"]*\/get"/],
    ["follows absolute ones", ["-L", "/absolute-redirect/2"], /"url": "http:\/\/[^"]*\/get"/],
    ["keeps method and body over 307", ["-L", "-d", "a=b", "/redirect-to?url=/post&status_code=307"], /"a": "b"/],
    ["keeps cookies", ["-L", "-c", "jar", "-b", "jar", "/cookies/set?a=b"], /"a": "b"/],
    ["logs in with basic", ["-u", "u:p", "/basic-auth/u/p"], /"authenticated": true/],
    ["logs in with digest", ["--digest", "-u", "u:p", "/digest-auth/auth/u/p"], /"authenticated": true/],
    [
      "logs in with digest and SHA-256",
      ["--digest", "-u", "u:p", "/digest-auth/auth/u/p/SHA-256"],
      /"authenticated": true/,
    ],
    ["is told of a wrong password", ["--digest", "-u", "u:x", "-w", "%{http_code}", "/digest-auth/auth/u/p"], /401$/],
    ["brings a bearer token", ["--oauth2-bearer", "abc", "/bearer"], /"token": "abc"/],
    ["expands gzip", ["--compressed", "/gzip"], /"gzipped": true/],
    ["expands deflate", ["--compressed", "/deflate"], /"deflated": true/],
    ["sends a form", ["-F", "a=b", "-F", "f=content;filename=x", "/post"], /"f": "content"[^]*"a": "b"/],
    ["sends JSON", ["--json", '{"a":[1]}', "/post"], /"json": \{\s+"a": \[\s+1\s+\]/],
    ["sends QUERY", ["-X", "QUERY", "-d", "a=b", "/anything"], /"method": "QUERY"/],
    ["waits", ["-w", "%{time_total}", "/delay/0.2"], /0\.[2-9]\d*$/],
    ["is told 304", ["-H", 'If-None-Match: "a"', "-w", "%{http_code}", "/etag/a"], /^304$/],
    ["tries again after 503", ["--retry", "3", "--retry-delay", "0", "-f", "/base64/b2s=?fault=503+first=2"], /^ok$/],
    ["gives up on a reset", ["/get?fault=reset"], /^exit 56:/],
    ["gives up on an empty answer", ["/get?fault=close"], /^exit 52:/],
    ["gives up on what is cut", ["-o", "/dev/null", "/range/1000?fault=truncate"], /^exit 18:/],
    ["gives up on a bad chunk", ["-o", "/dev/null", "/get?fault=bad-chunk"], /^exit 56:/],
    ["gives up on bad gzip", ["--compressed", "/gzip?fault=bad-gzip"], /^exit (?:23|61):/],
  ];
  test.each(asked)("%s", async (_why, words, answer) => {
    expect(await curl(...words)).toMatch(answer);
  });

  test("goes on where a download was cut", async () => {
    const words = ["--retry", "2", "--retry-delay", "0", "--retry-all-errors", "-C", "-", "-o", "range"];
    expect(await curl(...words, "/range/1000?fault=reset@50%25+first=1")).toBe("");
    expect(readFileSync(join(folder.path, "range"), "utf8")).toBe(ALPHABET);
  });
});

const PYTHON = `
import http.client, json, sys, urllib.request
base = sys.argv[1]
def get(path, **fields):
    request = urllib.request.Request(base + path, headers=fields)
    return urllib.request.urlopen(request, timeout=60)
print(json.load(get("get?a=1&a=2"))["args"])
print(get("redirect/2").url.endswith("/get"))
print(len(get("stream-bytes/100000").read()), len(get("bytes/5").read()))
print([json.loads(line)["id"] for line in get("stream/3")])
print(get("drip?numbytes=3&duration=0.1").read())
print(get("range/26", Range="bytes=3-5").read())
def fails(path):
    try:
        return get(path).read()
    except Exception as error:
        return type(error).__name__
print(fails("range/1000?fault=truncate"))
print(fails("get?fault=reset"), fails("get?fault=close"), fails("get?fault=bad-status"), fails("get?fault=garbage"))
print(fails("stream/3?fault=no-last-chunk"), fails("status/404"))
connection = http.client.HTTPConnection(base[7:-1])
connection.request("POST", "/raw", iter([b"ab", b"c"]), {"X-oDD": "1"}, encode_chunked=True)
print(connection.getresponse().read().split(b"\\r\\n\\r\\n", 1)[1])
`;

describe.skipIf(needs({ suite: "clients", programs: ["python3"] }).skip)("Python", () => {
  test("urllib and http.client", async () => {
    const { stdout, stderr } = await runClient(["python3", "-c", PYTHON, server.url("/")]);
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual([
      "{'a': ['1', '2']}",
      "True",
      "100000 5",
      "[0, 1, 2]",
      "b'***'",
      "b'def'",
      "IncompleteRead",
      "ConnectionResetError RemoteDisconnected BadStatusLine BadStatusLine",
      "IncompleteRead HTTPError",
      String.raw`b'2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'`,
    ]);
  });
});

const NODE = `
const base = process.argv[1];
const say = (...words) => console.log(JSON.stringify(words));
const get = (path, init) => fetch(base + path, init);
say((await (await get("get?a=1&a=2")).json()).args);
const form = new FormData(); form.append("a", "b"); form.append("f", new Blob(["content"]), "x");
const posted = await (await get("post", { method: "POST", body: form })).json();
say(posted.form, posted.files);
say((await get("redirect/3")).url.endsWith("/get"), (await (await get("brotli")).json()).brotli);
const text = await (await get("sse?count=3&duration=0.1")).text();
say(text.match(/^event: ping$/gm).length);
const fails = async (path) => { try { return await (await get(path)).text(); } catch (error) { return error.cause?.code ?? error.message; } };
say(await fails("get?fault=reset"), await fails("range/1000?fault=reset@50%25"), await fails("range/1000?fault=truncate"));
say(await fails("get?fault=garbage"), await fails("get?fault=bad-chunk"));
`;

describe.skipIf(needs({ suite: "clients", programs: ["node"] }).skip)("Node", () => {
  test("fetch", async () => {
    const { stdout, stderr } = await runClient(["node", "--input-type=module", "-e", NODE, server.url("/")]);
    expect(stderr).toBe("");
    const said = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(said.slice(0, 4)).toEqual([[{ a: ["1", "2"] }], [{ a: "b" }, { f: "content" }], [true, true], [3]]);
    expect(said[4]![0]).toBe("ECONNRESET");
    for (const failure of [...said[4]!, ...said[5]!])
      expect(failure).toMatch(/^(?:ECONNRESET|UND_ERR_SOCKET|HPE_|terminated|fetch failed)/);
  });
});

const GO = `package main
import ("fmt"; "io"; "net/http"; "os"; "strings")
func main() {
  base := os.Args[1]
  get := func(path string) string {
    response, err := http.Get(base + path)
    if err != nil { return "no answer" }
    body, err := io.ReadAll(response.Body)
    if err != nil { return fmt.Sprint(err) }
    return fmt.Sprint(response.StatusCode, " ", len(body), " ", response.Trailer.Get("X-Sum"))
  }
  fmt.Println(get("range/26"))
  fmt.Println(strings.TrimSpace(get("range/1000?fault=truncate")))
  fmt.Println(get("get?fault=bad-status"))
  fmt.Println(get("range/10?fault=length@-5"))
  fmt.Println(strings.HasSuffix(get("trailers?X-Sum=7"), " 7"))
}
`;

describe.skipIf(needs({ suite: "clients", programs: ["go"] }).skip)("Go", () => {
  test("net/http", async () => {
    writeFileSync(join(folder.path, "main.go"), GO);
    const env = { GOCACHE: join(folder.path, "cache"), HOME: folder.path, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" };
    // The first time Go builds its own library too.
    const build = Bun.spawn(["go", "build", "-o", "client", "main.go"], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"], ...env },
    });
    expect(await build.exited).toBe(0);
    const { stdout } = await runClient([join(folder.path, "client"), server.url("/")]);
    expect(stdout.trimEnd().split("\n")).toEqual(["200 26 ", "unexpected EOF", "no answer", "200 5 ", "true"]);
  }, 600_000);
});
