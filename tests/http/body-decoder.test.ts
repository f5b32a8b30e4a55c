import { describe, expect, test } from "bun:test";
import { type BodyDecoder, ChunkedDecoder, LengthDecoder } from "../../src/http/body-decoder.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/http/limits.ts";
import {
  BAD_CHUNK,
  BAD_TRAILER,
  BODY_TOO_LARGE,
  CHUNK_OVERHEAD,
  type Refusal,
  TRAILERS_TOO_LARGE,
} from "../../src/http/refusal.ts";

/** Content and bytes consumed, the refusal, or what came of an incomplete body. */
type Outcome = { content: string; consumed: number } | { partial: string } | Refusal;

/** Decodes the pieces one after another, each from a buffer of its own, as reads of a socket come. */
function decodePieces(decoder: BodyDecoder, pieces: readonly string[]): Outcome {
  let content = "";
  let consumed = 0;
  for (const piece of pieces) {
    const bytes = Buffer.from("<<" + piece + ">>", "latin1");
    const taken = decoder.decode(bytes, 2, 2 + piece.length);
    if (decoder.refusal !== null) return decoder.refusal;
    content += bytes.toString("latin1", decoder.outputStart, decoder.outputEnd);
    // What stands around the piece is not the decoder's.
    expect(bytes.toString("latin1", 0, 2) + bytes.toString("latin1", 2 + piece.length)).toBe("<<>>");
    consumed += taken;
    if (decoder.done) return { content, consumed };
  }
  return { partial: content };
}

function decode(raw: string, limits: Partial<Limits> = {}): Outcome {
  const fresh = (): ChunkedDecoder => new ChunkedDecoder({ ...DEFAULT_LIMITS, ...limits });
  const whole = decodePieces(fresh(), [raw]);
  expect(decodePieces(fresh(), raw.split(""))).toEqual(whole);
  for (let cut = 1; cut < raw.length; cut++)
    expect(decodePieces(fresh(), [raw.slice(0, cut), raw.slice(cut)])).toEqual(whole);
  return whole;
}

const accepted: [why: string, raw: string, content: string][] = [
  ["no content", "0\r\n\r\n", ""],
  ["one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc"],
  ["three chunks, made contiguous", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", "abcdef"],
  ["sizes in both cases", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
  ["leading zeros", "0003\r\nabc\r\n000\r\n\r\n", "abc"],
  ["line ends as content", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
  ["an extension", "3;a\r\nabc\r\n0;b\r\n\r\n", "abc"],
  ["an extension with a value", "3;a=b;c=d\r\nabc\r\n0\r\n\r\n", "abc"],
  ["an extension with white space", "3 ; a = b\t;\tc\r\nabc\r\n0\r\n\r\n", "abc"],
  ["a quoted value", '3;a="b;\\"c"\r\nabc\r\n0\r\n\r\n', "abc"],
  ["a quoted value of 8-bit bytes", '3;a="\xff"\r\nabc\r\n0\r\n\r\n', "abc"],
  ["trailer fields", "3\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n", "abc"],
];

const refused: [why: string, raw: string, row: Refusal][] = [
  ["no size", "\r\nabc", BAD_CHUNK],
  ["a sign", "+3\r\nabc\r\n", BAD_CHUNK],
  ["a minus sign", "-3\r\nabc\r\n", BAD_CHUNK],
  ["a hexadecimal prefix", "0x3\r\nabc\r\n", BAD_CHUNK],
  ["an underscore", "1_0\r\nabc", BAD_CHUNK],
  ["a letter past F", "g\r\nabc", BAD_CHUNK],
  ["a space before the size", " 3\r\nabc\r\n", BAD_CHUNK],
  ["a space behind the size", "3 \r\nabc\r\n", BAD_CHUNK],
  ["a tab behind the size", "3\t\r\nabc\r\n", BAD_CHUNK],
  ["a bare LF behind the size", "3\nabc\r\n", BAD_CHUNK],
  ["a bare CR behind the size", "3\rabc\r\n", BAD_CHUNK],
  ["a bare LF in an extension", "3;a\nabc\r\n", BAD_CHUNK],
  ["a bare CR in an extension", "3;a\rb\r\nabc\r\n", BAD_CHUNK],
  ["an extension without a name", "3;\r\nabc\r\n", BAD_CHUNK],
  ["an extension with an empty value", "3;a=\r\nabc\r\n", BAD_CHUNK],
  ["white space at the end of an extension", "3;a \r\nabc\r\n", BAD_CHUNK],
  ["a line end inside quotes", '3;a="b\r\n', BAD_CHUNK],
  ["text behind a quoted value", '3;a="b"c\r\n', BAD_CHUNK],
  ["NUL in an extension", "3;a=\0\r\n", BAD_CHUNK],
  ["content longer than its size", "3\r\nabcd\r\n", BAD_CHUNK],
  ["content shorter than its size", "4\r\nabc\r\n0\r\n\r\n", BAD_CHUNK],
  ["a bare LF behind the content", "3\r\nabc\n0\r\n\r\n", BAD_CHUNK],
  ["a bare CR behind the content", "3\r\nabc\r0\r\n\r\n", BAD_CHUNK],
  ["a size past 2^53", "20000000000001\r\n", BODY_TOO_LARGE],
  ["a size past every number", "f".repeat(300) + "\r\n", BODY_TOO_LARGE],
  ["a folded trailer", "0\r\nX: y\r\n z\r\n\r\n", BAD_TRAILER],
  ["a trailer without a colon", "0\r\nX\r\n\r\n", BAD_TRAILER],
  ["a trailer with a space before the colon", "0\r\nX : y\r\n\r\n", BAD_TRAILER],
  ["a bare LF in the trailers", "0\r\nX: y\n\r\n", BAD_TRAILER],
  ["a bare LF as the end", "0\r\n\n", BAD_TRAILER],
  ["a bare CR as the end", "0\r\n\rX", BAD_TRAILER],
  ["NUL in a trailer", "0\r\nX: \0\r\n\r\n", BAD_TRAILER],
];

describe("ChunkedDecoder", () => {
  test.each(accepted)("unwraps %s, however it is cut, and leaves what follows", (_why, raw, content) => {
    expect(decode(raw)).toEqual({ content, consumed: raw.length });
    expect(decodePieces(new ChunkedDecoder(DEFAULT_LIMITS), [raw + "GET /"])).toEqual({
      content,
      consumed: raw.length,
    });
  });

  test.each(refused)("refuses %s, however it is cut", (_why, raw, row) => {
    expect(decode(raw)).toEqual(row);
  });

  test("waits for every proper prefix", () => {
    const raw = '5;a="b"\r\nhello\r\n0\r\nX: y\r\n\r\n';
    for (let end = 1; end < raw.length; end++) expect(decode(raw.slice(0, end))).toHaveProperty("partial");
  });

  test("content of exactly the limit passes, one byte more does not", () => {
    expect(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", { maxBody: 5 })).toEqual({ content: "abcde", consumed: 20 });
    expect(decode("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", { maxBody: 5 })).toEqual(BODY_TOO_LARGE);
  });

  test("trailers of exactly the limit pass, one byte more does not", () => {
    expect(decode("0\r\nX: y\r\n\r\n", { maxTrailers: 8 })).toEqual({ content: "", consumed: 11 });
    expect(decode("0\r\nX: yy\r\n\r\n", { maxTrailers: 8 })).toEqual(TRAILERS_TOO_LARGE);
  });

  test("chunks of one byte are fine, chunks that are mostly framing are not", () => {
    const tiny = "1\r\na\r\n".repeat(50_000) + "0\r\n\r\n";
    expect(decodePieces(new ChunkedDecoder(DEFAULT_LIMITS), [tiny])).toHaveProperty("content", "a".repeat(50_000));
    const padded = ("1;x=" + "y".repeat(60) + "\r\na\r\n").repeat(1000);
    expect(decodePieces(new ChunkedDecoder(DEFAULT_LIMITS), [padded])).toEqual(CHUNK_OVERHEAD);
    expect(decodePieces(new ChunkedDecoder(DEFAULT_LIMITS), ["1;x=" + "y".repeat(20_000)])).toEqual(CHUNK_OVERHEAD);
  });
});

describe("LengthDecoder", () => {
  test("takes its length and leaves what follows", () => {
    expect(decodePieces(new LengthDecoder(5), ["ab", "cdeGET /"])).toEqual({ content: "abcde", consumed: 5 });
    expect(decodePieces(new LengthDecoder(5), ["ab"])).toEqual({ partial: "ab" });
  });
});
