// Whether a text says itself in which charset it is: the field must not say UTF-8 then, since for a browser the field
// outranks what stands in the file (the Encoding and HTML standards, "determining the character encoding").

/** What has to be looked at: browsers look no further for a `meta` either. */
export const DECLARATION_BYTES = 1024;

/** UTF-16, either way round. */
const UTF16_MARK = /^(?:\xfe\xff|\xff\xfe)/;
const XML_DECLARATION = /^(?:\xef\xbb\xbf)?<\?xml[ \t\r\n][^>]*?encoding[ \t\r\n]*=/;
const CSS_DECLARATION = /^(?:\xef\xbb\xbf)?@charset "/;
const COMMENT = /<!--.*?(?:-->|$)/gs;
const META = /<meta(?=[\s/])(?<attributes>(?:"[^"]*"|'[^']*'|[^>"'])*)>/gi;
const ATTRIBUTE = /(?<name>[^\s"'>/=]+)(?:\s*=\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"'>]+)))?/g;

/** `head` is the beginning of the text, DECLARATION_BYTES of it or all. A declaration of UTF-8 is one too. */
export function declaresCharset(type: string, head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, DECLARATION_BYTES)).toString("latin1");
  if (UTF16_MARK.test(text) || XML_DECLARATION.test(text)) return true;
  if (type.startsWith("text/css")) return CSS_DECLARATION.test(text);
  return type.startsWith("text/html") && hasMetaCharset(text.replace(COMMENT, ""));
}

/** `<meta charset=…>`, or `<meta http-equiv=content-type content="…; charset=…">`. */
function hasMetaCharset(text: string): boolean {
  for (const { groups: meta } of text.matchAll(META)) {
    const attributes = new Map<string, string>();
    for (const { groups } of meta!["attributes"]!.matchAll(ATTRIBUTE)) {
      const { name, double, single, bare } = groups!;
      attributes.set(name!.toLowerCase(), double ?? single ?? bare ?? "");
    }
    if (attributes.has("charset")) return true;
    const isType = attributes.get("http-equiv")?.toLowerCase() === "content-type";
    if (isType && /charset\s*=/i.test(attributes.get("content") ?? "")) return true;
  }
  return false;
}
