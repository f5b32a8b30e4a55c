// A strict and obvious reader of responses: what the server sent must be a sequence of valid messages.

/** One response, taken apart. */
export interface ReadResponse {
  readonly status: number;
  /** Lower-case names; repeated fields joined with ", ". */
  readonly fields: ReadonlyMap<string, string>;
  /** One char per byte, without its framing. */
  readonly body: string;
}

/** Reads all responses; throws at the first byte that no valid response could have there. `methods` are the requests'. */
export function readResponses(text: string, methods: readonly string[] = []): ReadResponse[] {
  const responses: ReadResponse[] = [];
  let rest = text;
  while (rest !== "") {
    const method = methods[responses.filter(({ status }) => status >= 200).length] ?? "GET";
    const [response, length] = readResponse(rest, method);
    responses.push(response);
    rest = rest.slice(length);
  }
  return responses;
}

function readResponse(text: string, method: string): [ReadResponse, number] {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) throw new Error("no end of head in " + JSON.stringify(text.slice(0, 200)));
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const match = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e]*)$/.exec(statusLine);
  if (match === null) throw new Error("bad status line " + JSON.stringify(statusLine));
  const fields = new Map<string, string>();
  for (const line of lines) {
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (field === null) throw new Error("bad field line " + JSON.stringify(line));
    const name = field[1]!.toLowerCase();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? field[2]! : earlier + ", " + field[2]!);
  }
  const status = Number(match[1]);
  const bodyStart = headEnd + 4;
  const [body, bodyLength] = readBody(text.slice(bodyStart), status, fields, method);
  return [{ status, fields, body }, bodyStart + bodyLength];
}

function readBody(
  text: string,
  status: number,
  fields: ReadonlyMap<string, string>,
  method: string,
): [body: string, length: number] {
  if (status < 200 || status === 204 || status === 304) {
    if (status !== 304 && fields.has("content-length")) throw new Error("Content-Length in a " + status);
    return ["", 0];
  }
  if (method === "HEAD") return ["", 0];
  if (fields.has("transfer-encoding")) return readChunks(text);
  const length = fields.get("content-length");
  if (length === undefined) return [text, text.length];
  if (!/^\d+$/.test(length) || text.length < Number(length)) throw new Error("body short of Content-Length " + length);
  return [text.slice(0, Number(length)), Number(length)];
}

function readChunks(text: string): [body: string, length: number] {
  let body = "";
  let at = 0;
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) throw new Error("bad chunk at " + at);
    at += size[0].length;
    const length = parseInt(size[1]!, 16);
    if (text.slice(at + length, at + length + 2) !== "\r\n") throw new Error("chunk without line end at " + at);
    body += text.slice(at, at + length);
    at += length + 2;
    if (length === 0) return [body, at];
  }
}

/** Where the response leads from its target, as a client resolves it (RFC 3986 5.2), without scheme and host. */
export function resolveLocation(target: string, response: ReadResponse): string {
  const { pathname, search } = new URL(response.fields.get("location")!, new URL(target, "http://a"));
  return pathname + search;
}
