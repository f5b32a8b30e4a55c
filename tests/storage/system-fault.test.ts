// What errors of the system mean to whoever asked. What has no row is the system's still; what is none of the system's is
// thrown again.

import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import {
  isSystems,
  LeadsOutside,
  readFault,
  SystemError,
  systemCode,
  writeFault,
} from "../../src/storage/system-fault.ts";

describe("an error of the system", () => {
  test.each([
    ["ENOENT", "missing", "missing"],
    ["ENOTDIR", "missing", "not-a-directory"],
    ["ELOOP", "missing", "not-allowed"],
    ["ENAMETOOLONG", "missing", "bad-name"],
    ["EISDIR", "directory", "is-directory"],
    ["EACCES", "not-allowed", "not-allowed"],
    ["EMFILE", "no-descriptors", "no-descriptors"],
    ["ENFILE", "no-descriptors", "no-descriptors"],
    ["EAGAIN", "busy", "busy"],
    ["EBUSY", "busy", "held"],
    ["ENOSPC", "failed", "no-space"],
    ["EFBIG", "failed", "too-large"],
    ["EROFS", "failed", "not-allowed"],
    ["EIO", "failed", "failed"],
    ["ESTALE", "failed", "failed"],
    ["ENOTHINGTHATWEKNOW", "failed", "failed"],
  ])("%s is %s to a reader and %s to a writer", (code, read, write) => {
    const error = new SystemError(code, "the test says so");
    expect([readFault(error), writeFault(error)] as string[]).toEqual([read, write]);
    expect([isSystems(error), systemCode(error)]).toEqual([true, code]);
  });

  test("as Bun throws it is one", () => {
    let thrown: unknown;
    try {
      statSync("/nothing/has/this/name");
    } catch (error) {
      thrown = error;
    }
    expect([readFault(thrown), writeFault(thrown)]).toEqual(["missing", "missing"]);
  });

  test("of a link that leads outside is missing to a reader, and not allowed to a writer", () =>
    expect([readFault(new LeadsOutside()), writeFault(new LeadsOutside())]).toEqual(["missing", "not-allowed"]));
});

describe("none of the system's is thrown again:", () => {
  test.each<[what: string, error: unknown]>([
    ["a fault of ours", new TypeError("undefined is no function")],
    ["how Bun was called", Object.assign(new Error("bad"), { code: "ERR_INVALID_ARG_VALUE" })],
    ["a code that is no text", Object.assign(new Error("bad"), { code: 5 })],
    ["no error at all", "ENOENT"],
  ])("%s", (_what, error) => {
    for (const judge of [readFault, writeFault]) {
      let thrown: unknown = null;
      try {
        judge(error);
      } catch (again) {
        thrown = again;
      }
      expect(thrown).toBe(error);
    }
    expect(isSystems(error)).toBe(false);
  });
});
