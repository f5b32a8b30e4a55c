// The house's rules as tests: who may import whom, who writes to sockets, who touches paths.

import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SOURCE = join(import.meta.dir, "../src");
const files = [...new Glob("**/*.{ts,js}").scanSync(SOURCE)].filter((file) => !file.endsWith(".d.ts")).sort();
const text = new Map(files.map((file) => [file, readFileSync(join(SOURCE, file), "utf8")]));

/** What each room may import: rooms and files by their beginning, packages by name. Types count like values. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "http/": ["http/"],
  "net/": [
    "net/",
    "http/",
    "observe/observer.ts",
    "bun",
    "node:stream",
    "node:tls",
    "node:fs",
    "node:path",
    "node:crypto",
  ],
  "storage/": ["storage/", "http/byte-source.ts", "node:", "bun"],
  "observe/": ["observe/", "http/refusal.ts", "http/authority.ts", "http/request-id.ts", "node:fs"],
  "tls/": ["tls/", "http/host.ts", "http/ip-address.ts", "node:crypto", "node:fs", "node:os", "node:path"],
  "admission/": ["admission/", "http/", "node:crypto"],
  "pages/": ["pages/"],
  "handlers/": [
    "handlers/",
    "pages/",
    "http/",
    "storage/storage.ts",
    "storage/object-name.ts",
    "storage/shared-work.ts",
    "storage/loop-share.ts",
    "node:zlib",
    "node:stream",
  ],
  "testing/": [
    "testing/",
    "http/",
    "handlers/made-source.ts",
    "pages/policy.ts",
    "observe/observer.ts",
    "storage/loop-share.ts",
    "node:buffer",
    "node:zlib",
  ],
  "cli/": [
    "cli/",
    "http/limits.ts",
    "http/authority.ts",
    "http/address-set.ts",
    "http/own-field.ts",
    "http/unix-host.ts",
    "bun",
    "testing/fault-rule.ts",
    "node:buffer",
    "node:fs",
    "node:path",
    "node:tty",
    "node:util",
    "../package.json",
  ],
  "router.ts": ["http/"],
  "config.ts": ["cli/", "http/limits.ts"],
  "app.ts": [
    "node:os",
    "config.ts",
    "handlers/",
    "http/",
    "observe/meters.ts",
    "router.ts",
    "storage/",
    "admission/",
    "testing/",
  ],
  "process/": [
    "process/",
    "app.ts",
    "cli/",
    "config.ts",
    "net/c-library.ts",
    "net/held-socket.ts",
    "net/host-addresses.ts",
    "net/inherited-listener.ts",
    "net/listener.ts",
    "net/listening-socket.ts",
    "net/message-socket.ts",
    "net/server.ts",
    "net/socket-file.ts",
    "net/proxied-listener.ts",
    "net/tcp-listener.ts",
    "net/tls-credentials.ts",
    "net/tls-listener.ts",
    "net/unix-listener.ts",
    "http/address-set.ts",
    "http/authority.ts",
    "http/unix-host.ts",
    "tls/",
    "admission/access-rules.ts",
    "admission/access-gate.ts",
    "admission/failures.ts",
    "observe/access-log.ts",
    "observe/log-output.ts",
    "observe/meters.ts",
    "observe/metrics.ts",
    "observe/metrics-memory.ts",
    "observe/metrics-text.ts",
    "observe/observer.ts",
    "observe/observers.ts",
    "storage/coordinator.ts",
    "storage/evictor.ts",
    "storage/housekeeper.ts",
    "storage/remote-coordinator.ts",
    "testing/",
    "node:",
    "bun",
  ],
  "main.ts": [
    "cli/answer.ts",
    "cli/config-text.ts",
    "cli/hash-password.ts",
    "cli/healthcheck.ts",
    "config.ts",
    "process/start.ts",
    "process/worker-process.ts",
  ],
};

function roomOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/") + 1) : file;
}

/** What a file imports, relative to `src/` where it is ours. */
function importsOf(file: string): string[] {
  const found = text.get(file)!.matchAll(/(?:^|\n)(?:import|export)\b[^;"]*?from\s*"([^"]+)"|import\(\s*"([^"]+)"/g);
  return [...found].map(([, named, dynamic]) => {
    const target = (named ?? dynamic)!;
    return target.startsWith(".") ? normalize(join(dirname(file), target)) : target;
  });
}

describe("the import table", () => {
  test("has a row for every room", () => {
    for (const file of files) expect(MAY_IMPORT).toHaveProperty([roomOf(file)]);
  });

  test.each(Object.keys(MAY_IMPORT))("allows %s nothing that it does not import", (room) => {
    const imported = files.filter((file) => roomOf(file) === room).flatMap(importsOf);
    const unused = MAY_IMPORT[room]!.filter((beginning) => !imported.some((target) => target.startsWith(beginning)));
    expect(unused).toEqual([]);
  });

  test.each(files)("%s imports only what its room may", (file) => {
    const allowed = MAY_IMPORT[roomOf(file)]!;
    const forbidden = importsOf(file).filter((target) => !allowed.some((beginning) => target.startsWith(beginning)));
    expect(forbidden).toEqual([]);
  });
});

describe("the walls", () => {
  const whoSays = (pattern: RegExp, where = files): string[] => where.filter((file) => pattern.test(text.get(file)!));

  test("only the response writer writes to a socket; what stands for one passes on; the health check is a client", () => {
    expect(whoSays(/socket\.(write|end)\(/)).toEqual([
      "cli/healthcheck.ts",
      "net/relayed-socket.ts",
      "net/response-writer.ts",
      "net/secure-stream.ts",
    ]);
  });

  test("only net/ listens", () => {
    expect(whoSays(/Bun\.(listen|serve)|createServer/)).toEqual([
      "net/inherited-listener.ts",
      "net/tcp-listener.ts",
      "net/unix-listener.ts",
    ]);
  });

  test("the protocol room is pure", () => {
    const protocol = files.filter((file) => file.startsWith("http/"));
    expect(whoSays(/\bBun\.|\bprocess\.|Date\.now\(\)|performance\./, protocol)).toEqual([]);
  });

  test("handlers reach no path", () => {
    const handlers = files.filter((file) => file.startsWith("handlers/"));
    expect(whoSays(/node:fs|Bun\.(file|write)/, handlers)).toEqual([]);
  });

  test("the scripts of the pages import each other, and know nothing of the server", () => {
    const scripts = files.filter((file) => file.startsWith("pages/scripts/"));
    expect(scripts.length).toBeGreaterThan(1);
    const foreign = scripts.flatMap(importsOf).filter((target) => !target.startsWith("pages/scripts/"));
    expect(foreign).toEqual([]);
    expect(whoSays(/\bBun\b|\bprocess\./, scripts)).toEqual([]);
  });

  test("a test that is skipped says why", () => {
    const tests = [...new Glob("**/*.test.ts").scanSync(import.meta.dir)];
    const silent = tests.filter((file) => {
      const code = readFileSync(join(import.meta.dir, file), "utf8");
      return /skipIf\(|\.if\(/.test(code) && !/needs\(|noBrowser|"skipped: /.test(code);
    });
    expect(silent.filter((file) => file !== "architecture.test.ts")).toEqual([]);
  });

  test("there is no any, no default export, no suppressed check", () => {
    expect(whoSays(/\bas any\b|: any\b|<any>|export default|@ts-(ignore|expect-error|nocheck)/)).toEqual([]);
  });
});
