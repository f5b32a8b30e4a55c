// The status codes that this server gives, with their reason phrases (RFC 9110 section 15).

const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  200: "OK",
  201: "Created",
  204: "No Content",
  206: "Partial Content",
  303: "See Other",
  304: "Not Modified",
  308: "Permanent Redirect",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
  507: "Insufficient Storage",
};

/** The reason phrase of a status; empty for one not in the table, which RFC 9112 section 4 allows. */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? "";
}

/** False for the statuses whose responses never have content (RFC 9110 6.4.1). */
export function allowsBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}
