// Entity tags as text (RFC 9110 8.8.3): how two are compared, how a list of them reads, and the tag of a coded form.

/** True when both entity tags are strong and the same (RFC 9110 8.8.3.2). */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !isWeak(a);
}

/** True when both entity tags are the same but for their weakness (RFC 9110 8.8.3.2). */
export function weakMatch(a: string, b: string): boolean {
  return opaqueTag(a) === opaqueTag(b);
}

function isWeak(etag: string): boolean {
  return etag.startsWith("W/");
}

function opaqueTag(etag: string): string {
  return isWeak(etag) ? etag.slice(2) : etag;
}

/** The same for bytes that a later version may have given (RFC 9110 8.8.1). */
export function weakened(etag: string): string {
  return isWeak(etag) ? etag : "W/" + etag;
}

/** The tag of a coded form of what has this tag, as weak as it: two codings are two representations (RFC 9110 8.8.3.3). */
export function codedTag(etag: string, coding: string): string {
  return etag.slice(0, -1) + "-" + coding + '"';
}

/** `entity-tag` of RFC 9110 8.8.3. Commas may stand inside. */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/y;
const BLANKS = /[ \t]*/y;

/** `#entity-tag` (RFC 9110 5.6.1); empty when malformed. Each char is looked at once, so hostile lists cost no more. */
export function parseEntityTags(list: string): readonly string[] {
  const etags: string[] = [];
  let at = behind(BLANKS, list, 0);
  while (at < list.length) {
    if (list[at] !== ",") {
      const end = behind(ENTITY_TAG, list, at);
      if (end === at) return [];
      etags.push(list.slice(at, end));
      at = behind(BLANKS, list, end);
      if (at < list.length && list[at] !== ",") return [];
    }
    at = behind(BLANKS, list, at + 1);
  }
  return etags;
}

/** Where the match of a sticky pattern that begins at `at` ends; `at` when there is none. */
function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
