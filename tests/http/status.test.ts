// Every status that this server gives has its reason phrase, and statuses without content are known.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allowsBody, reasonPhrase } from "../../src/http/status.ts";

const SRC = join(import.meta.dir, "../../src");

/** The statuses that stand in the sources, as a property of a response or in a table of refusals. */
function givenStatuses(): ReadonlySet<number> {
  const found = new Set<number>();
  for (const file of readdirSync(SRC, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(SRC, file), "utf8");
    for (const [, status] of text.matchAll(
      /(?:\bstatus: |HttpResponse\(|[Ss]tatus === |\[|^\s*)([1-5]\d\d)(?=[,)\s;]|$)/gm,
    ))
      found.add(Number(status));
  }
  return found;
}

test("every status in the sources has a reason phrase", () => {
  const statuses = givenStatuses();
  expect(statuses.size).toBeGreaterThan(15);
  expect([...statuses].filter((status) => reasonPhrase(status) === "")).toEqual([]);
});

test.each([
  [411, "Length Required"],
  [413, "Content Too Large"],
  [421, "Misdirected Request"],
  [507, "Insufficient Storage"],
  [599, ""],
])("%d is %s", (status, reason) => expect(reasonPhrase(status)).toBe(reason));

test.each([
  [100, false],
  [103, false],
  [200, true],
  [204, false],
  [304, false],
  [404, true],
])("a response of %d may have content: %p", (status, may) => expect(allowsBody(status)).toBe(may));
