import { expect, test } from "bun:test";
import { join } from "node:path";

/** About 700 when this was written. A promise with its closures costs some 300, a Map of the fields over 1,000. */
const BUDGET_BYTES = 1000;

test("a request that is answered at once allocates little", async () => {
  const probe = Bun.spawn([process.execPath, join(import.meta.dir, "allocation-probe.ts")], { stdout: "pipe" });
  const bytes = Number(await probe.stdout.text());
  expect(bytes).toBeGreaterThan(100);
  expect(bytes).toBeLessThan(BUDGET_BYTES);
});
