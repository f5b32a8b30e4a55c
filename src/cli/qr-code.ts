// A short text as a QR code (ISO/IEC 18004): in bytes, at the lowest level of error correction, in the five smallest
// sizes, whose codewords are one block each. An address of this server fits twice.

/** Codewords of data and of error correction at level L, by version from 1 on. */
const CODEWORDS = [
  { data: 19, correction: 7 },
  { data: 34, correction: 10 },
  { data: 55, correction: 15 },
  { data: 80, correction: 20 },
  { data: 108, correction: 26 },
] as const;
const BYTE_MODE = 0b0100;
const PADDING = [0xec, 0x11] as const;
const LEVEL_L = 0b01;
const FORMAT_GENERATOR = 0x537;
const FORMAT_MASK = 0x5412;
/** x^8 + x^4 + x^3 + x^2 + 1. */
const FIELD_POLYNOMIAL = 0x11d;

/** Rows of modules, true for the dark ones, without the quiet zone. Null for a text that does not fit. */
export function qrCode(text: string): readonly (readonly boolean[])[] | null {
  const bytes = Buffer.from(text, "utf8");
  const index = CODEWORDS.findIndex(({ data }) => bytes.length + 2 <= data);
  if (index < 0) return null;
  const { data, correction } = CODEWORDS[index]!;
  const words = dataWords(bytes, data);
  const all = [...words, ...correctionWords(words, correction)];
  const candidates = Array.from({ length: 8 }, (_, mask) => new QrSymbol(index + 1, all, mask));
  return candidates.reduce((best, next) => (next.penalty < best.penalty ? next : best)).rows;
}

/** The mode, the length, the bytes, and padding. */
function dataWords(bytes: Uint8Array, count: number): number[] {
  const bits = [...bitsOf(BYTE_MODE, 4), ...bitsOf(bytes.length, 8)];
  for (const byte of bytes) bits.push(...bitsOf(byte, 8));
  const end = Math.min(4, count * 8 - bits.length);
  bits.push(...bitsOf(0, end));
  while (bits.length % 8 !== 0) bits.push(0);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8)
    words.push(bits.slice(at, at + 8).reduce((word, bit) => 2 * word + bit, 0));
  for (let i = 0; words.length < count; i++) words.push(PADDING[i % 2]!);
  return words;
}

/** The highest bit first. */
function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (value >> (count - 1 - i)) & 1);
}

/** What is left of the data, as a polynomial, divided by the generator (Reed-Solomon). */
function correctionWords(data: readonly number[], count: number): readonly number[] {
  const generator = generatorOf(count);
  const rest: number[] = new Array<number>(count).fill(0);
  for (const word of data) {
    const factor = word ^ rest.shift()!;
    rest.push(0);
    for (let i = 0; i < count; i++) rest[i]! ^= multiply(generator[i]!, factor);
  }
  return rest;
}

/** The product of (x - 2^i), without its first coefficient, which is one. */
function generatorOf(degree: number): readonly number[] {
  const coefficients: number[] = new Array<number>(degree).fill(0);
  coefficients[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) coefficients[j] = multiply(coefficients[j]!, root) ^ (coefficients[j + 1] ?? 0);
    root = multiply(root, 2);
  }
  return coefficients;
}

/** In the field of 256 elements. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * FIELD_POLYNOMIAL);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

const FINDER = 7;
const TIMING = 6;

/** One symbol with one mask. */
class QrSymbol {
  readonly rows: boolean[][];
  readonly #size: number;
  /** Modules that are not data. */
  readonly #fixed: boolean[][];

  constructor(version: number, words: readonly number[], mask: number) {
    this.#size = 17 + 4 * version;
    this.rows = this.#grid();
    this.#fixed = this.#grid();
    this.#drawTiming();
    for (const [x, y] of [
      [0, 0],
      [this.#size - FINDER, 0],
      [0, this.#size - FINDER],
    ] as const)
      this.#drawFinder(x, y);
    if (version > 1) this.#drawAlignment(this.#size - FINDER);
    this.#drawFormat(mask);
    this.#drawData(words, mask);
  }

  #grid(): boolean[][] {
    return Array.from({ length: this.#size }, () => new Array<boolean>(this.#size).fill(false));
  }

  #fix(x: number, y: number, isDark: boolean): void {
    if (x < 0 || y < 0 || x >= this.#size || y >= this.#size) return;
    this.rows[y]![x] = isDark;
    this.#fixed[y]![x] = true;
  }

  #drawTiming(): void {
    for (let i = 0; i < this.#size; i++) {
      this.#fix(i, TIMING, i % 2 === 0);
      this.#fix(TIMING, i, i % 2 === 0);
    }
  }

  /** With the light border that separates it. */
  #drawFinder(left: number, top: number): void {
    for (let dy = -1; dy <= FINDER; dy++) {
      for (let dx = -1; dx <= FINDER; dx++) {
        const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
        this.#fix(left + dx, top + dy, ring <= 3 && ring !== 2);
      }
    }
  }

  #drawAlignment(center: number): void {
    for (let dy = -2; dy <= 2; dy++)
      for (let dx = -2; dx <= 2; dx++) this.#fix(center + dx, center + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }

  /** Level and mask, twice. */
  #drawFormat(mask: number): void {
    const bits = formatBits(mask);
    const isDark = (i: number): boolean => ((bits >> i) & 1) === 1;
    const last = this.#size - 1;
    for (let i = 0; i < 8; i++) {
      this.#fix(8, i < TIMING ? i : i + 1, isDark(i));
      this.#fix(last - i, 8, isDark(i));
    }
    for (let i = 8; i < 15; i++) {
      this.#fix(i === 8 ? 7 : 14 - i, 8, isDark(i));
      this.#fix(8, last - 14 + i, isDark(i));
    }
    this.#fix(8, this.#size - 8, true);
  }

  /** In pairs of columns from the right, up and down in turn. */
  #drawData(words: readonly number[], mask: number): void {
    const bits = words.flatMap((word) => bitsOf(word, 8));
    let at = 0;
    let isUp = true;
    for (let right = this.#size - 1; right > 0; right -= 2) {
      if (right === TIMING) right -= 1;
      for (let i = 0; i < this.#size; i++) {
        const y = isUp ? this.#size - 1 - i : i;
        for (const x of [right, right - 1]) {
          if (this.#fixed[y]![x] === true) continue;
          this.rows[y]![x] = (bits[at++] === 1) !== MASKS[mask]!(x, y);
        }
      }
      isUp = !isUp;
    }
  }

  /** How hard it is to read; the least is best. */
  get penalty(): number {
    const columns = this.rows.map((_, x) => this.rows.map((row) => row[x]!));
    const lines = [...this.rows, ...columns].map((line) => line.map((isDark) => (isDark ? "1" : "0")).join(""));
    return lines.reduce((sum, line) => sum + linePenalty(line), 0) + this.#blockPenalty() + this.#balancePenalty();
  }

  #blockPenalty(): number {
    let penalty = 0;
    for (let y = 1; y < this.#size; y++) {
      for (let x = 1; x < this.#size; x++) {
        const [above, row] = [this.rows[y - 1]!, this.rows[y]!];
        if (above[x] === above[x - 1] && row[x] === above[x] && row[x - 1] === above[x]) penalty += 3;
      }
    }
    return penalty;
  }

  #balancePenalty(): number {
    const dark = this.rows.flat().filter(Boolean).length;
    return Math.floor(Math.abs((dark / this.#size ** 2) * 20 - 10)) * 10;
  }
}

/** Runs of one colour, and what looks like a finder. */
function linePenalty(line: string): number {
  const runs = line.match(/0{5,}|1{5,}/g) ?? [];
  const finders = line.match(/(?=10111010000|00001011101)/g) ?? [];
  return runs.reduce((sum, run) => sum + run.length - 2, 0) + 40 * finders.length;
}

/** With its own error correction (BCH), and never all light. */
function formatBits(mask: number): number {
  const data = (LEVEL_L << 3) | mask;
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * FORMAT_GENERATOR);
  return ((data << 10) | rest) ^ FORMAT_MASK;
}

const QUIET_ZONE = 4;

/** Columns that a drawing of these rows takes. */
export function drawingWidth(rows: readonly (readonly boolean[])[]): number {
  return rows.length + 2 * QUIET_ZONE;
}

/**
 * Lines of text, two modules above each other in one character. `hasColours`: black on white, whatever the terminal's
 * colours are; otherwise light modules are drawn, as for the usual light letters on dark.
 */
export function drawCode(rows: readonly (readonly boolean[])[], hasColours: boolean): readonly string[] {
  const size = rows.length;
  const isDark = (x: number, y: number): boolean => rows[y]?.[x] === true;
  const lines: string[] = [];
  for (let y = -QUIET_ZONE; y < size + QUIET_ZONE; y += 2) {
    let line = "";
    for (let x = -QUIET_ZONE; x < size + QUIET_ZONE; x++) {
      const [upper, lower] = [isDark(x, y) === hasColours, isDark(x, y + 1) === hasColours];
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(hasColours ? `\x1b[30;107m${line}\x1b[0m` : line);
  }
  return lines;
}
