// nginx as someone who wants it fast would set it up.

import type { PeerPlace } from "./peers.ts";

/** More than wrk ever asks on one connection: the default of 1,000 would make nginx close it. */
const KEEP_ALIVE_REQUESTS = 1_000_000_000;
/** Descriptors that may hold files, beside those of 10,000 connections, under a limit of 20,000. */
const CACHED_FILES = 7000;
const MOST_DESCRIPTORS = 1_000_000;

/** The configuration file; with an access log where a path for it is given. */
export function nginxConfig(place: PeerPlace, accessLog: string | null): string {
  const descriptors = Math.min(place.descriptors, MOST_DESCRIPTORS);
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile ${descriptors};
pid ${place.work}/nginx.pid;
error_log stderr;
events { worker_connections ${Math.max(512, descriptors - CACHED_FILES)}; }
http {
  types { text/plain txt; }
  default_type application/octet-stream;
  access_log ${accessLog ?? "off"};
  sendfile on;
  tcp_nopush on;
  keepalive_requests ${KEEP_ALIVE_REQUESTS};
  keepalive_timeout 300s;
  open_file_cache max=${CACHED_FILES} inactive=300s;
  open_file_cache_valid 60s;
  gzip on;
  gzip_comp_level 6;
  gzip_types text/plain;
  gzip_vary on;
  client_max_body_size 0;
  client_body_buffer_size 512k;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path ${place.work}/${use};`).join("\n  ")}
  server {
    listen 127.0.0.1:${place.port} backlog=4096;
    location /echo/ { default_type text/plain; return 200 "abc"; }
    location /files/ { alias ${place.folder}/; dav_methods PUT; }
  }
}
`;
}
