// A server on several hosts: `--host` more than once.

import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { withoutBody } from "../support/ask.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram, runProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { skip } = needs({ linux: true, paths: ["/proc/net/if_inet6"] });
const HELLO = withoutBody("GET", "/echo/hello");

async function exchange(port: number, text: string, address: string): Promise<string> {
  const client = await RawClient.connect(port, address);
  await client.send(text);
  client.end();
  const reply = await client.untilEnd();
  client.close();
  return reply;
}

describe.skipIf(skip)("several hosts", () => {
  test.each([
    ["one process", []],
    ["two workers", ["--workers", "2"]],
    ["a process that shares its port", ["--reuse-port"]],
  ])("of %s have one port, and each its URL", async (_, flags) => {
    using folder = tempFolder();
    const file = join(folder.path, "ready.json");
    const hosts = ["--host", "127.0.0.2,localhost", "--bind", "[::1]", "--host", "127.0.0.2"];
    await using program = await RunningProgram.start([...hosts, "--ready-file", file, ...flags]);
    const { port } = program;
    await until(() => existsSync(file));
    const { urls } = JSON.parse(readFileSync(file, "utf8"));
    expect(urls).toEqual([`http://127.0.0.2:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`]);
    for (const address of ["127.0.0.1", "127.0.0.2", "::1"])
      expect(await exchange(port, HELLO, address)).toEndWith("hello");
    expect(program.log).toContain(`Listening on ${urls.join(", ")} (`);
    expect(exchange(port, HELLO, "127.0.0.3")).rejects.toThrow();
  });

  test("are all of the environment, or all of the command line", async () => {
    const env = { MINI_HTTP_HOST: "127.0.0.2,127.0.0.3" };
    await using program = await RunningProgram.start([], { env });
    for (const address of ["127.0.0.2", "127.0.0.3"])
      expect(await exchange(program.port, HELLO, address)).toEndWith("hello");
    await using other = await RunningProgram.start(["--host", "127.0.0.4"], { env });
    expect(exchange(other.port, HELLO, "127.0.0.2")).rejects.toThrow();
  });

  const lost: [why: string, hosts: string, line: string][] = [
    ["is of another machine", "localhost,198.51.100.1", "198.51.100.1 is not an address of this machine"],
    ["is covered, and of another machine", "198.51.100.1,0.0.0.0", "198.51.100.1 is not an address of this machine"],
    ["is nobody's name", "localhost,no-such-host.invalid", "no address is known for no-such-host.invalid"],
  ];
  test.each(lost)("are no place when one of them %s", async (_, hosts, line) => {
    for (const flags of [[], ["--workers", "2"]]) {
      const { exitCode, stderr } = await runProgram(["--port", "0", "--host", hosts, ...flags]);
      expect(exitCode).toBe(1);
      expect(stderr).toBe(`mini-http: Cannot listen: ${line}; choose another with --host.\n`);
    }
  });

  test("are all in the certificate that the server makes", async () => {
    await using program = await RunningProgram.start(["--tls", "self-signed", "--host", "127.0.0.2,127.0.0.3"]);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect({ host: "127.0.0.3", port: program.port, rejectUnauthorized: false }, () =>
      resolve(new X509Certificate(socket.getPeerCertificate().raw).subjectAltName ?? ""),
    );
    socket.on("error", reject);
    const names = await promise;
    socket.destroy();
    for (const address of ["127.0.0.2", "127.0.0.3"]) expect(names).toContain(`IP Address:${address}`);
  });

  test("all send people to the secure port, which is none of another host's", async () => {
    const [secure, plain] = [freePort(), freePort()];
    const words = ["--tls", "self-signed", "--port", String(secure), "--https-redirect", String(plain)];
    await using program = await RunningProgram.start([...words, "--host", "127.0.0.2", "--host", "127.0.0.3"]);
    for (const address of ["127.0.0.2", "127.0.0.3"]) {
      const reply = await exchange(plain, `GET / HTTP/1.1\r\nHost: ${address}\r\n\r\n`, address);
      expect(reply).toContain(`\r\nLocation: https://${address}:${secure}/\r\n`);
    }
    expect(program.log).toContain(`http://127.0.0.2:${plain}, http://127.0.0.3:${plain}`);
    using _other = Bun.listen({ hostname: "127.0.0.4", port: plain, socket: { data() {} } });
    expect((await runProgram([...words, "--host", "127.0.0.4"])).stderr).toEndWith(
      `Cannot listen: port ${plain} on 127.0.0.4 is in use; choose another with --port, or a free one with --port 0.\n`,
    );
  });
});
