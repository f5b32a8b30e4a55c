// Requests from a grammar, and what becomes of them when bytes and words are changed. One char is one byte.

import type { Random } from "./random.ts";

const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "CONNECT",
  "DELETE",
  "BREW",
  "get",
  "G",
  "!#$%&'*+-.^_`|~",
];
const TARGETS = [
  "/",
  "/",
  "/echo/abc",
  "/a?b=c",
  "/%41%2f",
  "*",
  "a:80",
  "http://a/",
  "http://[::1]:80/x?y",
  "https://a/",
  "HTTP://a",
  "/?[]{}",
  "/a|b",
  "/#",
  "/%zz",
  "//",
  "/\xe4",
  "ftp://a/",
  "http://u@a/",
  "http://a:65536/",
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1.10",
  "HTTP/0.9",
];
const HOSTS = [
  "a",
  "a",
  "a",
  "localhost:4221",
  "[::1]",
  "[::1]:80",
  "1.2.3.4",
  "",
  "a b",
  "u@a",
  "a:",
  "a:b",
  "[::]",
  "[1::2::3]",
  "[::1.2.3.4]",
  "[1:2:3:4:5:6:7:8]",
  "[::1%25x]",
  "a%41",
  "a%4",
  "[v1.a]",
  "[12345::]",
  "[::256.1.1.1]",
  "[1:2:3:4:5:6:1.2.3.4]",
  "[1::2:3:4:5:6:7]",
  "[1::2:3:4:5:6:7:8]",
];
const FIELDS = [
  "X: y",
  "X:",
  "Accept: */*",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: x, Close ,",
  "Content-Length: 0",
  "Content-Length: 5",
  "Content-Length: 05",
  "Content-Length: +5",
  "Content-Length: 5, 5",
  "Content-Length: 99999999999999999999",
  "Content-Length:",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: Chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: gzip",
  "Transfer-Encoding: ,chunked",
  "Transfer-Encoding:",
  "Expect: 100-continue",
  "Expect: 100-Continue,",
  "Expect: x",
  "X : y",
  ": y",
  " X: y",
  "X",
  "X: \x80\xff",
  "X: a\0b",
  "X: a\rb",
  "Host: b",
  "hOST: c",
];
const WORDS = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  "0",
  ",",
  ";",
  "\0",
  "\x7f",
  "\xff",
  "chunked",
  "HTTP/1.1",
  "Host: a\r\n",
  "Content-Length: 3\r\n",
  "\r\n\r\n",
  "GET / HTTP/1.1\r\n",
  "%",
  "[",
  "]",
  "/",
];

/** A head that is often valid. */
export function generateHead(random: Random): string {
  const lines = Array.from({ length: random.below(5) }, () => random.pick(FIELDS));
  if (!random.oneIn(12)) lines.splice(random.below(lines.length + 1), 0, "Host: " + random.pick(HOSTS));
  const requestLine = [random.pick(METHODS), random.pick(TARGETS), random.pick(VERSIONS)].join(" ");
  const head = [requestLine, ...lines].join("\r\n") + "\r\n\r\n";
  return random.oneIn(20) ? "\r\n" + head : head;
}

/** A chunked body that is often valid. */
export function generateChunked(random: Random): string {
  let body = "";
  for (let chunks = random.below(4); chunks > 0; chunks--) {
    const content = "x".repeat(1 + random.below(20));
    const extension = random.pick(["", "", "", ";a", ";a=b", ';a="b;\\"c"', " ; a = b", ";", ";a=", "; a "]);
    body += content.length.toString(16) + extension + "\r\n" + content + "\r\n";
  }
  return body + "0\r\n" + random.pick(["", "", "", "X: y\r\n", "X : y\r\n", " z\r\n"]) + "\r\n";
}

/** Changes a few places. */
export function mutate(random: Random, text: string): string {
  let changed = text;
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(changed.length + 1);
    const before = changed.slice(0, at);
    switch (random.below(5)) {
      case 0:
        changed = before + String.fromCharCode(random.below(256)) + changed.slice(at + 1);
        break;
      case 1:
        changed = before + changed.slice(at + 1 + random.below(4));
        break;
      case 2:
        changed = before + random.pick(WORDS) + changed.slice(at);
        break;
      case 3:
        changed = before + changed.slice(random.below(changed.length + 1));
        break;
      default:
        changed = before + changed.slice(at, at + random.below(12)) + changed.slice(at);
    }
  }
  return changed;
}
