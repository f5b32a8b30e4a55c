#!/usr/bin/env -S bun --config=/dev/null --no-env-file --tsconfig-override=/dev/null
// From the command line to whoever does what it asks for.

import { answer, complain, deliver, EXIT_CANNOT_SERVE, EXIT_STOPPED, EXIT_USAGE_ERROR } from "./cli/answer.ts";
import { hashTypedPassword } from "./cli/hash-password.ts";
import { readConfigText } from "./cli/config-text.ts";
import { type AskedServer, findIllness } from "./cli/healthcheck.ts";
import { parseConfig } from "./config.ts";
import { serve } from "./process/start.ts";
import { followParent, isWorker } from "./process/worker-process.ts";

main(process.argv.slice(2));

function main(argv: readonly string[]): void {
  if (isWorker(argv)) return followParent();
  const intent = parseConfig(argv, process.env, readConfigText);
  switch (intent.kind) {
    case "serve":
      return void serve(intent);
    case "run":
      return void serve(intent, intent.command);
    case "healthcheck":
      return void checkHealth(intent);
    case "hash-password":
      return void hashPassword(intent.name);
    default:
      process.exit(answer(intent));
  }
}

async function hashPassword(name: string | null): Promise<void> {
  const hashed = await hashTypedPassword(name);
  if ("fault" in hashed) process.exit(complain(hashed.fault, EXIT_USAGE_ERROR));
  process.exit(deliver(hashed.line + "\n"));
}

async function checkHealth(asked: AskedServer): Promise<void> {
  const illness = await findIllness(asked);
  process.exit(illness === null ? EXIT_STOPPED : complain(illness, EXIT_CANNOT_SERVE));
}
