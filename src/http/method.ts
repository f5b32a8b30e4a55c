// What a method's name alone tells (RFC 9110 section 9). Names are case-sensitive.

/** The methods of RFC 9110 section 9 and PATCH (RFC 5789), less CONNECT, which only a proxy can serve. */
export const STANDARD_METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "PATCH",
];

/** Only makes an answer (RFC 9110 9.2.1); QUERY too, whose content is a question (RFC 10008). */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE" || method === "QUERY";
}
