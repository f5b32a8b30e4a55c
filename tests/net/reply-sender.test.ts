import { describe, expect, test } from "bun:test";
import { type ByteSource, UNKNOWN_LENGTH } from "../../src/http/byte-source.ts";
import { HttpResponse } from "../../src/http/message.ts";
import { LoopTurn } from "../../src/net/loop-turn.ts";
import { ReplySender, type Writing } from "../../src/net/reply-sender.ts";
import { HandDrivenSocket } from "../support/hand-driven.ts";
import { requestOf } from "../support/request.ts";

/** A sender, and how often a promised piece moved its reply. */
class Sending {
  readonly socket = new HandDrivenSocket();
  moves = 0;
  readonly faults: unknown[] = [];
  readonly owner = { replyMoved: () => void (this.moves += 1), fail: (error: unknown) => void this.faults.push(error) };
  readonly sender = new ReplySender(this.socket, this.owner, new LoopTurn());

  begin(response: HttpResponse, method = "GET", isHeld = false): void {
    const request = requestOf(method, "/");
    this.sender.frame(request, response);
    this.sender.begin(request, response, true, "", isHeld);
  }
}

/** These pieces, then the end; or the fault, when one is given. */
function sourceOf(length: number, pieces: readonly string[], fault?: Error): ByteSource & { closed: number } {
  let at = 0;
  return {
    length,
    closed: 0,
    read() {
      const piece = pieces[at++];
      if (piece === undefined && fault !== undefined) throw fault;
      return piece === undefined ? null : Buffer.from(piece);
    },
    close() {
      this.closed += 1;
    },
  };
}

describe("ReplySender", () => {
  const cases: [what: string, response: () => HttpResponse, method: string, writing: Writing, sent: number][] = [
    ["nothing", () => new HttpResponse(204), "GET", "complete", 0],
    ["text", () => new HttpResponse(200, "four"), "GET", "complete", 4],
    ["text for HEAD", () => new HttpResponse(200, "four"), "HEAD", "complete", 0],
    ["pieces", () => new HttpResponse(200, sourceOf(4, ["fo", "ur"])), "GET", "complete", 4],
    [
      "pieces of an unknown number",
      () => new HttpResponse(200, sourceOf(UNKNOWN_LENGTH, ["abc"])),
      "GET",
      "complete",
      3,
    ],
    ["pieces for HEAD", () => new HttpResponse(200, sourceOf(4, ["four"])), "HEAD", "complete", 0],
    ["too few bytes", () => new HttpResponse(200, sourceOf(4, ["abc"])), "GET", "broken", 3],
    ["too many bytes", () => new HttpResponse(200, sourceOf(4, ["abcde"])), "GET", "broken", 5],
    ["a source that fails", () => new HttpResponse(200, sourceOf(4, ["ab"], new Error("x"))), "GET", "broken", 2],
  ];
  test.each(cases)("knows how far a reply of %s is out", (_what, response, method, writing, sent) => {
    const it = new Sending();
    expect(it.sender.writing).toBe("idle");
    it.begin(response(), method);
    expect([it.sender.writing, it.sender.contentSent]).toEqual([writing, sent]);
  });

  test("is sending until the kernel has taken all, and reads no piece before", () => {
    const it = new Sending();
    it.socket.room = 10;
    const source = sourceOf(4, ["fo", "ur"]);
    it.begin(new HttpResponse(200, source));
    expect([it.sender.writing, it.sender.isBlocked, source.closed]).toEqual(["sending", true, 0]);
    it.socket.room = Infinity;
    it.sender.drained();
    expect([it.sender.writing, it.sender.isBlocked, source.closed]).toEqual(["complete", false, 1]);
    expect(it.socket.sent).toEndWith("\r\n\r\nfour");
  });

  test("tells its owner when a promised piece has come, and forgets one that came too late", async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | null>();
    const it = new Sending();
    it.begin(new HttpResponse(200, { length: 4, read: () => promise, close: () => {} }));
    expect(it.sender.writing).toBe("sending");
    it.sender.stop();
    resolve(Buffer.from("four"));
    await Bun.sleep(0);
    expect([it.moves, it.faults.length, it.sender.contentSent]).toEqual([1, 0, 0]);
    expect(it.socket.sent).not.toContain("four");
  });

  test("gives way to others while the kernel takes whatever comes, and goes on to the end", async () => {
    const it = new Sending();
    let left = 2000;
    const slow: ByteSource = {
      length: left,
      read: () => {
        const until = performance.now() + 0.1;
        while (performance.now() < until);
        return left-- === 0 ? null : Buffer.from("x");
      },
      close: () => {},
    };
    it.begin(new HttpResponse(200, slow));
    expect([it.sender.writing, it.sender.contentSent < 2000]).toEqual(["sending", true]);
    const before = it.sender.contentSent;
    it.sender.drained();
    expect(it.sender.contentSent).toBe(before);
    while (it.sender.writing === "sending") await new Promise((resolve) => setImmediate(resolve));
    expect([it.sender.writing, it.sender.contentSent]).toEqual(["complete", 2000]);
    expect(it.moves).toBeGreaterThan(1);
  });

  test("keeps a held head back until there is content, and drops it with its source", () => {
    const it = new Sending();
    const source: ByteSource = { length: 4, read: () => new Promise(() => {}), close: () => {} };
    it.begin(new HttpResponse(200, source), "GET", true);
    expect([it.sender.holdsHead, it.sender.isSending(source), it.socket.sent]).toEqual([true, true, ""]);
    it.sender.giveUpSource();
    it.begin(new HttpResponse(400, "no"));
    it.sender.flush();
    expect(it.socket.sent).toStartWith("HTTP/1.1 400 ");
  });

  test("says what was not sent when the peer leaves", () => {
    const it = new Sending();
    it.socket.room = 200;
    it.begin(new HttpResponse(200, new Uint8Array(100_000)));
    it.sender.abandon();
    expect(it.sender.contentSent).toBeLessThan(200);
    expect(it.sender.isBlocked).toBe(false);
  });
});
