// Header fields that the person who runs the server adds to every answer: `--header 'NAME: VALUE'`.

import type { Finish } from "./gate.ts";

/** Adds these lines, each `NAME: VALUE` as `isOwnField` takes it; a field of ours of the same name gives way. */
export function createOwnFields(lines: readonly string[]): Finish {
  const fields = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const names = new Set(fields.map(([name]) => name));
  return (_, response) => {
    for (const name of names) response.remove(name);
    for (const [name, value] of fields) response.append(name, value);
  };
}
