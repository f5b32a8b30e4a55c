// The whole application over a folder, with what tests leave at its default.

import { createCoordinator, createDispatch, createKeeper } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import type { LocalStorage } from "../../src/storage/local-storage.ts";
import { NOTHING } from "../../src/storage/coordinator.ts";
import type { Dispatch } from "../../src/http/message.ts";

const MAX_OPEN_FILES = 100;

/** The dispatch for a run with this folder and these flags. */
export function application(directory: string | null, ...flags: string[]): Dispatch {
  const request = parseConfig(directory === null ? flags : ["--directory", directory, ...flags], {});
  if (request.kind !== "serve") throw new Error("the test's flags are wrong: " + JSON.stringify(request));
  const { config } = request;
  const coordinator = createCoordinator(config, async () => keeper?.measure() ?? NOTHING);
  const keeper: LocalStorage | null = createKeeper(config, coordinator);
  return createDispatch(config, MAX_OPEN_FILES, coordinator, { isDraining: false }, () => {});
}
