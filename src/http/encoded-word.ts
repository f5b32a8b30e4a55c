// Encoded words of RFC 2047, which have no place in a form (RFC 7578 4.2) and come all the same: .NET writes them into
// file names. Read when the whole text is made of them, and never taken for the text itself.

/** `encoded-word`, perhaps with a language (RFC 2231 5). */
const WORD =
  /=\?(?<charset>[!#$%&'+\-.^_`{|}~0-9A-Za-z]+)(?:\*[0-9A-Za-z-]*)?\?(?<encoding>[BQ])\?(?<text>[!->@-~]*)\?=/gi;
const BLANKS = /^[ \t]*$/;
const BASE64 = /^(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}(?:==)?|[0-9A-Za-z+/]{3}=?)?$/;
const QUOTED = /^(?:[^=]|=[0-9A-F]{2})*$/i;

/** The text with its encoded words read; as it is when it has none; null when one cannot be read, or stands among other text. */
export function decodeEncodedWords(text: string): string | null {
  const words = [...text.matchAll(WORD)];
  if (words.length === 0) return text;
  // Blanks between two words belong to neither (RFC 2047 6.2).
  if (!BLANKS.test(text.replace(WORD, ""))) return null;
  const charset = words[0]!.groups!["charset"]!.toLowerCase();
  const pieces: Buffer[] = [];
  for (const { groups } of words) {
    const bytes = decodeWord(groups!["encoding"]!, groups!["text"]!);
    if (bytes === null || groups!["charset"]!.toLowerCase() !== charset) return null;
    pieces.push(bytes);
  }
  return decodeCharset(charset, Buffer.concat(pieces));
}

function decodeWord(encoding: string, text: string): Buffer | null {
  if (encoding.toUpperCase() === "B") return BASE64.test(text) ? Buffer.from(text, "base64") : null;
  if (!QUOTED.test(text)) return null;
  const spaced = text.replaceAll("_", " ");
  return Buffer.from(
    spaced.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );
}

/** Null in a charset that is not known, or bytes that it does not have. */
function decodeCharset(charset: string, bytes: Uint8Array): string | null {
  try {
    // The typings know some of the labels only; all others throw.
    return new TextDecoder(charset as "utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
