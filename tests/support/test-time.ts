// Gives each test that names no time of its own TEST_MS. bunfig.toml has it read before the tests: no setting of Bun says
// it for all files, and each file begins with Bun's own 5 s anew.

import { setDefaultTimeout } from "bun:test";
import { TEST_MS } from "./patience.ts";

Bun.plugin({
  name: "test-time",
  setup(build) {
    // Asked as each file of tests is about to be read; where it lies is not answered here.
    build.onResolve({ filter: /\.test\.ts$/ }, () => {
      setDefaultTimeout(TEST_MS);
      return undefined;
    });
  },
});
