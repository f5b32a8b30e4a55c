import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { DirectoryView, ShownEntry } from "../../src/pages/directory-list.ts";
import { DIRECTORY_POLICY, directoryPage } from "../../src/pages/directory-page.ts";
import { foldName } from "../../src/pages/formats.ts";

const AT = Date.UTC(2026, 10, 24, 18, 9, 33);
const EMPTY: DirectoryView = {
  segments: [],
  total: 0,
  unnameable: 0,
  unreadable: 0,
  files: 0,
  folders: 0,
  bytes: 0,
  sort: "name",
  descending: false,
  filter: "",
  visitor: null,
  upload: null,
  readme: null,
  acts: [],
};

const file = (name: string, size = 1, modified = AT): ShownEntry => ({ name, type: "file", size, modified });
const folder = (name: string): ShownEntry => ({ name, type: "directory", size: 0, modified: AT });

/** A view and the rows that its counts are of. */
type Shown = Partial<DirectoryView> & { readonly entries?: readonly ShownEntry[] };

function page({ entries = [], ...view }: Shown): string {
  const folders = entries.filter(({ type }) => type === "directory").length;
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  const counts = { total: entries.length, files: entries.length - folders, folders, bytes };
  return [...directoryPage({ ...EMPTY, ...counts, ...view }, entries)].join("");
}

/** What a reader of HTML finds in the page. */
function found(html: string, selector: string, attribute: string | null = null): string[] {
  const values: string[] = [];
  const rewriter = new HTMLRewriter().on(selector, {
    element: (element) => void values.push(attribute === null ? "" : (element.getAttribute(attribute) ?? "")),
    text: (text) => {
      if (attribute === null) values[values.length - 1] += text.text;
    },
  });
  rewriter.transform(html);
  return values;
}

describe("names", () => {
  const hard: [name: string, href: string, shown: string][] = [
    ["plain.txt", "plain.txt", "plain.txt"],
    ["a:b", "a%3Ab", "a:b"],
    ["?x", "%3Fx", "?x"],
    ["#y", "%23y", "#y"],
    ["100%", "100%25", "100%"],
    ["-", "-", "-"],
    ["..x", "..x", "..x"],
    ["a b", "a%20b", "a b"],
    ["it's", "it%27s", "it&#x27;s"],
    [`<b>"&`, "%3Cb%3E%22%26", "&lt;b&gt;&quot;&amp;"],
    ["{{title}} $& $1", "%7B%7Btitle%7D%7D%20%24%26%20%241", "{{title}} $&amp; $1"],
    ["ä日", "%C3%A4%E6%97%A5", "ä日"],
    ["lone \ud800", "lone%20%EF%BF%BD", "lone \ufffd"],
  ];
  test.each(hard)("%s", (name, href, shown) => {
    const html = page({ entries: [folder(name), file(name)] });
    expect(html).toContain(`<a href="${href}/"><bdi>${shown}</bdi></a>`);
    expect(html).toContain(`<a href="${href}"><bdi>${shown}</bdi></a>`);
    expect(html).toContain(`formaction="${href}" name="download" title="Download" aria-label="Download ${shown}"`);
  });

  const turned: [name: string, shown: string][] = [
    ["x\u202egpj.exe", '<bdi>x<bdi data-code="202E">\u202e</bdi>gpj.exe</bdi>'],
    ["<\u2066>", '<bdi>&lt;<bdi data-code="2066">\u2066</bdi>&gt;</bdi>'],
    ["\u061c", '<bdi><bdi data-code="061C">\u061c</bdi></bdi>'],
  ];
  test.each(turned)("a control that turns letters round stands alone: %j", (name, shown) => {
    expect(page({ entries: [file(name)] })).toContain(`<a href="${encodeURIComponent(name)}">${shown}</a>`);
    expect(page({ segments: [name] })).toContain(`<h1>${shown}</h1>`);
  });

  test("of the folder and its parents are escaped, and lead there", () => {
    const html = page({ segments: ["<a>", "{{list}}", `"c"`] });
    expect(found(html, "nav a", "href")).toEqual(["../../../", "../../", "../"]);
    expect(found(html, "h1 bdi")).toEqual(["&quot;c&quot;"]);
    expect(html).toContain("<title>files/&lt;a&gt;/{{list}}/&quot;c&quot; – mini-http</title>");
    expect(found(html, ".up a", "href")).toEqual(["../"]);
    expect(found(page({}), ".up")).toEqual([]);
  });

  test("every link is an entry, once, or the parent or a part of the page", () => {
    const html = page({ segments: ["a"], entries: [folder("x"), file("y")], upload: TERMS, filter: "z" });
    expect(found(html, "a", "href")).toEqual(["#list", "../", "../", "x/", "y"]);
    expect(found(html, "#get[method=get]:not([action])")).toHaveLength(1);
    expect(found(html, "#get button.get:not([form])", "formaction")).toEqual(["y"]);
  });

  test("a link's address, decoded, is its text: programs that read lists compare them", () => {
    const names = ["a:b", "it's", "c d", "é", "e\u0301", "~x!(y)*", "100%"];
    const html = page({ entries: names.map((name) => file(name)) });
    expect(found(html, "tbody a", "href").map((href) => decodeURIComponent(href))).toEqual(names);
  });
});

const TERMS = { maxBodyBytes: 1024 ** 3, onDuplicate: "overwrite" } as const;

describe("sizes, dates and counts", () => {
  const sizes: [bytes: number, text: string, exact: string][] = [
    [0, "0 B", "0 bytes"],
    [1, "1 B", "1 byte"],
    [999, "999 B", "999 bytes"],
    [1000, "1.0 kB", "1,000 bytes"],
    [99_949, "99.9 kB", "99,949 bytes"],
    [99_950, "100 kB", "99,950 bytes"],
    [999_499, "999 kB", "999,499 bytes"],
    [999_500, "1.0 MB", "999,500 bytes"],
    [1_400_000, "1.4 MB", "1,400,000 bytes"],
    [2 ** 53 - 1, "9.0 PB", "9,007,199,254,740,991 bytes"],
  ];
  test.each(sizes)("%d bytes are %s", (bytes, text, exact) => {
    expect(page({ entries: [file("x", bytes)] })).toContain(
      `<data value="${bytes}" title="${exact}">${text}</data></td>`,
    );
  });

  const times: [modified: number, html: string][] = [
    [AT, '<time datetime="2026-11-24T18:09:33Z">2026-11-24 18:09</time>'],
    [0.5, '<time datetime="1970-01-01T00:00:00Z">1970-01-01 00:00</time>'],
    [-1, '<time datetime="1969-12-31T23:59:59Z">1969-12-31 23:59</time>'],
    [9e15, "<td></td>"],
    [Number.NaN, "<td></td>"],
  ];
  test.each(times)("the time %d", (modified, html) => {
    expect(page({ entries: [file("x", 1, modified)] })).toContain(html);
  });

  const counts: [why: string, view: Shown, text: string][] = [
    ["nothing", {}, ""],
    ["one file", { entries: [file("a", 12)] }, "1 file, 12 B"],
    ["folders only", { entries: [folder("a"), folder("b")] }, "2 folders"],
    ["both", { entries: [folder("a"), file("b", 1e6), file("c", 5e5)] }, "2 files, 1 folder, 1.5 MB"],
    ["a filter", { entries: [file("b", 5)], total: 1234, filter: "b" }, "1 file, 5 B · 1 of 1,234 shown"],
    ["a filter that finds nothing", { entries: [], total: 3, filter: "b" }, "0 of 3 shown"],
  ];
  test.each(counts)("the count of %s", (_why, view, text) => {
    expect(found(page(view), "#count")).toEqual([text]);
  });
});

describe("order and filter", () => {
  test("the sorted column says so, and its button turns the order round", () => {
    const html = page({ entries: [file("a")], sort: "size", descending: true });
    expect(found(html, "thead th", "aria-sort")).toEqual(["", "descending", ""]);
    expect(found(html, "#list > form[id^=by-][method=get][action='./']")).toHaveLength(3);
    expect(found(html, "#list > form [name=sort]", "value")).toEqual(["name", "size", "modified"]);
    expect(found(html, "#list > form [name=order]", "value")).toEqual(["asc", "asc", "desc"]);
    expect(found(html, "thead button", "form")).toEqual(["by-name", "by-size", "by-modified"]);
    expect(found(html, "thead button")).toEqual(["Name", "Size", "Modified (UTC)"]);
  });

  test("the buttons keep the filter, and the filter's form the order", () => {
    const html = page({ entries: [file("a")], sort: "modified", filter: `"a&b'` });
    expect(found(html, "#list > form [name=filter]")).toHaveLength(3);
    expect(html).toContain('name="filter" value="&quot;a&amp;b&#x27;"');
    expect(found(html, "#narrow input", "name")).toEqual(["sort", "order", "filter"]);
  });

  test("an empty folder and a filter without a match say so", () => {
    expect(found(page({}), ".nothing")).toEqual(["This folder is empty."]);
    const nothing = page({ total: 3, filter: "<x>" });
    expect(found(nothing, ".nothing").join("")).toContain("No name here contains “");
    expect(found(nothing, "#no-match bdi")).toEqual(["&lt;x&gt;"]);
    expect(found(nothing, "#no-match[method=get][action='./'] input", "name")).toEqual(["sort", "order"]);
    expect(found(nothing, "#no-match button")).toEqual(["Show all"]);
    expect(found(page({ entries: [file("a")] }), ".nothing")).toEqual([]);
  });

  const missing: [why: string, view: Shown, lines: RegExp[]][] = [
    ["a name that is no UTF-8", { unnameable: 1 }, [/^1 entry is not shown, because its name is not UTF-8/]],
    [
      "names of both kinds",
      { unnameable: 1234, unreadable: 2 },
      [/^1,234 entries are not shown/, /^2 entries are not/],
    ],
    [
      "no permission beside what is shown",
      { entries: [file("a")], unreadable: 1 },
      [/because the server is not allowed to look at it/],
    ],
  ];
  test.each(missing)("what is not shown is counted, with its reason: %s", (_why, view, lines) => {
    const said = found(page(view), ".nothing");
    expect(said).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) expect(said[i]).toMatch(line);
  });

  const folds: [name: string, filter: string][] = [
    ["cafe\u0301", "CAF\u00c9"],
    ["caf\u00e9", "cafe\u0301"],
    ["\u1112\u1161\u11ab", "\ud55c"],
    ["ΟΔΟΣΙ", "οδος"],
    ["Å", "\u212b"],
  ];
  test.each(folds)("the server and the page's script see %s and %s alike", (name, filter) => {
    const [source] = /function foldName\(name\) \{[^}]*\}/.exec(page({}))!;
    const inPage = new Function("name", source + " return foldName(name);") as typeof foldName;
    for (const fold of [foldName, inPage]) expect(fold(name)).toContain(fold(filter));
  });
});

describe("the upload panel", () => {
  test("is not there in a folder that only gives", () => {
    const html = page({ entries: [file("a")] });
    expect(found(html, "#upload, #plain, [type=file]")).toEqual([]);
    expect(found(html, "script")).toHaveLength(1);
    expect(html).not.toContain("uploads -->");
  });

  test("says nothing that needs a script", () => {
    const html = page({ upload: TERMS }).replace(/<(style|script)>[^]*?<\/\1>/g, "");
    expect(html).not.toMatch(/<template|Drop |Cancel|Replace|Skip all|Show all/);
  });

  test("is a plain form for browsers without scripts", () => {
    const html = page({ upload: TERMS });
    const form = "form#plain[method=post][enctype='multipart/form-data'][action='./']";
    expect(found(html, `${form} input[type=file][name=file][multiple]`)).toHaveLength(1);
    expect(found(html, `${form} button`)).toEqual(["Upload", "Upload, and keep files of the same name"]);
    expect(found(html, `${form} button[formaction]`, "formaction")).toEqual(["./?on-duplicate=rename"]);
    // Where the server keeps both by itself there is nothing to choose.
    const renaming = page({ upload: { ...TERMS, onDuplicate: "rename" } });
    expect(found(renaming, `${form} button`)).toEqual(["Upload"]);
  });

  const limits: [bytes: number, text: string][] = [
    [1024 ** 3, "1.07 GB"],
    [1.5 * 1024 ** 2, "1.57 MB"],
    [8192, "8.19 kB"],
    [1_000_001, "1 MB"],
    [999_999, "999 kB"],
    [1, "1 B"],
  ];
  test.each(limits)("tells the limit of %d bytes as %s", (maxBodyBytes, text) => {
    const html = page({ upload: { maxBodyBytes, onDuplicate: "rename" } });
    expect(found(html, "#upload", "data-limit")).toEqual([text]);
    expect(found(html, "#upload", "data-max-body-bytes")).toEqual([String(maxBodyBytes)]);
    expect(found(html, "#upload", "data-on-duplicate")).toEqual(["rename"]);
  });
});

describe("the document", () => {
  const documents: [why: string, html: string][] = [
    ["with uploads", page({ upload: TERMS, segments: ["a"], entries: [file("x")] })],
    ["read-only", page({ entries: [file("x")] })],
  ];
  test.each(documents)(
    "%s has a hash in the policy for each style and script, and nothing else that runs",
    (_why, html) => {
      const inline = [...html.matchAll(/<(style|script)>([^]*?)<\/\1>/g)];
      expect(inline.length).toBe(html.match(/<(style|script)\b/g)!.length);
      for (const [, kind, text] of inline) {
        const hash = createHash("sha256").update(text!).digest("base64");
        expect(DIRECTORY_POLICY).toMatch(new RegExp(`${kind}-src[^;]*'sha256-${RegExp.escape(hash)}'`));
      }
      expect(html).not.toMatch(/<[^>]+ (style|on\w+)=/);
      expect(html).not.toContain("{{");
    },
  );

  test.each(documents)("%s has a script that can be read: its modules share no name", (_why, html) => {
    for (const [, text] of html.matchAll(/<script>([^]*?)<\/script>/g)) expect(() => new Function(text!)).not.toThrow();
  });

  test("has no inner HTML written by its script", () => {
    expect(page({ upload: TERMS })).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  });

  test("of ten times as many entries costs about ten times as much", () => {
    const best = (count: number): number => {
      const entries = Array.from({ length: count }, (_, index) =>
        file(`photo ${index} <&>.jpg`, index * 12_345, AT + index),
      );
      const times = Array.from({ length: 7 }, () => {
        const begun = performance.now();
        page({ entries });
        return performance.now() - begun;
      });
      return Math.min(...times);
    };
    // A square would be a hundred; the best of seven is what a busy machine can be asked for.
    expect(best(20_000) / best(2_000)).toBeLessThan(40);
  });
});

describe("a long list", () => {
  const rowsOf = (count: number): ShownEntry[] => Array.from({ length: count }, (_, i) => file(`f${i}`));

  test("is laid out in parts, of which those are that come into sight", () => {
    expect(found(page({ entries: rowsOf(500) }), "tbody")).toHaveLength(2);
    expect(found(page({ entries: rowsOf(500) }), "table.long")).toHaveLength(0);
    const html = page({ entries: rowsOf(1001) });
    expect(found(html, "table.long tbody")).toHaveLength(5);
    expect(found(html, "tbody tr")).toHaveLength(1001);
  });

  test("has no button that names its form, which browsers would look for at each row", () => {
    expect(found(page({ entries: rowsOf(10) }), "tbody button[form]")).toEqual([]);
  });
});

describe("who looks at a page", () => {
  test.each([
    ["is nobody's business where rights are not set", null, ""],
    ["is named", { user: "a<b", mayLogIn: false }, "Logged in as <bdi>a&lt;b</bdi>"],
    ["may say so", { user: "", mayLogIn: true }, '<button name="login" value="">Log in</button>'],
    ["is not asked where nobody is known", { user: "", mayLogIn: false }, ""],
  ])("%s", (_, visitor, expected) => {
    const html = page({ visitor });
    if (expected === "") expect(html).not.toContain('id="who"');
    else expect(html).toContain(expected);
  });
});
