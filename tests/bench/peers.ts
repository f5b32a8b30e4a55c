// The servers that are compared: how each is found and started.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { versionOf } from "./machine.ts";
import { nginxConfig } from "./nginx-config.ts";

/** A server's name on the command line and in the tables. */
export type PeerId =
  "mini-http" | "mini-http-logged" | "ceiling" | "bun-serve" | "nginx" | "nginx-logged" | "node" | "caddy";

/** Where a server runs. */
export interface PeerPlace {
  readonly port: number;
  /** The folder that is served under /files/. */
  readonly folder: string;
  /** For what it needs beside that. */
  readonly work: string;
  /** How many descriptors it may have. */
  readonly descriptors: number;
  /** The compiled mini-http. */
  readonly binary: string;
}

/** A server. */
export interface Peer {
  readonly title: string;
  /** Its version, or null when it is not on this machine. */
  readonly version: (binary: string) => string | null;
  /** Writes what it needs and gives the command that starts it. */
  readonly prepare: (place: PeerPlace) => readonly string[];
  /** The method by which it takes an upload. */
  readonly uploadMethod: string;
}

/** mini-http stores a body sent to /files/NAME by POST; to change when PUT is what people should use. */
const MINI_HTTP_UPLOAD_METHOD = "PUT";
/** Over the largest case, and the connection that looks whether the server is there. */
const MINI_HTTP_CONNECTIONS = 12_000;
const SERVERS = join(import.meta.dir, "servers");

/** All of them, in the order of the tables. */
export const PEERS: Readonly<Record<PeerId, Peer>> = {
  "mini-http": {
    title: "mini-http",
    version: miniHttpVersion,
    prepare: (place) => [...miniHttp(place), "--quiet"],
    uploadMethod: MINI_HTTP_UPLOAD_METHOD,
  },
  "mini-http-logged": {
    title: "mini-http, default log",
    version: miniHttpVersion,
    prepare: miniHttp,
    uploadMethod: MINI_HTTP_UPLOAD_METHOD,
  },
  ceiling: {
    title: "ceiling (bare Bun.listen)",
    version: () => `Bun ${Bun.version}`,
    prepare: ({ port }) => [process.execPath, "run", join(SERVERS, "ceiling.ts"), String(port)],
    uploadMethod: "PUT",
  },
  "bun-serve": {
    title: "Bun.serve",
    version: () => `Bun ${Bun.version}`,
    prepare: ({ port, folder }) => [process.execPath, "run", join(SERVERS, "bun-serve.ts"), String(port), folder],
    uploadMethod: "PUT",
  },
  nginx: {
    title: "nginx",
    version: nginxVersion,
    prepare: (place) => nginx(place, null),
    uploadMethod: "PUT",
  },
  "nginx-logged": {
    title: "nginx, access log",
    version: nginxVersion,
    prepare: (place) => nginx(place, join(place.work, "access.log")),
    uploadMethod: "PUT",
  },
  node: {
    title: "Node http",
    version: () => versionOf(["node", "--version"], /v(\S+)/),
    prepare: node,
    uploadMethod: "PUT",
  },
  caddy: {
    title: "Caddy",
    version: () => versionOf(["caddy", "version"], /v?(\d\S*)/),
    prepare: caddy,
    uploadMethod: "PUT",
  },
};

/** True for the name of a server. */
export function isPeerId(name: string): name is PeerId {
  return Object.hasOwn(PEERS, name);
}

function miniHttpVersion(binary: string): string | null {
  return existsSync(binary) ? versionOf([binary, "--version"], /mini-http (.*)/) : null;
}

function miniHttp({ binary, port, folder }: PeerPlace): string[] {
  const where = ["--host", "127.0.0.1", "--port", String(port), "--directory", folder];
  return [binary, ...where, "--max-connections", String(MINI_HTTP_CONNECTIONS)];
}

function nginxVersion(): string | null {
  return versionOf(["nginx", "-v"], /nginx\/(\S+)/);
}

function nginx(place: PeerPlace, accessLog: string | null): string[] {
  const path = join(place.work, "nginx.conf");
  writeFileSync(path, nginxConfig(place, accessLog));
  return ["nginx", "-c", path];
}

function node({ port, work }: PeerPlace): string[] {
  const source = join(SERVERS, "node-http.ts");
  const path = join(work, "node-http.mjs");
  const { stdout } = Bun.spawnSync([process.execPath, "build", "--no-bundle", source]);
  writeFileSync(path, stdout);
  return ["node", path, String(port)];
}

function caddy({ port, folder, work }: PeerPlace): string[] {
  const path = join(work, "Caddyfile");
  const site = `:${port} {
  bind 127.0.0.1
  respond /echo/* "abc"
  handle_path /files/* {
    root * ${folder}
    encode gzip
    file_server
  }
}
`;
  writeFileSync(path, `{\n  admin off\n  auto_https off\n}\n${site}`);
  return ["caddy", "run", "--adapter", "caddyfile", "--config", path];
}
