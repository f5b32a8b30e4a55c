// The route table: the only place that wires rooms together.

import { hostname } from "node:os";
import { createCrossOriginGate } from "./admission/cross-origin.ts";
import { guardDispatch } from "./admission/gate.ts";
import { createHostGuard } from "./admission/host-guard.ts";
import type { Config } from "./config.ts";
import { echoBody, echoPath } from "./handlers/echo.ts";
import { createFileHandlers } from "./handlers/files.ts";
import { home } from "./handlers/home.ts";
import { userAgent } from "./handlers/user-agent.ts";
import type { Dispatch } from "./http/message.ts";
import { createRouter } from "./router.ts";
import { LocalStorage } from "./storage/local-storage.ts";

/** What the application needs to know of a run. */
export type AppConfig = Pick<Config, "directory" | "limits" | "files" | "admission">;

/** The dispatch of the whole application, with so many files open at once. Paths are spelled as the README spells them. */
export function createDispatch(config: AppConfig, maxOpenFiles: number): Dispatch {
  const { directory, limits, files: settings, admission } = config;
  const storage = directory === null ? null : new LocalStorage(directory, maxOpenFiles);
  const files = createFileHandlers(storage, { ...settings, maxRanges: limits.maxRanges });
  const router = createRouter({
    "/": { GET: home },
    "/echo/{text}": { GET: echoPath },
    "/echo": { POST: echoBody, PUT: echoBody },
    "/user-agent": { GET: userAgent },
    "/files/{path}": { GET: files.get, POST: files.post },
  });
  const gates = [
    createHostGuard(admission.allowedHosts, hostname().toLowerCase()),
    createCrossOriginGate(admission.writeOrigins),
  ];
  return guardDispatch(gates, router);
}
