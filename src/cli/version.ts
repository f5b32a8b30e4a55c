// What this program is: for bug reports, and for people who compare two binaries.

import manifest from "../../package.json" with { type: "json" };

/** The commit that `build.sh` built; from source there is no such name. */
declare const BUILD_COMMIT: string | undefined;

/** `mini-http 0.1.0 (commit abc1234, Bun 1.4.5, linux-x64)`; "source" in place of the commit when nothing was built. */
export function versionLine(): string {
  const origin = typeof BUILD_COMMIT === "undefined" ? "source" : `commit ${BUILD_COMMIT}`;
  return `mini-http ${manifest.version} (${origin}, Bun ${Bun.version}, ${process.platform}-${process.arch})`;
}
