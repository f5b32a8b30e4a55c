// The whole application over a folder, with what tests leave at its default.

import { createCoordinator, createDispatch, createKeeper, createTools } from "../../src/app.ts";
import { AccessControl } from "../../src/admission/access-gate.ts";
import { UnfitAccess } from "../../src/admission/access-rules.ts";
import { FailureTable } from "../../src/admission/failures.ts";
import type { Warn } from "../../src/admission/gate.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { loadAccess } from "../../src/process/access.ts";
import type { LocalStorage } from "../../src/storage/local-storage.ts";
import { NOTHING } from "../../src/storage/coordinator.ts";
import type { Dispatch } from "../../src/http/message.ts";

/** As of a system that lets a process have some thousand; a quarter as many folders, which crowds of clients need. */
const MAX_OPEN_FILES = 1000;

/** The dispatch for a run with this folder and these flags. */
export function application(directory: string | null, ...flags: string[]): Dispatch {
  return warningApplication(() => {}, directory, ...flags);
}

/** The same, which tells its warnings. */
export function warningApplication(warn: Warn, directory: string | null, ...flags: string[]): Dispatch {
  return limitedApplication(MAX_OPEN_FILES, warn, directory, ...flags);
}

/** The same, which may have so many files open. */
export function limitedApplication(
  openFiles: number,
  warn: Warn,
  directory: string | null,
  ...flags: string[]
): Dispatch {
  const request = parseConfig(directory === null ? flags : ["--directory", directory, ...flags], {});
  if (request.kind !== "serve") throw new Error("the test's flags are wrong: " + JSON.stringify(request));
  const { config } = request;
  const coordinator = createCoordinator(config, async () => keeper?.measure() ?? NOTHING);
  const keeper: LocalStorage | null = createKeeper(config, coordinator);
  return createDispatch(
    config,
    openFiles,
    coordinator,
    { isDraining: false },
    warn,
    createTools(config),
    accessOf(config, warn),
  );
}

function accessOf(config: Config, warn: Warn): AccessControl | null {
  const loaded = loadAccess(config);
  if (loaded instanceof UnfitAccess) throw new Error(loaded.line);
  return loaded.rules === null ? null : new AccessControl(loaded.rules, config.files, new FailureTable(), warn);
}
