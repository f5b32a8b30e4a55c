// The route table: the only place that wires rooms together.

import type { Config } from "./config.ts";
import { echoBody, echoPath } from "./handlers/echo.ts";
import { createFileHandlers } from "./handlers/files.ts";
import { home } from "./handlers/home.ts";
import { userAgent } from "./handlers/user-agent.ts";
import type { Dispatch } from "./http/message.ts";
import { createRouter } from "./router.ts";
import { LocalStorage } from "./storage/local-storage.ts";

/** The dispatch of the whole application, with so many files open at once. Paths are spelled as the README spells them. */
export function createDispatch(config: Pick<Config, "directory">, maxOpenFiles: number): Dispatch {
  const files = createFileHandlers(config.directory === null ? null : new LocalStorage(config.directory, maxOpenFiles));
  return createRouter({
    "/": { GET: home },
    "/echo/{text}": { GET: echoPath },
    "/echo": { POST: echoBody, PUT: echoBody },
    "/user-agent": { GET: userAgent },
    "/files/{path}": { GET: files.get, POST: files.post },
  });
}
