// The files that every server serves. The same names give the same bytes on every machine.

import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = 0x2545f491;
/** Servers may hold a fresh file for one that still changes: mini-http keeps none that is younger than 2 s. */
const AGE_SECONDS = 3600;
const WORDS = 4000;
const TEXT_BYTES = 100 * KIB;

/** One file per size; the name says which. */
export const SIZED_FILES = {
  "100B.bin": 100,
  "10K.bin": 10 * KIB,
  "1M.bin": MIB,
  "100M.bin": 100 * MIB,
} as const;
/** 100 KiB of what reads like prose. */
export const TEXT_FILE = "text.txt";
export const SMALL_FILES = Array.from({ length: 500 }, (_, index) => `small-${index}.bin`);
const SMALL_LEAST_BYTES = KIB;
const SMALL_MOST_BYTES = 8 * KIB;

/** A folder full of files. */
export class FileSet {
  readonly folder: string;
  #age = AGE_SECONDS;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes one file of each size. */
  writeSized(names: readonly (keyof typeof SIZED_FILES)[]): void {
    for (const name of names) this.#write(name, randomBytes(SIZED_FILES[name]));
  }

  /** Writes 500 files of 1 to 8 KiB. */
  writeSmall(): void {
    const random = randomNumbers(SEED);
    const spread = SMALL_MOST_BYTES - SMALL_LEAST_BYTES;
    for (const name of SMALL_FILES) {
      this.#write(name, randomBytes(SMALL_LEAST_BYTES + Math.floor(random() * spread)));
    }
  }

  writeText(): void {
    this.#write(TEXT_FILE, prose(SEED));
  }

  /** Writes so many different texts of 100 KiB; gives their names. */
  writeColdTexts(count: number): string[] {
    const names = Array.from({ length: count }, (_, index) => `cold-${index}.txt`);
    const text = prose(SEED);
    for (const [index, name] of names.entries()) {
      // Turned by a step of its own each is another text, but as long and as hard to compress.
      const turn = (index * 17) % text.length;
      this.#write(name, Buffer.concat([text.subarray(turn), text.subarray(0, turn)]));
    }
    return names;
  }

  /** Gives the files another time of change, so that no server may use what it knows of them. */
  renew(names: readonly string[]): void {
    this.#age -= 1;
    for (const name of names) this.#makeOld(name);
  }

  #write(name: string, bytes: Uint8Array): void {
    writeFileSync(join(this.folder, name), bytes);
    this.#makeOld(name);
  }

  #makeOld(name: string): void {
    const then = Math.floor(Date.now() / 1000) - this.#age;
    utimesSync(join(this.folder, name), then, then);
  }
}

/** Bytes that do not compress. */
export function randomBytes(length: number): Buffer {
  const random = randomNumbers(SEED ^ length);
  // A megabyte that repeats is as good to a socket, and is made in a moment.
  const piece = Buffer.from(Array.from({ length: Math.min(length, MIB) }, () => Math.floor(random() * 256)));
  return Buffer.alloc(length, piece);
}

/** Words by Zipf's law in sentences: gzip makes a third of it, as of English. */
function prose(seed: number): Buffer {
  const random = randomNumbers(seed);
  const words = Array.from({ length: WORDS }, () => makeWord(random));
  let text = "";
  while (text.length < TEXT_BYTES) {
    const length = 4 + Math.floor(random() * 16);
    const sentence = Array.from({ length }, () => words[Math.floor(WORDS ** random()) - 1] ?? "");
    text += sentence.join(" ") + (random() < 0.2 ? ".\n" : ". ");
  }
  return Buffer.from(text.slice(0, TEXT_BYTES), "latin1");
}

function makeWord(random: () => number): string {
  const LETTERS = "etaoinshrdlucmfwypvbgkjqxz";
  const length = 2 + Math.floor(random() * 8);
  return Array.from({ length }, () => LETTERS[Math.floor(random() ** 2 * LETTERS.length)]).join("");
}

/** Numbers from 0 to below 1, the same ones for the same seed (xorshift32). */
function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
