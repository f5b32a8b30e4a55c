// What a folder held at one moment. Many pages are made of one snapshot, so it is lean: numbers stand in columns, and
// nothing is made of them before somebody asks for it.

import type { BigIntStats } from "node:fs";
import { mayRepeat, tagOf } from "./entity-tag.ts";
import { modifiedOf } from "./modified-time.ts";
import type { ListedEntry, Listing } from "./storage.ts";

const NS_PER_SECOND = 1_000_000_000n;
/** No name holds it, so names joined by it are told apart. */
const NAME_END = "/";
/** Entries that the hash gets at once. */
const HASH_ENTRIES = 256;
/** Bits of an entry's kind. */
const FOLDER = 1;
const WEAK = 2;

/** Takes the entries of a walk one by one, and is a `Listing` after `seal`. */
export class FolderSnapshot implements Listing {
  /** Entries whose names no address can have here. */
  unnameable = 0;
  /** Entries that the system does not let the server look at. */
  unreadable = 0;
  isWritable = true;
  fingerprint = "";
  readonly #names: string[] = [];
  readonly #kinds: Uint8Array;
  readonly #sizes: Float64Array;
  readonly #inodes: BigUint64Array;
  readonly #modified: Float64Array;
  /** Seconds and nanoseconds apart: a number holds all of either, and 64 bits do not hold the times of all file systems. */
  readonly #modifiedSeconds: Float64Array;
  readonly #modifiedNs: Int32Array;
  readonly #changedSeconds: Float64Array;
  readonly #changedNs: Int32Array;
  #hasher: Bun.CryptoHasher | null = new Bun.CryptoHasher("sha1");
  #hashed = 0;
  #holders = 0;
  readonly #release: () => void;

  /** With room for so many entries; `release` is called when the last holder has closed it. */
  constructor(capacity: number, release: () => void) {
    this.#kinds = new Uint8Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#inodes = new BigUint64Array(capacity);
    this.#modified = new Float64Array(capacity);
    this.#modifiedSeconds = new Float64Array(capacity);
    this.#modifiedNs = new Int32Array(capacity);
    this.#changedSeconds = new Float64Array(capacity);
    this.#changedNs = new Int32Array(capacity);
    this.#release = release;
  }

  get length(): number {
    return this.#names.length;
  }

  /** A file or a folder of this name, looked at `now` (milliseconds). */
  add(name: string, stats: BigIntStats, now: number): void {
    const index = this.#names.push(name) - 1;
    const isFolder = stats.isDirectory();
    this.#kinds[index] = (isFolder ? FOLDER : 0) | (mayRepeat(stats, now) ? WEAK : 0);
    this.#sizes[index] = isFolder ? 0 : Number(stats.size);
    this.#inodes[index] = stats.ino;
    this.#modified[index] = modifiedOf(stats, now);
    this.#modifiedSeconds[index] = Number(stats.mtimeNs / NS_PER_SECOND);
    this.#modifiedNs[index] = Number(stats.mtimeNs % NS_PER_SECOND);
    this.#changedSeconds[index] = Number(stats.ctimeNs / NS_PER_SECOND);
    this.#changedNs[index] = Number(stats.ctimeNs % NS_PER_SECOND);
    if (index + 1 - this.#hashed >= HASH_ENTRIES) this.#hash();
  }

  /** The walk is at its end. Two folders may hold the same, all of it hard links, and are two: their places tell them apart. */
  seal(place: string): void {
    this.#hash();
    this.#hasher!.update(`${this.unnameable} ${this.unreadable} ${this.isWritable} ${place}`);
    this.fingerprint = this.#hasher!.digest("base64url");
    this.#hasher = null;
  }

  /** So many more will close it. */
  hold(holders: number): void {
    this.#holders += holders;
  }

  close(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#release();
  }

  /** False when its last holder has closed it. */
  get isHeld(): boolean {
    return this.#holders > 0;
  }

  at(index: number): ListedEntry {
    return new SnapshotEntry(this, index);
  }

  nameOf(index: number): string {
    return this.#names[index]!;
  }

  typeOf(index: number): "file" | "directory" {
    return (this.#kinds[index]! & FOLDER) !== 0 ? "directory" : "file";
  }

  sizeOf(index: number): number {
    return this.#sizes[index]!;
  }

  modifiedOf(index: number): number {
    return this.#modified[index]!;
  }

  etagOf(index: number): string {
    const numbers = {
      ino: this.#inodes[index]!,
      size: BigInt(this.#sizes[index]!),
      mtimeNs: nanoseconds(this.#modifiedSeconds[index]!, this.#modifiedNs[index]!),
      ctimeNs: nanoseconds(this.#changedSeconds[index]!, this.#changedNs[index]!),
    };
    return tagOf(numbers, (this.#kinds[index]! & WEAK) !== 0);
  }

  /** All that an entry's row or entity tag is made of, in the order of the walk, which is the same for the same folder. */
  #hash(): void {
    const [from, to] = [this.#hashed, this.#names.length];
    const hasher = this.#hasher!;
    hasher.update(this.#names.slice(from, to).join(NAME_END) + NAME_END);
    hasher.update(this.#kinds.subarray(from, to));
    hasher.update(this.#sizes.subarray(from, to));
    hasher.update(this.#inodes.subarray(from, to));
    hasher.update(this.#modified.subarray(from, to));
    hasher.update(this.#modifiedSeconds.subarray(from, to));
    hasher.update(this.#modifiedNs.subarray(from, to));
    hasher.update(this.#changedSeconds.subarray(from, to));
    hasher.update(this.#changedNs.subarray(from, to));
    this.#hashed = to;
  }
}

function nanoseconds(seconds: number, rest: number): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(rest);
}

/** One row of the columns. */
class SnapshotEntry implements ListedEntry {
  readonly #snapshot: FolderSnapshot;
  readonly #index: number;

  constructor(snapshot: FolderSnapshot, index: number) {
    this.#snapshot = snapshot;
    this.#index = index;
  }

  get name(): string {
    return this.#snapshot.nameOf(this.#index);
  }

  get type(): "file" | "directory" {
    return this.#snapshot.typeOf(this.#index);
  }

  get size(): number {
    return this.#snapshot.sizeOf(this.#index);
  }

  get modified(): number {
    return this.#snapshot.modifiedOf(this.#index);
  }

  get etag(): string {
    return this.#snapshot.etagOf(this.#index);
  }
}
