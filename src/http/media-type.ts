// What the name of a file says about its content: the media type, and what follows from a type for compression and
// for a browser's safety. Our own table, so that every system gives the same answer.

const UNKNOWN_TYPE = "application/octet-stream";
const CHARSET = "; charset=utf-8";

/**
 * The extensions of each type: IANA's where there is one, but source code, YAML and TOML are text, so that a browser
 * shows them. `.ts` is a piece of a video stream, as everywhere else on the web.
 */
const EXTENSIONS: Record<string, string> = {
  "text/html": "html htm shtml",
  "text/css": "css",
  "text/javascript": "js mjs cjs",
  "text/plain":
    "txt text log conf cfg ini env lst list diff patch nfo asc " +
    "c h cc cpp cxx hh hpp hxx cs go rs java kt kts scala swift zig py pyi rb pl pm php lua r jl hs erl ex exs clj " +
    "dart groovy gradle sh bash zsh fish ps1 bat cmd sql jsx tsx cts vue svelte sass scss less styl " +
    "proto graphql gql cmake mk ninja nix tf hcl asm s f90 adoc rst org tex bib properties lock po pot srt ass ssa " +
    "glsl vert frag wgsl md5 sha1 sha224 sha256 sha384 sha512 b2sum sfv",
  "text/markdown": "md markdown mkd",
  "text/csv": "csv",
  "text/tab-separated-values": "tsv",
  "text/calendar": "ics ifb",
  "text/vcard": "vcf vcard",
  "text/vtt": "vtt",
  "text/yaml": "yaml yml",
  "text/x-toml": "toml",
  "text/x-opml": "opml",
  "application/json": "json map har json5 jsonc",
  "application/ld+json": "jsonld",
  "application/geo+json": "geojson topojson",
  "application/manifest+json": "webmanifest",
  "application/x-ndjson": "ndjson jsonl",
  "application/x-ipynb+json": "ipynb",
  "application/xml": "xml xsd rng plist",
  "application/xml-dtd": "dtd",
  "application/xhtml+xml": "xhtml xht",
  "application/xslt+xml": "xsl xslt",
  "application/rss+xml": "rss",
  "application/atom+xml": "atom",
  "application/rdf+xml": "rdf owl",
  "application/mathml+xml": "mathml mml",
  "application/gpx+xml": "gpx",
  "application/vnd.google-earth.kml+xml": "kml",
  "application/wsdl+xml": "wsdl",
  "application/dash+xml": "mpd",
  "application/wasm": "wasm",
  "application/sparql-query": "rq",
  "text/turtle": "ttl",
  "application/n-triples": "nt",

  "image/svg+xml": "svg",
  "image/png": "png",
  "image/apng": "apng",
  "image/jpeg": "jpg jpeg jpe jfif",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif avifs",
  "image/heic": "heic",
  "image/heif": "heif hif",
  "image/jxl": "jxl",
  "image/jp2": "jp2 jpg2",
  "image/bmp": "bmp dib",
  "image/x-icon": "ico cur",
  "image/tiff": "tif tiff",
  "image/vnd.adobe.photoshop": "psd",
  "image/vnd.djvu": "djvu djv",
  "image/x-portable-pixmap": "ppm",
  "image/x-portable-graymap": "pgm",
  "image/x-portable-bitmap": "pbm",
  "image/x-exr": "exr",
  "image/ktx2": "ktx2",

  "audio/mpeg": "mp3 mp2 mpga",
  "audio/mp4": "m4a m4b",
  "audio/aac": "aac",
  "audio/ogg": "ogg oga opus spx",
  "audio/flac": "flac",
  "audio/wav": "wav wave",
  "audio/webm": "weba",
  "audio/aiff": "aif aiff aifc",
  "audio/midi": "mid midi kar",
  "audio/amr": "amr",
  "audio/ac3": "ac3",
  "audio/eac3": "ec3 eac3",
  "audio/x-caf": "caf",
  "audio/x-matroska": "mka",
  "audio/x-ms-wma": "wma",
  "audio/x-mpegurl": "m3u",

  "video/mp4": "mp4 m4v mp4v",
  "video/webm": "webm",
  "video/ogg": "ogv",
  "video/mpeg": "mpg mpeg mpe m1v m2v",
  "video/mp2t": "ts mts m2ts",
  "video/iso.segment": "m4s",
  "video/quicktime": "mov qt",
  "video/x-matroska": "mkv",
  "video/x-msvideo": "avi",
  "video/x-ms-wmv": "wmv",
  "video/x-flv": "flv",
  "video/3gpp": "3gp 3gpp",
  "video/3gpp2": "3g2",
  "application/vnd.apple.mpegurl": "m3u8",
  "application/ogg": "ogx",

  "font/woff": "woff",
  "font/woff2": "woff2",
  "font/ttf": "ttf",
  "font/otf": "otf",
  "font/collection": "ttc otc",
  "application/vnd.ms-fontobject": "eot",

  "application/pdf": "pdf",
  "application/postscript": "ps eps",
  "application/rtf": "rtf",
  "application/epub+zip": "epub",
  "application/x-mobipocket-ebook": "mobi",
  "application/vnd.amazon.ebook": "azw",
  "application/vnd.comicbook+zip": "cbz",
  "application/vnd.comicbook-rar": "cbr",
  "application/msword": "doc",
  "application/vnd.ms-excel": "xls",
  "application/vnd.ms-powerpoint": "ppt pps",
  "application/vnd.ms-outlook": "msg",
  "application/vnd.visio": "vsd",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.template": "dotx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.template": "xltx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.presentationml.slideshow": "ppsx",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/vnd.oasis.opendocument.graphics": "odg",
  "application/vnd.oasis.opendocument.formula": "odf",

  "application/zip": "zip",
  "application/gzip": "gz tgz svgz",
  "application/zstd": "zst tzst",
  "application/x-tar": "tar",
  "application/x-bzip2": "bz2 tbz2 tbz",
  "application/x-xz": "xz txz",
  "application/x-brotli": "br",
  "application/x-lz4": "lz4",
  "application/x-7z-compressed": "7z",
  "application/vnd.rar": "rar",
  "application/vnd.ms-cab-compressed": "cab",
  "application/x-cpio": "cpio",
  "application/java-archive": "jar war ear",
  "application/vnd.android.package-archive": "apk",
  "application/vnd.debian.binary-package": "deb udeb",
  "application/x-rpm": "rpm",
  "application/x-apple-diskimage": "dmg",
  "application/x-iso9660-image": "iso",
  "application/vnd.efi.img": "img",
  "application/x-virtualbox-vdi": "vdi",
  "application/x-virtualbox-vhd": "vhd vhdx",
  "application/x-virtualbox-vmdk": "vmdk",
  "application/x-virtualbox-ova": "ova",
  "application/x-qemu-disk": "qcow qcow2",
  "application/x-ms-wim": "wim esd",
  "application/vnd.squashfs": "squashfs sqsh",
  "application/vnd.appimage": "appimage",
  "application/vnd.snap": "snap",
  "application/vnd.flatpak": "flatpak",
  "application/x-apple-aspen-config": "mobileconfig",
  "application/x-xpinstall": "xpi",
  "application/x-chrome-extension": "crx",
  "application/vnd.microsoft.portable-executable": "exe dll sys scr",
  "application/x-msi": "msi msp msu",
  "application/msix": "msix msixbundle appx appxbundle",
  "application/x-xar": "pkg xar",
  "application/x-ios-app": "ipa",
  "application/x-bittorrent": "torrent",

  "application/x-x509-ca-cert": "crt der",
  "application/pkix-cert": "cer",
  "application/pem-certificate-chain": "pem",
  "application/pkcs10": "p10 csr",
  "application/pkcs12": "p12 pfx",
  "application/pgp-signature": "sig",
  "application/vnd.sqlite3": "sqlite sqlite3 db",
  "application/vnd.apache.parquet": "parquet",
  "application/vnd.apache.arrow.file": "arrow feather",
  "application/vnd.tcpdump.pcap": "pcap cap",
  "application/vnd.google-earth.kmz": "kmz",
  "application/mbox": "mbox",
  "message/rfc822": "eml",
  "model/gltf+json": "gltf",
  "model/gltf-binary": "glb",
  "model/obj": "obj",
  "model/mtl": "mtl",
  "model/stl": "stl",
  "model/3mf": "3mf",
  "model/vnd.usdz+zip": "usdz",
};

/** What a file is whose format is a content coding of another: the type is that of what it decodes to. */
export interface CodedFormat {
  readonly type: string;
  readonly coding: "gzip";
}

/** By its extension, in lower case. */
const CODED_FORMATS: ReadonlyMap<string, CodedFormat> = new Map([["svgz", { type: "image/svg+xml", coding: "gzip" }]]);

/** The field value for each extension. */
const TYPE_OF_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSIONS).flatMap(([type, extensions]) =>
    extensions.split(" ").map((extension) => [extension, type.startsWith("text/") ? type + CHARSET : type]),
  ),
);

/**
 * The value of Content-Type for a file of this name, by its last extension in any case; text types say that they are
 * UTF-8. A name that is only an extension (".html") has none, and what is not known is application/octet-stream.
 */
export function mediaType(name: string): string {
  return TYPE_OF_EXTENSION.get(extensionOf(name)) ?? UNKNOWN_TYPE;
}

/** `mediaType` is that of the bytes as they lie there; null for a file that is nothing but them. */
export function codedFormat(name: string): CodedFormat | null {
  return CODED_FORMATS.get(extensionOf(name)) ?? null;
}

/** The type without its charset, for a text that says its own. */
export function withoutCharset(type: string): string {
  return type.endsWith(CHARSET) ? type.slice(0, -CHARSET.length) : type;
}

/** In lower case; empty when there is none. */
function extensionOf(name: string): string {
  const baseStart = name.lastIndexOf("/") + 1;
  const dot = name.lastIndexOf(".");
  return dot <= baseStart ? "" : name.slice(dot + 1).toLowerCase();
}

/** Images, audio and video are compressed by their own formats, but for these. */
const PLAIN_IMAGES: ReadonlySet<string> = new Set([
  "image/svg+xml",
  "image/bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "image/vnd.adobe.photoshop",
  "image/x-portable-pixmap",
  "image/x-portable-graymap",
  "image/x-portable-bitmap",
]);

/** Types that a content coding would only spend time on. */
const COMPRESSED: ReadonlySet<string> = new Set([
  "application/pdf",
  "application/zip",
  "application/gzip",
  "application/x-gzip",
  "application/zstd",
  "application/x-bzip2",
  "application/x-xz",
  "application/x-brotli",
  "application/x-lz4",
  "application/x-7z-compressed",
  "application/vnd.rar",
  "application/vnd.comicbook-rar",
  "application/vnd.ms-cab-compressed",
  "application/vnd.apache.parquet",
  "application/vnd.google-earth.kmz",
  "application/vnd.amazon.ebook",
  "application/x-mobipocket-ebook",
  "application/ogg",
  "application/pkcs12",
  "font/woff",
  "font/woff2",
  "model/3mf",
]);

/**
 * Disk images, installers and archives. People download them whole, so that a length, progress and the way to resume are
 * worth more than what a coding would save; most are compressed inside all the same.
 */
const DOWNLOADED_WHOLE: ReadonlySet<string> = new Set([
  "application/java-archive",
  "application/msix",
  "application/vnd.android.package-archive",
  "application/vnd.appimage",
  "application/vnd.debian.binary-package",
  "application/vnd.efi.img",
  "application/vnd.flatpak",
  "application/vnd.microsoft.portable-executable",
  "application/vnd.snap",
  "application/vnd.squashfs",
  "application/x-apple-diskimage",
  "application/x-chrome-extension",
  "application/x-cpio",
  "application/x-ios-app",
  "application/x-iso9660-image",
  "application/x-ms-wim",
  "application/x-msi",
  "application/x-qemu-disk",
  "application/x-rpm",
  "application/x-tar",
  "application/x-virtualbox-ova",
  "application/x-virtualbox-vdi",
  "application/x-virtualbox-vhd",
  "application/x-virtualbox-vmdk",
  "application/x-xar",
  "application/x-xpinstall",
]);

const MEDIA = /^(?:image|audio|video)\//;
/** Office documents are ZIP files, and so is what ends in "+zip" (RFC 6839 3.6). */
const ZIPPED = /^application\/vnd\.(?:openxmlformats-officedocument|oasis\.opendocument)\.|\+(?:zip|gzip|zstd)$/;

/**
 * Whether it is worth making a content coding of a representation of this type. True for what is not known; whether the
 * size is worth the time is for the caller to judge.
 */
export function isWorthCoding(type: string): boolean {
  const essence = withoutParameters(type);
  if (MEDIA.test(essence)) return PLAIN_IMAGES.has(essence);
  return !COMPRESSED.has(essence) && !DOWNLOADED_WHOLE.has(essence) && !ZIPPED.test(essence);
}

const ACTIVE: ReadonlySet<string> = new Set(["text/html", "text/xml", "text/xsl", "application/xml"]);

/** Whether a browser that opens this type may run scripts of it: HTML and all that it reads as XML, such as SVG. */
export function isActiveContent(type: string): boolean {
  const essence = withoutParameters(type);
  return ACTIVE.has(essence) || essence.endsWith("+xml");
}

function withoutParameters(type: string): string {
  const mark = type.indexOf(";");
  return (mark < 0 ? type : type.slice(0, mark)).trim().toLowerCase();
}
