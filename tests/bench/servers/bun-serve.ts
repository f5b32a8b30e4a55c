// Bun's own server with the routes that are compared, as its manual would have them written.
// `bun run bun-serve.ts PORT FOLDER`.

import { join } from "node:path";

const folder = process.argv[3] ?? ".";
const PREFIX = "/files/";

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  routes: {
    "/echo/:text": (request) => echo(request.params.text, request.headers.get("connection")),
    "/files/*": {
      GET: (request) => sendFile(request, fileAt(request.url)),
      PUT: async (request) => {
        await Bun.write(fileAt(request.url), new Response(request.body));
        return new Response(null, { status: 201 });
      },
    },
  },
  fetch: () => new Response("Not found\n", { status: 404 }),
});

const TEXT = { headers: { "Content-Type": "text/plain" } };
const LAST_TEXT = { headers: { "Content-Type": "text/plain", Connection: "close" } };

/** Bun closes for a client that asks for it, but does not say so; wrk takes that for an error. */
function echo(text: string, connection: string | null): Response {
  return new Response(text, connection === "close" ? LAST_TEXT : TEXT);
}

function fileAt(url: string): string {
  return join(folder, url.slice(url.indexOf(PREFIX) + PREFIX.length));
}

function sendFile(request: Request, path: string): Response | Promise<Response> {
  const file = Bun.file(path);
  const accepts = request.headers.get("accept-encoding") ?? "";
  return accepts.includes("gzip") ? sendCompressed(file) : new Response(file);
}

async function sendCompressed(file: Bun.BunFile): Promise<Response> {
  const headers = { "Content-Type": file.type, "Content-Encoding": "gzip", Vary: "Accept-Encoding" };
  return new Response(Bun.gzipSync(await file.bytes()), { headers });
}
