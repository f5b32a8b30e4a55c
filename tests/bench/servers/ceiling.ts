// The ceiling: what Bun.listen can do at all. It reads no request; it only counts where heads end, so that a client
// that pipelines gets as many answers as it sent requests. `bun run ceiling.ts PORT`.

import type { Socket } from "bun";

const HEAD_END = Buffer.from("\r\n\r\n");
/** What mini-http answers to `GET /echo/abc`, byte for byte but for the date. */
const ANSWER =
  "HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 02:25:38 GMT\r\nX-Content-Type-Options: nosniff\r\n" +
  "Content-Type: text/plain\r\nVary: Accept-Encoding\r\nContent-Length: 3\r\n\r\nabc";
/** So that pipelined requests are answered by one write. */
const MOST_ANSWERS_IN_A_WRITE = 4096;
const ANSWERS = Buffer.from(ANSWER.repeat(MOST_ANSWERS_IN_A_WRITE), "latin1");

interface Conversation {
  /** How much of a head's end the last read ended with. */
  tail: Buffer;
  /** Bytes that the kernel has not taken. */
  unsent: Buffer;
}

const EMPTY = Buffer.alloc(0);

Bun.listen<Conversation>({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  socket: {
    open(socket) {
      socket.data = { tail: EMPTY, unsent: EMPTY };
    },
    data(socket, bytes) {
      const { tail } = socket.data;
      const heads = tail.length === 0 ? bytes : Buffer.concat([tail, bytes]);
      const count = countHeads(heads);
      socket.data.tail = heads.subarray(-HEAD_END.length).equals(HEAD_END) ? EMPTY : heads.subarray(-3);
      if (count > 0) send(socket, count);
    },
    drain(socket) {
      const { unsent } = socket.data;
      socket.data.unsent = EMPTY;
      if (unsent.length > 0) write(socket, unsent);
    },
    close() {},
    error() {},
  },
});

function countHeads(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(HEAD_END); at !== -1; at = bytes.indexOf(HEAD_END, at + HEAD_END.length)) count += 1;
  return count;
}

function send(socket: Socket<Conversation>, count: number): void {
  const answers = ANSWERS.subarray(0, Math.min(count, MOST_ANSWERS_IN_A_WRITE) * ANSWER.length);
  if (socket.data.unsent.length > 0) socket.data.unsent = Buffer.concat([socket.data.unsent, answers]);
  else write(socket, answers);
}

function write(socket: Socket<Conversation>, bytes: Buffer): void {
  const taken = socket.write(bytes);
  if (taken >= 0 && taken < bytes.length) socket.data.unsent = bytes.subarray(taken);
}
