// nginx in front, as people write it, and curl as people use it behind and without it.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runClient } from "../support/client-program.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe.skipIf(needs({ suite: "clients", programs: ["curl"] }).skip)("curl", () => {
  test("-F to a folder whose slash was forgotten is told so, and nothing is stored", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "served"));
    const file = join(folder.path, "a.txt");
    writeFileSync(file, "content");
    await using server = await RunningProgram.start([join(folder.path, "served")]);
    const send = (path: string): ReturnType<typeof runClient> =>
      runClient(["curl", "-s", "-w", " %{http_code}", "-F", `f=@${file}`, server.url(path)]);
    expect((await send("/files/inbox")).stdout).toBe("A form goes to a folder; end the path with a slash.\n 400");
    expect(readdirSync(join(folder.path, "served"))).toEqual([]);
    expect((await send("/files/inbox/")).stdout).toBe("inbox/a.txt\n 201");
    expect(readFileSync(join(folder.path, "served/inbox/a.txt"), "utf8")).toBe("content");
  });
});

/** Of root, whose folders nobody else may write in. */
const USER = process.getuid?.() === 0 ? "user root;" : "";

/** nginx with these lines in its server, on a free port; `UPSTREAM` stands for where ours listens. */
class Nginx implements AsyncDisposable {
  readonly port: number;
  readonly #child: ReturnType<typeof Bun.spawn>;
  readonly #folder = tempFolder();

  private constructor(port: number, upstream: number, lines: string) {
    this.port = port;
    const at = (name: string): string => join(this.#folder.path, name);
    const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${at(name)};`);
    writeFileSync(
      at("nginx.conf"),
      `${USER} daemon off; pid ${at("pid")}; error_log ${at("errors")}; worker_processes 1;
      events { worker_connections 64; }
      http { access_log off; ${places.join(" ")} proxy_cache_path ${at("cache")} keys_zone=k:1m;
        server { listen 127.0.0.1:${port}; ${lines.replaceAll("UPSTREAM", `127.0.0.1:${upstream}`)} } }`,
    );
    this.#child = Bun.spawn(["nginx", "-e", at("errors"), "-c", at("nginx.conf")], {
      stdout: "ignore",
      stderr: "ignore",
    });
  }

  static async start(upstream: number, lines: string): Promise<Nginx> {
    const port = freePort();
    const nginx = new Nginx(port, upstream, lines);
    await until(() =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      ),
    );
    return nginx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
    this.#folder[Symbol.dispose]();
  }
}

describe.skipIf(needs({ suite: "clients", programs: ["nginx", "curl"] }).skip)("nginx in front", () => {
  const content = "0123456789".repeat(1000);
  async function serve(...flags: string[]): Promise<{ folder: ReturnType<typeof tempFolder>; server: RunningProgram }> {
    const folder = tempFolder();
    writeFileSync(join(folder.path, "empty.txt"), "");
    writeFileSync(join(folder.path, "full.bin"), content);
    mkdirSync(join(folder.path, "sub"));
    return { folder, server: await RunningProgram.start(["--host", "127.0.0.1", ...flags, folder.path]) };
  }

  test("fetches in slices, empty files too", async () => {
    const { folder, server } = await serve();
    await using _server = server;
    using _folder = folder;
    const slices =
      "location / { slice 4k; proxy_cache k; proxy_cache_key $uri$slice_range; proxy_set_header Range $slice_range; proxy_http_version 1.1; proxy_cache_valid 200 206 1m; proxy_pass http://UPSTREAM; }";
    await using nginx = await Nginx.start(server.port, slices);
    const url = `http://127.0.0.1:${nginx.port}/files/`;
    for (const [name, body] of [
      ["empty.txt", ""],
      ["full.bin", content],
    ]) {
      const response = await fetch(url + name);
      expect([name, response.status, await response.text()]).toEqual([name, 200, body]);
    }
    await server.untilLog((log) => log.match(/full\.bin HTTP\/1\.1 -> 206/g)?.length === 3);
  });

  test("below another path is not left by a redirect", async () => {
    const { folder, server } = await serve();
    await using _server = server;
    using _folder = folder;
    await using nginx = await Nginx.start(server.port, "location /share/ { proxy_pass http://UPSTREAM/; }");
    const url = `http://127.0.0.1:${nginx.port}/share/files/sub`;
    const words = ["curl", "-s", "-L", "-o", "/dev/null", "-w", "%{http_code} %{url_effective}"];
    expect((await runClient([...words, url + "?json"])).stdout).toBe(`200 ${url}/?json`);
    const created = await runClient(["curl", "-s", "-D-", "-T", "-", `${url}/new.txt`]);
    expect(created.stdout).toMatch(/^Location: new\.txt\r$/m);
  });

  test("without Host is told what to set, and with it our own page may write", async () => {
    const { folder, server } = await serve("--allowed-host", "files.example.org");
    await using _server = server;
    using _folder = folder;
    const without = "location / { proxy_pass http://UPSTREAM; }";
    const withHost = "location / { proxy_pass http://UPSTREAM; proxy_set_header Host $http_host; }";
    const put = async (lines: string): Promise<string> => {
      await using nginx = await Nginx.start(server.port, lines);
      const own = `files.example.org:${nginx.port}`;
      const fields = ["-H", `Host: ${own}`, "-H", `Origin: http://${own}`];
      const url = `http://127.0.0.1:${nginx.port}/files/new.txt`;
      const { stdout } = await runClient(["curl", "-s", "-w", " %{http_code}", ...fields, "-X", "PUT", "-d", "x", url]);
      return stdout.replaceAll(String(nginx.port), "81");
    };
    expect(await put(without)).toBe(
      `A page of another origin may not write here; if http://files.example.org:81 is this server behind a proxy, let the proxy pass on Host (files.example.org:81, not "127.0.0.1:${server.port}"), or start it with --cors-write http://files.example.org:81.\n 403`,
    );
    expect(await put(withHost)).toBe(" 201");
    await server.untilLog((log) => log.split("[WARNING]").length === 2);
  });

  test.each([
    ["http", "http", []],
    ["TLS", "https", ["--tls", "self-signed"]],
  ])("asks over a unix socket (%s), and is trusted there", async (_, scheme, flags) => {
    using sockets = tempFolder();
    const socket = join(sockets.path, "s");
    const { folder, server } = await serve("-b", `unix:${socket}`, "--trusted-proxies", "unix", ...flags);
    await using _server = server;
    using _folder = folder;
    const told =
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header Host $http_host;";
    await using nginx = await Nginx.start(
      0,
      `client_max_body_size 0; location / { ${told} proxy_pass ${scheme}://unix:${socket}:/; }`,
    );
    const url = `http://127.0.0.1:${nginx.port}/files/`;
    const big = Buffer.alloc(5_000_000, "content ");
    const own = { Origin: `http://127.0.0.1:${nginx.port}` };
    expect((await fetch(url + "big", { method: "PUT", body: big, headers: own })).status).toBe(201);
    expect(Buffer.from(await (await fetch(url + "big")).bytes()).equals(big)).toBe(true);
    await server.untilLog((log) => log.includes("[RECEIVED from 127.0.0.1] GET /files/big HTTP/1.0 -> 200 5000000 B"));
  });

  test("that is trusted tells who asks, by what scheme and for which host", async () => {
    const flags = [
      "--allowed-host",
      "files.example.org",
      "--trusted-proxies",
      "127.0.0.1",
      "--deny-ip",
      "203.0.113.0/24",
    ];
    const { folder, server } = await serve(...flags);
    await using _server = server;
    using _folder = folder;
    // TLS would end at the proxy.
    const named = `proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host files.example.org;`;
    const lines = `location / { proxy_pass http://UPSTREAM; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; ${named} }`;
    await using nginx = await Nginx.start(server.port, lines);
    const origin = ["-H", "Origin: https://files.example.org"];
    const put = async (client: string, ...fields: string[]): Promise<string> => {
      const words = ["curl", "-s", "-w", " %{http_code}", ...origin, "-H", `X-Forwarded-For: ${client}`, ...fields];
      const url = `http://127.0.0.1:${nginx.port}/files/new.txt`;
      return (await runClient([...words, "-X", "PUT", "-d", "x", url])).stdout;
    };
    // Behind 127.0.0.1, which is trusted, the next one to the left counts.
    expect(await put("192.0.2.7")).toBe(" 201");
    expect(await put("198.51.100.1, 203.0.113.7")).toBe("This address may not use the server.\n 403");
    expect(await put("203.0.113.7, 192.0.2.7")).toBe(" 204");
    expect(await put("192.0.2.7", "-H", "Forwarded: for=192.0.2.8")).toContain(" 400");
    await server.untilLog((log) => log.includes("[RECEIVED from 192.0.2.7] PUT /files/new.txt"));
  });
});
