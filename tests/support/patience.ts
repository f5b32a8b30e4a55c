// How long tests wait for what should come: so long that only a failure uses it up, on however busy a machine.

/** Of one thing that is waited for: shorter than a test's time, so that the failure says what did not come. */
export const PATIENCE_MS = 60_000;

/** Of a test that names no time of its own, and of its hooks. */
export const TEST_MS = 90_000;
