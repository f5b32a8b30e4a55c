// Node's own server: hello world with a route. `node node-http.js PORT`; it is stripped of its types first, since
// not every Node that people have can do that.

import { createServer } from "node:http";

const PREFIX = "/echo/";

const server = createServer((request, response) => {
  const url = request.url ?? "";
  if (!url.startsWith(PREFIX)) {
    response.writeHead(404, { "Content-Length": 0 }).end();
    return;
  }
  const text = Buffer.from(decodeURIComponent(url.slice(PREFIX.length)));
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": text.length }).end(text);
});

server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
