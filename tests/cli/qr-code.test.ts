import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { drawCode, drawingWidth, qrCode } from "../../src/cli/qr-code.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ADDRESS = "http://192.168.1.20:4221/files/";
/** The longest texts of each size, and one more than they hold. */
const LENGTHS = [1, 17, 18, 32, 33, 53, 54, 78, 79, 106];

/** A picture of the rows that other programs read (PBM). */
function picture(rows: readonly (readonly boolean[])[]): string {
  const [scale, quiet] = [6, 4];
  const size = (rows.length + 2 * quiet) * scale;
  const bits = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) =>
      rows[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet] ? 1 : 0,
    ),
  );
  return `P1\n${size} ${size}\n${bits.map((line) => line.join(" ")).join("\n")}\n`;
}

describe("a code", () => {
  test("is the smallest that holds the text", () => {
    expect(LENGTHS.map((length) => qrCode("x".repeat(length))?.length)).toEqual([
      21, 21, 25, 25, 29, 29, 33, 33, 37, 37,
    ]);
    expect(qrCode("x".repeat(107))).toBeNull();
  });

  test("has its three corners, its timing and its dark module", () => {
    const rows = qrCode(ADDRESS)!;
    const size = rows.length;
    for (const [left, top] of [
      [0, 0],
      [size - 7, 0],
      [0, size - 7],
    ] as const) {
      const corner = rows.slice(top, top + 7).map((row) =>
        row
          .slice(left, left + 7)
          .map(Number)
          .join(""),
      );
      expect(corner).toEqual(["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]);
    }
    expect(
      rows[6]!
        .slice(8, size - 8)
        .map(Number)
        .join(""),
    ).toMatch(/^(?:10)+1?$/);
    expect(rows[size - 8]![8]).toBe(true);
  });

  test.skipIf(needs({ programs: ["zbarimg"] }).skip)("says what it was made of to another program", () => {
    using folder = tempFolder();
    const file = join(folder.path, "code.pbm");
    const texts = [
      ADDRESS,
      "http://[2001:db8::1]:65535/files/",
      ...LENGTHS.map((length) => "aZ3/".repeat(27).slice(0, length)),
    ];
    for (const text of texts) {
      writeFileSync(file, picture(qrCode(text)!));
      expect(Bun.spawnSync(["zbarimg", "--quiet", "--raw", file]).stdout.toString()).toBe(text + "\n");
    }
  });
});

describe("a drawing", () => {
  const rows = qrCode(ADDRESS)!;

  test.each([
    ["with colours", true],
    ["without", false],
  ])("has two rows of modules in a line, %s", (_, hasColours) => {
    const lines = drawCode(rows, hasColours).map((line) => line.replace(/\x1b\[[\d;]*m/g, ""));
    expect(lines).toHaveLength(Math.ceil((rows.length + 8) / 2));
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([drawingWidth(rows)]));
    // The modules, read back.
    const isDark = (x: number, y: number): boolean => {
      const shape = lines[Math.floor((y + 4) / 2)]![x + 4]!;
      const isInked = shape === "█" || shape === ((y + 4) % 2 === 0 ? "▀" : "▄");
      return isInked === hasColours;
    };
    expect(rows.map((row, y) => row.map((_, x) => isDark(x, y)))).toEqual(rows.map((row) => [...row]));
  });
});
