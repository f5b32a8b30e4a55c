// HAProxy in front, which brings its clients with a PROXY header: as HTTP, and as TLS that it only passes on.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Passes connections of its port on to ours, with these words behind the server's address. */
class Haproxy implements AsyncDisposable {
  readonly port = freePort();
  readonly #child: ReturnType<typeof Bun.spawn>;
  readonly #folder = tempFolder();

  constructor(upstream: string, words: string) {
    const file = join(this.#folder.path, "haproxy.cfg");
    const times = "timeout connect 60s\n timeout client 60s\n timeout server 60s";
    writeFileSync(
      file,
      `defaults\n mode tcp\n ${times}\nlisten front\n bind 127.0.0.1:${this.port}\n server ours ${upstream} ${words}\n`,
    );
    this.#child = Bun.spawn(["haproxy", "-db", "-f", file], { stdout: "ignore", stderr: "ignore" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
    this.#folder[Symbol.dispose]();
  }
}

const CURL = ["curl", "-sk", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "--max-time", "60"];
const TRUST = ["--proxy-protocol", "--trusted-proxies", "127.0.0.1"];

describe.skipIf(needs({ suite: "clients", programs: ["haproxy", "curl"] }).skip)("HAProxy in front", () => {
  test.each([
    ["send-proxy", "http", []],
    ["send-proxy-v2", "http", ["--workers", "2"]],
    ["send-proxy", "https", ["--tls", "self-signed"]],
    ["send-proxy-v2", "https", ["--tls", "self-signed", "--workers", "2"]],
    ["send-proxy-v2 check check-send-proxy inter 100", "http", []],
  ])("with %s brings clients of %s whole", async (words, scheme, flags) => {
    using folder = tempFolder();
    const content = Buffer.alloc(2 * 1024 * 1024, "abcdefghijklmnop");
    writeFileSync(join(folder.path, "in.bin"), content);
    await using server = await RunningProgram.start(["--host", "127.0.0.1", ...TRUST, ...flags, folder.path]);
    await using proxy = new Haproxy(`127.0.0.1:${server.port}`, words);
    const url = `${scheme}://127.0.0.1:${proxy.port}/files/in.bin`;
    for (let i = 0; i < 5; i++) {
      const back = join(folder.path, `out${i}.bin`);
      expect((await runClient([...CURL, "-o", back, "-w", "%{http_code}", url])).stdout).toBe("200");
      expect(Buffer.from(await Bun.file(back).bytes()).equals(content)).toBe(true);
    }
    const sent = await runClient([...CURL, "-T", join(folder.path, "in.bin"), "-w", "%{http_code}", url]);
    expect(sent.stdout).toEndWith("204");
    expect(server.log).not.toContain("NO_PROXY_HEADER");
  });

  test.each([
    ["http", []],
    ["https", ["--tls", "self-signed"]],
  ])("brings clients of %s over a unix socket", async (scheme, flags) => {
    using folder = tempFolder();
    const socket = join(folder.path, "s");
    const trust = ["--proxy-protocol", "--trusted-proxies", "unix"];
    await using server = await RunningProgram.start(["--host", `unix:${socket}`, ...trust, ...flags]);
    await using proxy = new Haproxy(socket, "send-proxy-v2");
    expect((await runClient([...CURL, `${scheme}://127.0.0.1:${proxy.port}/echo/in`])).stdout).toBe("in");
    await server.untilLog((log) => /\[RECEIVED from 127\.0\.0\.1:\d+\] GET \/echo\/in /.test(log));
  });

  test("that sends no header is told which flag demands it", async () => {
    await using server = await RunningProgram.start(["--host", "127.0.0.1", ...TRUST]);
    await using proxy = new Haproxy(`127.0.0.1:${server.port}`, "");
    const asked = await runClient([...CURL, `http://127.0.0.1:${proxy.port}/echo/a`]);
    expect(asked.stdout).toBe("");
    await server.untilLog((log) => /does not begin with a PROXY header\. --proxy-protocol demands/.test(log));
  });
});

describe.skipIf(needs({ suite: "clients", programs: ["curl"] }).skip)("curl --haproxy-protocol", () => {
  test.each([
    ["http", []],
    ["https", ["--tls", "self-signed"]],
  ])("is let in over %s, and only with its header", async (scheme, flags) => {
    await using server = await RunningProgram.start(["--host", "127.0.0.1", ...TRUST, ...flags]);
    const url = `${scheme}://127.0.0.1:${server.port}/echo/in`;
    expect((await runClient([...CURL, "--haproxy-protocol", url, url])).stdout).toBe("inin");
    expect((await runClient(["curl", "-sk", url])).stdout).toBe("");
  });
});
