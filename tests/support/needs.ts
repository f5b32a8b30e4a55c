// What some tests need beside Bun: root, programs, a kernel with FUSE. Where it is missing they are skipped with a word.
//
//   const { skip } = needs({ suite: "privileged", root: true, programs: ["strace"] });
//   describe.skipIf(skip)("…", () => {});

import { existsSync } from "node:fs";

/** Each suite is a folder under tests/ and a variable that turns it on. */
const SUITES = { privileged: "MINI_HTTP_PRIVILEGED", clients: "MINI_HTTP_CLIENTS" } as const;

/** The conditions of a group of tests; what is left out is not needed. */
export interface Needs {
  /**
   * Tests in tests/privileged and tests/clients name their folder. They wait for minutes, mount, and ask for programs
   * that few machines have: `bun test` leaves them out, and `.ci/run` runs each folder as a step of its own, with
   * MINI_HTTP_PRIVILEGED=1 or MINI_HTTP_CLIENTS=1.
   */
  readonly suite?: keyof typeof SUITES;
  readonly root?: boolean;
  /** Whoever may not do everything: of root the system refuses nothing. */
  readonly ordinaryUser?: boolean;
  /** The compiled file, and a machine that has the time to make it. */
  readonly compiledFile?: boolean;
  readonly linux?: boolean;
  /** Names on PATH. */
  readonly programs?: readonly string[];
  /** Devices, headers, libraries: anything that must be there. */
  readonly paths?: readonly string[];
}

/** Whether to skip, and why in words; "" when everything is there. */
export interface NeedsAnswer {
  readonly skip: boolean;
  readonly why: string;
}

const said = new Set<string>();

/** Looks for everything that is needed. What is missing is said once a process, on standard error. */
export function needs(wanted: Needs): NeedsAnswer {
  const why = firstMissing(wanted);
  if (why !== "" && !said.has(why)) {
    said.add(why);
    console.warn(`skipped: ${why}`);
  }
  return { skip: why !== "", why };
}

/** The suite first: who did not ask for it need not hear what else is missing. */
function firstMissing(wanted: Needs): string {
  const { suite, programs = [], paths = [] } = wanted;
  if (suite !== undefined && process.env[SUITES[suite]] !== "1") {
    return `tests/${suite} runs with ${SUITES[suite]}=1`;
  }
  const isRoot = process.getuid?.() === 0;
  if (wanted.linux === true && process.platform !== "linux") return "needs Linux";
  if (wanted.root === true && !isRoot) return "needs root";
  if (wanted.ordinaryUser === true && isRoot) return "needs an ordinary user, whom the system can refuse something";
  if (wanted.compiledFile === true && !process.env["MINI_HTTP_BINARY"])
    return "needs MINI_HTTP_BINARY=dist/mini-http, which ./build.sh makes";
  const missing = programs.filter((name) => Bun.which(name) === null);
  const absent = paths.filter((path) => !existsSync(path));
  if (missing.length > 0) return `no ${missing.join(", no ")} on PATH`;
  return absent.length > 0 ? `there is no ${absent.join(", no ")}` : "";
}
