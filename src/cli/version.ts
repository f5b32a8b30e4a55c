// What this program is: for bug reports, and for people who compare two binaries.

import manifest from "../../package.json" with { type: "json" };

/** The commit that `build.sh` built; from source there is no such name. */
declare const BUILD_COMMIT: string | undefined;
/** What a release calls the platform that it was built for, such as `linux-x64-musl`; in other builds there is no such name. */
declare const BUILD_PLATFORM: string | undefined;

/** As package.json has it. */
export const VERSION = manifest.version;

/** `mini-http 0.1.0 (commit abc1234, Bun 1.4.5, linux-x64)`; "source" in place of the commit when nothing was built. */
export function versionLine(): string {
  const origin = typeof BUILD_COMMIT === "undefined" ? "source" : `commit ${BUILD_COMMIT}`;
  const platform = typeof BUILD_PLATFORM === "undefined" ? `${process.platform}-${process.arch}` : BUILD_PLATFORM;
  return `mini-http ${VERSION} (${origin}, Bun ${Bun.version}, ${platform})`;
}
