// Which texts say their charset themselves.

import { describe, expect, test } from "bun:test";
import { declaresCharset } from "../../src/http/text-charset.ts";
import { processorMs } from "../support/processor-time.ts";

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";

const cases: [why: string, type: string, text: string, declares: boolean][] = [
  ["a meta charset", HTML, '<!doctype html><meta charset="windows-1252"><p>', true],
  ["a meta charset without quotes, in capitals", HTML, "<META CHARSET=Shift_JIS>", true],
  ["a meta charset of UTF-8", HTML, "<head>\n<meta charset='utf-8' />", true],
  ["a meta of the old kind", HTML, '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', true],
  [
    "the old kind, the other way round",
    HTML,
    "<meta content='text/html;charset = big5' http-equiv=content-type>",
    true,
  ],
  ["a meta behind a quoted bracket", HTML, '<meta name=a content="x > y"><meta charset=x>', true],
  ["an XML declaration", HTML, '<?xml version="1.0" encoding="iso-8859-1"?><html>', true],
  ["an XML declaration in another text", PLAIN, "<?xml version='1.0' encoding='koi8-r'?><opml>", true],
  ["UTF-16", PLAIN, "\xff\xfea\0", true],
  ["UTF-16, the other way round", HTML, "\xfe\xff\0<", true],
  ["a style sheet that declares one", CSS, '@charset "iso-8859-15";', true],
  ["no declaration", HTML, "<!doctype html><p>charset=x", false],
  ["nothing", HTML, "", false],
  ["a meta without a charset", HTML, '<meta name="viewport" content="width=device-width">', false],
  ["a meta that only talks of one", HTML, '<meta name="description" content="what charset=x means">', false],
  ["an old meta without one", HTML, '<meta http-equiv="content-type" content="text/html">', false],
  ["a meta in a comment", HTML, "<!-- <meta charset=x> --><p>", false],
  ["a meta in a comment without an end", HTML, "<!-- <meta charset=x>", false],
  ["another element", HTML, "<metadata charset=x>", false],
  ["a meta past the first KiB", HTML, " ".repeat(1024) + "<meta charset=x>", false],
  ["a meta in another text", PLAIN, "<meta charset=x>", false],
  ["a mark of UTF-8", PLAIN, "\xef\xbb\xbfa", false],
  ["a style sheet's declaration where it is none", CSS, ' @charset "x";', false],
  ["an XML declaration without an encoding", HTML, '<?xml version="1.0"?>', false],
];

describe("declaresCharset", () => {
  test.each(cases)("%s", (_why, type, text, declares) => {
    expect(declaresCharset(type, Buffer.from(text, "latin1"))).toBe(declares);
  });

  test.each(["<meta ", "<!--", "<meta a=", '<meta "', "<meta a='"])("1 KiB of %p take no time", (piece) => {
    const head = Buffer.from(piece.repeat(1024));
    const cost = processorMs(() => {
      for (let i = 0; i < 100; i++) declaresCharset(HTML, head);
    });
    expect(cost).toBeLessThan(1000);
  });
});
