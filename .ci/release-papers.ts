// Writes what goes beside the archives of a release: the list of parts (CycloneDX) and SHA256SUMS over all files.
//   bun .ci/release-papers.ts FOLDER COMMIT SECONDS
// COMMIT and SECONDS are the commit's name and time, so that the same commit gives the same bytes.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };

/** The parts: this program at this commit, and the Bun that every executable holds. */
export function billOfMaterials(commit: string, seconds: number): unknown {
  const bun = manifest.packageManager.replace("bun@", "");
  const self = `mini-http@${manifest.version}`;
  const hex = new Bun.CryptoHasher("sha256").update(`${self} ${commit}`).digest("hex");
  // A UUID of version 8 (RFC 9562): the identity comes from the content.
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuid.join("-")}`,
    version: 1,
    metadata: {
      timestamp: new Date(seconds * 1000).toISOString().replace(".000Z", "Z"),
      component: {
        "bom-ref": self,
        type: "application",
        name: "mini-http",
        version: manifest.version,
        description: manifest.description,
        licenses: [{ license: { id: manifest.license } }],
        purl: `pkg:npm/${self}`,
        properties: [{ name: "mini-http:commit", value: commit }],
      },
    },
    components: [
      {
        "bom-ref": `bun@${bun}`,
        type: "platform",
        name: "bun",
        version: bun,
        description:
          "The JavaScript runtime inside every executable; lists its own parts at bun.com/docs/project/license",
        licenses: [{ license: { id: "MIT" } }],
        purl: `pkg:npm/bun@${bun}`,
      },
    ],
    dependencies: [
      { ref: self, dependsOn: [`bun@${bun}`] },
      { ref: `bun@${bun}`, dependsOn: [] },
    ],
  };
}

/** What `sha256sum -c` reads, sorted by name. */
export function checksums(folder: string): string {
  const line = (name: string): string => {
    const sum = new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, name))).digest("hex");
    return `${sum}  ${name}\n`;
  };
  return readdirSync(folder).sort().map(line).join("");
}

if (import.meta.main) {
  const [folder, commit, seconds] = process.argv.slice(2);
  if (folder === undefined || commit === undefined || !/^\d+$/.test(seconds ?? "")) {
    throw new Error("usage: release-papers.ts FOLDER COMMIT SECONDS");
  }
  const parts = JSON.stringify(billOfMaterials(commit, Number(seconds)), null, 2);
  writeFileSync(join(folder, `mini-http-${manifest.version}.cdx.json`), `${parts}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), checksums(folder));
}
