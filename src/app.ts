// The route table: the only place that wires rooms together.

import { hostname } from "node:os";
import { createCors } from "./admission/cors.ts";
import { createCrossOriginGate } from "./admission/cross-origin.ts";
import { finishDispatch, guardDispatch } from "./admission/gate.ts";
import { createHostGuard } from "./admission/host-guard.ts";
import type { Config } from "./config.ts";
import { echoBody, echoPath } from "./handlers/echo.ts";
import { createFileHandlers } from "./handlers/files.ts";
import { createHealth, type Lifecycle } from "./handlers/health.ts";
import { createHome } from "./handlers/home.ts";
import { userAgent } from "./handlers/user-agent.ts";
import type { Dispatch } from "./http/message.ts";
import { createRouter } from "./router.ts";
import { type Coordinator, LocalCoordinator, NOTHING } from "./storage/coordinator.ts";
import { LocalStorage } from "./storage/local-storage.ts";
import { type NameRules, PLAIN_NAMES } from "./storage/object-name.ts";
import { measureTree, sweepLeftovers } from "./storage/tree.ts";

/** What the application needs to know of a run. */
export type AppConfig = Pick<Config, "directory" | "limits" | "files" | "admission">;

/** The dispatch of the whole application, with so many files open at once. Paths are spelled as the README spells them. */
export function createDispatch(
  config: AppConfig,
  maxOpenFiles: number,
  coordinator: Coordinator,
  lifecycle: Lifecycle,
): Dispatch {
  const { directory, limits, files: settings, admission } = config;
  const rules = { ...PLAIN_NAMES, hidden: settings.hidden };
  const files = createFileHandlers(createStorage(config, maxOpenFiles, rules, coordinator), {
    ...settings,
    rules,
    maxRanges: limits.maxRanges,
    maxFormParts: limits.maxFormParts,
    maxBodyBytes: limits.maxBody,
  });
  const router = createRouter({
    "/": { GET: createHome(directory === null ? "none" : settings.uploadOnly ? "drop-box" : "read") },
    "/echo/{text}": { GET: echoPath },
    "/echo": { POST: echoBody, PUT: echoBody },
    "/user-agent": { GET: userAgent },
    "/-/health": { GET: createHealth(lifecycle) },
    "/files": { GET: files.redirect },
    "/files/{path}": { GET: files.get, POST: files.post, PUT: files.put, DELETE: files.remove },
  });
  const gates = [
    createHostGuard(admission.allowedHosts, hostname().toLowerCase()),
    createCrossOriginGate(admission.writeOrigins),
  ];
  if (admission.writeOrigins.length === 0) return guardDispatch(gates, router);
  const cors = createCors(admission.writeOrigins);
  return finishDispatch(guardDispatch([...gates, cors.gate], router), cors.finish);
}

/** Removes what killed servers left in the directory; gives how many files that were. Never in a read-only folder. */
export async function sweepDirectory({ directory, files }: AppConfig): Promise<number> {
  return directory === null || files.readOnly ? 0 : sweepLeftovers(directory, Date.now());
}

/** What all writers on the directory agree through: one for a server, however many workers it has. */
export function createCoordinator({ directory, files }: AppConfig): Coordinator {
  const limits = { bytes: files.quotaBytes, files: files.maxFiles };
  return new LocalCoordinator(limits, () => (directory === null ? Promise.resolve(NOTHING) : measureTree(directory)));
}

function createStorage(
  { directory, files }: AppConfig,
  maxOpenFiles: number,
  rules: NameRules,
  coordinator: Coordinator,
): LocalStorage | null {
  if (directory === null) return null;
  const { followSymlinks, fsync, mode, minFreeBytes: minFree } = files;
  return new LocalStorage(directory, { rules, followSymlinks, maxOpenFiles, fsync, mode, minFree }, coordinator);
}
