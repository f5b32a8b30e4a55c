// What a file's name says of its content. The table below is written by hand, not made from the one it tests.

import { describe, expect, test } from "bun:test";
import { codedFormat, isActiveContent, isWorthCoding, mediaType, withoutCharset } from "../../src/http/media-type.ts";
import { processorMs } from "../support/processor-time.ts";

const OFFICE = "application/vnd.openxmlformats-officedocument.";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument.";
const UTF8_TEXT = "text/plain; charset=utf-8";

const extensions: [extension: string, type: string][] = [
  ["html", "text/html; charset=utf-8"],
  ["htm", "text/html; charset=utf-8"],
  ["css", "text/css; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["mjs", "text/javascript; charset=utf-8"],
  ["cjs", "text/javascript; charset=utf-8"],
  ["txt", UTF8_TEXT],
  ["log", UTF8_TEXT],
  ["ini", UTF8_TEXT],
  ["conf", UTF8_TEXT],
  ["diff", UTF8_TEXT],
  ["c", UTF8_TEXT],
  ["h", UTF8_TEXT],
  ["cpp", UTF8_TEXT],
  ["go", UTF8_TEXT],
  ["rs", UTF8_TEXT],
  ["py", UTF8_TEXT],
  ["rb", UTF8_TEXT],
  ["java", UTF8_TEXT],
  ["kt", UTF8_TEXT],
  ["sh", UTF8_TEXT],
  ["sql", UTF8_TEXT],
  ["tsx", UTF8_TEXT],
  ["jsx", UTF8_TEXT],
  ["vue", UTF8_TEXT],
  ["scss", UTF8_TEXT],
  ["proto", UTF8_TEXT],
  ["srt", UTF8_TEXT],
  ["md", "text/markdown; charset=utf-8"],
  ["csv", "text/csv; charset=utf-8"],
  ["tsv", "text/tab-separated-values; charset=utf-8"],
  ["ics", "text/calendar; charset=utf-8"],
  ["vcf", "text/vcard; charset=utf-8"],
  ["vtt", "text/vtt; charset=utf-8"],
  ["yaml", "text/yaml; charset=utf-8"],
  ["yml", "text/yaml; charset=utf-8"],
  ["toml", "text/x-toml; charset=utf-8"],
  ["ttl", "text/turtle; charset=utf-8"],
  ["json", "application/json"],
  ["map", "application/json"],
  ["har", "application/json"],
  ["jsonld", "application/ld+json"],
  ["geojson", "application/geo+json"],
  ["webmanifest", "application/manifest+json"],
  ["ndjson", "application/x-ndjson"],
  ["jsonl", "application/x-ndjson"],
  ["ipynb", "application/x-ipynb+json"],
  ["xml", "application/xml"],
  ["xsd", "application/xml"],
  ["xhtml", "application/xhtml+xml"],
  ["xsl", "application/xslt+xml"],
  ["rss", "application/rss+xml"],
  ["atom", "application/atom+xml"],
  ["rdf", "application/rdf+xml"],
  ["gpx", "application/gpx+xml"],
  ["kml", "application/vnd.google-earth.kml+xml"],
  ["mpd", "application/dash+xml"],
  ["wasm", "application/wasm"],
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["apng", "image/apng"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["avif", "image/avif"],
  ["heic", "image/heic"],
  ["jxl", "image/jxl"],
  ["bmp", "image/bmp"],
  ["ico", "image/x-icon"],
  ["tif", "image/tiff"],
  ["tiff", "image/tiff"],
  ["psd", "image/vnd.adobe.photoshop"],
  ["djvu", "image/vnd.djvu"],
  ["mp3", "audio/mpeg"],
  ["m4a", "audio/mp4"],
  ["aac", "audio/aac"],
  ["ogg", "audio/ogg"],
  ["oga", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["flac", "audio/flac"],
  ["wav", "audio/wav"],
  ["weba", "audio/webm"],
  ["aiff", "audio/aiff"],
  ["mid", "audio/midi"],
  ["m3u", "audio/x-mpegurl"],
  ["mp4", "video/mp4"],
  ["m4v", "video/mp4"],
  ["webm", "video/webm"],
  ["ogv", "video/ogg"],
  ["mpg", "video/mpeg"],
  ["mpeg", "video/mpeg"],
  ["ts", "video/mp2t"],
  ["m2ts", "video/mp2t"],
  ["m4s", "video/iso.segment"],
  ["mov", "video/quicktime"],
  ["mkv", "video/x-matroska"],
  ["avi", "video/x-msvideo"],
  ["wmv", "video/x-ms-wmv"],
  ["flv", "video/x-flv"],
  ["3gp", "video/3gpp"],
  ["m3u8", "application/vnd.apple.mpegurl"],
  ["woff", "font/woff"],
  ["woff2", "font/woff2"],
  ["ttf", "font/ttf"],
  ["otf", "font/otf"],
  ["ttc", "font/collection"],
  ["eot", "application/vnd.ms-fontobject"],
  ["pdf", "application/pdf"],
  ["ps", "application/postscript"],
  ["rtf", "application/rtf"],
  ["epub", "application/epub+zip"],
  ["mobi", "application/x-mobipocket-ebook"],
  ["doc", "application/msword"],
  ["xls", "application/vnd.ms-excel"],
  ["ppt", "application/vnd.ms-powerpoint"],
  ["docx", `${OFFICE}wordprocessingml.document`],
  ["xlsx", `${OFFICE}spreadsheetml.sheet`],
  ["pptx", `${OFFICE}presentationml.presentation`],
  ["odt", `${OPEN_DOCUMENT}text`],
  ["ods", `${OPEN_DOCUMENT}spreadsheet`],
  ["odp", `${OPEN_DOCUMENT}presentation`],
  ["odg", `${OPEN_DOCUMENT}graphics`],
  ["zip", "application/zip"],
  ["gz", "application/gzip"],
  ["tgz", "application/gzip"],
  ["zst", "application/zstd"],
  ["tar", "application/x-tar"],
  ["bz2", "application/x-bzip2"],
  ["xz", "application/x-xz"],
  ["7z", "application/x-7z-compressed"],
  ["rar", "application/vnd.rar"],
  ["jar", "application/java-archive"],
  ["apk", "application/vnd.android.package-archive"],
  ["deb", "application/vnd.debian.binary-package"],
  ["rpm", "application/x-rpm"],
  ["dmg", "application/x-apple-diskimage"],
  ["iso", "application/x-iso9660-image"],
  ["exe", "application/vnd.microsoft.portable-executable"],
  ["msi", "application/x-msi"],
  ["torrent", "application/x-bittorrent"],
  ["pem", "application/pem-certificate-chain"],
  ["crt", "application/x-x509-ca-cert"],
  ["p12", "application/pkcs12"],
  ["sqlite", "application/vnd.sqlite3"],
  ["parquet", "application/vnd.apache.parquet"],
  ["pcap", "application/vnd.tcpdump.pcap"],
  ["eml", "message/rfc822"],
  ["gltf", "model/gltf+json"],
  ["glb", "model/gltf-binary"],
  ["stl", "model/stl"],
  ["obj", "model/obj"],
  ["usdz", "model/vnd.usdz+zip"],
  ["mobileconfig", "application/x-apple-aspen-config"],
  ["caf", "audio/x-caf"],
  ["mp2", "audio/mpeg"],
  ["ac3", "audio/ac3"],
  ["ass", UTF8_TEXT],
  ["opml", "text/x-opml; charset=utf-8"],
  ["org", UTF8_TEXT],
  ["wgsl", UTF8_TEXT],
  ["glsl", UTF8_TEXT],
  ["sha256", UTF8_TEXT],
  ["md5", UTF8_TEXT],
  ["avifs", "image/avif"],
  ["hif", "image/heif"],
  ["img", "application/vnd.efi.img"],
  ["svgz", "application/gzip"],
];

const UNKNOWN = "application/octet-stream";

const names: [why: string, name: string, type: string][] = [
  ["capitals", "INDEX.HTML", "text/html; charset=utf-8"],
  ["mixed case", "Photo.JpEg", "image/jpeg"],
  ["only the last extension counts", "archive.tar.gz", "application/gzip"],
  ["the last extension hides one before it", "page.html.bak", UNKNOWN],
  ["the folders do not matter", "a.html/b.d/c.png", "image/png"],
  ["a dot in a folder is none in the name", "a.html/readme", UNKNOWN],
  ["no extension", "Makefile", UNKNOWN],
  ["an unknown extension", "data.xyzzy", UNKNOWN],
  ["a name that is only an extension", ".html", UNKNOWN],
  ["a name that is only an extension, in a folder", "a/.html", UNKNOWN],
  ["a dot name with an extension", ".config.json", "application/json"],
  ["a dot at the end", "page.", UNKNOWN],
  ["two dots at the end", "page.html.", UNKNOWN],
  ["nothing", "", UNKNOWN],
  ["a space behind", "page.html ", UNKNOWN],
  ["a name of every object", "a.constructor", UNKNOWN],
  ["another name of every object", "a.__proto__", UNKNOWN],
  ["other scripts", "資料.pdf", "application/pdf"],
];

const compressible: [type: string, is: boolean][] = [
  ["text/plain", true],
  ["text/html; charset=utf-8", true],
  ["text/javascript", true],
  ["application/json", true],
  ["application/xml", true],
  ["application/wasm", true],
  ["application/octet-stream", true],
  ["application/x-unheard-of", true],
  ["application/vnd.ms-fontobject", true],
  ["font/ttf", true],
  ["font/otf", true],
  ["image/svg+xml", true],
  ["image/bmp", true],
  ["image/x-icon", true],
  ["IMAGE/SVG+XML; charset=utf-8", true],
  ["", true],
  ["image/png", false],
  ["Image/JPEG", false],
  ["image/x-unheard-of", false],
  ["audio/mpeg", false],
  ["video/mp4; codecs=avc1", false],
  ["font/woff", false],
  ["font/woff2", false],
  ["application/pdf", false],
  ["application/zip", false],
  ["application/gzip", false],
  ["application/zstd", false],
  ["application/x-7z-compressed", false],
  ["application/java-archive", false],
  ["application/x-tar", false],
  ["application/x-iso9660-image", false],
  ["application/vnd.efi.img", false],
  ["application/vnd.microsoft.portable-executable", false],
  ["application/x-msi", false],
  ["application/x-apple-diskimage", false],
  ["application/x-qemu-disk", false],
  ["application/epub+zip", false],
  ["application/x-unheard-of+zip", false],
  [`${OFFICE}wordprocessingml.document`, false],
  [`${OPEN_DOCUMENT}text`, false],
];

const active: [type: string, is: boolean][] = [
  ["text/html", true],
  ["text/html; charset=utf-8", true],
  ["TEXT/HTML", true],
  [" text/html ;x", true],
  ["application/xhtml+xml", true],
  ["image/svg+xml", true],
  ["application/xml", true],
  ["text/xml", true],
  ["application/rss+xml", true],
  ["application/xslt+xml", true],
  ["text/plain", false],
  ["text/javascript", false],
  ["text/css", false],
  ["application/json", false],
  ["application/pdf", false],
  ["image/png", false],
  ["application/octet-stream", false],
  ["", false],
];

describe("mediaType", () => {
  test.each(extensions)("of .%s is %s", (extension, type) => {
    expect(mediaType(`name.${extension}`)).toBe(type);
    expect(mediaType(`NAME.${extension.toUpperCase()}`)).toBe(type);
  });

  test.each(names)("%s", (_why, name, type) => {
    expect(mediaType(name)).toBe(type);
  });
});

describe("isWorthCoding", () => {
  test.each(compressible)("%s: %p", (type, is) => {
    expect(isWorthCoding(type)).toBe(is);
  });
});

describe("isActiveContent", () => {
  test.each(active)("%s: %p", (type, is) => {
    expect(isActiveContent(type)).toBe(is);
  });

  test("what a browser runs is found behind every extension that we serve it for", () => {
    const extensionsOfActive = [
      "html",
      "htm",
      "shtml",
      "xhtml",
      "xht",
      "svg",
      "xml",
      "xsl",
      "xslt",
      "xsd",
      "rdf",
      "rss",
    ];
    for (const extension of extensionsOfActive) expect(isActiveContent(mediaType(`a.${extension}`))).toBeTrue();
  });
});

test("a long name or type takes linear time", () => {
  const cost = processorMs(() => {
    mediaType(".".repeat(30_000));
    mediaType("/".repeat(30_000));
    for (const text of [" ".repeat(30_000), ";".repeat(30_000), "+zip".repeat(7500), `${" ".repeat(30_000)}x`]) {
      isWorthCoding(text);
      isActiveContent(text);
    }
  });
  expect(cost).toBeLessThan(100);
});

test("codedFormat tells what a file is in a coding of", () => {
  expect(codedFormat("a/Logo.SVGZ")).toEqual({ type: "image/svg+xml", coding: "gzip" });
  for (const name of ["a.svg", "a.gz", "a.svg.gz", ".svgz", "svgz"]) expect(codedFormat(name)).toBeNull();
});

test("withoutCharset leaves the type", () => {
  expect(withoutCharset("text/html; charset=utf-8")).toBe("text/html");
  expect(withoutCharset("image/png")).toBe("image/png");
});
