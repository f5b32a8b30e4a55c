// When a server in the test's own process has heard what was sent to it.

import { exchange } from "./raw-client.ts";
import { startServer } from "./start-server.ts";

/** Resolves when another server of this loop has answered what was sent behind all that was sent before. */
export async function heard(): Promise<void> {
  const witness = startServer();
  await exchange(witness.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await witness.stop();
}
