// How long tests wait for what should come: so long that only a failure uses it up, on however busy a machine.

/** Of one thing that is waited for: shorter than a test's time, so that the failure says what did not come. */
export const PATIENCE_MS = 60_000;

/** Of a test that names no time of its own, and of its hooks. */
export const TEST_MS = 90_000;

const POLL_MS = 5;

/** Resolves when it is so; throws with `found`, or with the condition itself, when it does not come to be. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
  found: () => string = () => isSo.toString(),
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to be so within ${withinMs} ms: ${found()}`);
    await Bun.sleep(POLL_MS);
  }
}
