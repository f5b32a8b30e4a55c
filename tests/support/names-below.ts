// What lies below a folder, by its paths.

import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Files, folders and links, in order. Links are not followed (Bun's recursive `readdir` does), and what goes is not there. */
export function namesBelow(folder: string): string[] {
  return allBelow(folder, "").toSorted();
}

function allBelow(folder: string, beginning: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const name = beginning + entry.name;
      return entry.isDirectory() ? [name, ...allBelow(join(folder, entry.name), name + "/")] : [name];
    });
  } catch (error) {
    if (beginning !== "" && (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
