// What is missing is said in words, and the suites wait for their variable.

import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { needs } from "./needs.ts";

const before = process.env["MINI_HTTP_CLIENTS"];
// What these tests miss is nothing that a reader of the run should hear of.
let said = spyOn(console, "warn");
beforeEach(() => {
  said = spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  said.mockRestore();
  if (before === undefined) delete process.env["MINI_HTTP_CLIENTS"];
  else process.env["MINI_HTTP_CLIENTS"] = before;
});

test("nothing wanted is nothing missing", () => {
  expect(needs({})).toEqual({ skip: false, why: "" });
});

test.each([
  ["a program that is not there", { programs: ["no-such-program"] }, "no no-such-program on PATH"],
  ["a path that is not there", { paths: ["/no/such"] }, "there is no /no/such"],
])("%s is skipped with its name", (_, wanted, why) => {
  expect(needs(wanted)).toEqual({ skip: true, why });
});

test("what is missing is said once", () => {
  for (let i = 0; i < 2; i++) needs({ programs: ["another-such-program"] });
  expect(said.mock.calls).toEqual([["skipped: no another-such-program on PATH"]]);
});

test("nobody is root and an ordinary user", () => {
  expect([needs({ root: true }).skip, needs({ ordinaryUser: true }).skip].sort()).toEqual([false, true]);
});

test("a suite runs only when its variable is 1", () => {
  // Said once a process, so it is said here: the tests of that suite may come later, and be skipped without a word.
  said.mockRestore();
  delete process.env["MINI_HTTP_CLIENTS"];
  expect(needs({ suite: "clients", programs: ["no-such-program"] }).why).toBe(
    "tests/clients runs with MINI_HTTP_CLIENTS=1",
  );
  process.env["MINI_HTTP_CLIENTS"] = "1";
  expect(needs({ suite: "clients" }).skip).toBe(false);
});
