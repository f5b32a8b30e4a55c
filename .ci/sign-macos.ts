// Gives a 64-bit Mach-O file an ad-hoc signature that fits its bytes, as Apple's linker does; works on any system.
//   bun .ci/sign-macos.ts FILE...
// Bun 1.4.5 leaves its own signature in macOS x64 files after it has put the program in, and the system may kill
// what its signature does not fit. An ad-hoc signature names nobody: it says that the bytes are whole, not whose.

import { readFileSync, writeFileSync } from "node:fs";

const MACH_O_64 = 0xfeedfacf;
const SEGMENT_64 = 0x19;
const CODE_SIGNATURE = 0x1d;
const HEADER_SIZE = 32;

const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const DIRECTORY_SIZE = 88;
const DIRECTORY_AT = 20;
const VERSION_WITH_SEGMENT = 0x20400;
const ADHOC_LINKER_SIGNED = 0x20002;
const SHA_256 = 2;
const HASH_SIZE = 32;
const PAGE_BITS = 12;
const PAGE_SIZE = 1 << PAGE_BITS;
const MAIN_BINARY = 1n;

/** Apple's arm64 pages are 16 KiB; a segment ends on one on both processors. */
const SEGMENT_ALIGNMENT = 0x4000n;

/** The file with its last segment ending in a signature of all bytes before; whatever signature was there is gone. */
export function signMachO(file: Uint8Array, identifier: string): Buffer {
  const bytes = Buffer.from(file);
  if (bytes.readUInt32LE(0) !== MACH_O_64) throw new Error("not a 64-bit Mach-O file");
  const { signature, text, link } = findCommands(bytes);
  const codeSize = bytes.readUInt32LE(signature + 8);
  const name = Buffer.from(`${identifier}\0`, "latin1");
  const pages = Math.ceil(codeSize / PAGE_SIZE);
  const hashesAt = DIRECTORY_SIZE + name.length;
  const size = DIRECTORY_AT + hashesAt + pages * HASH_SIZE;

  bytes.writeUInt32LE(size, signature + 12);
  const linkSize = BigInt(codeSize + size) - bytes.readBigUInt64LE(link + 40);
  bytes.writeBigUInt64LE(linkSize, link + 48);
  bytes.writeBigUInt64LE(((linkSize + SEGMENT_ALIGNMENT - 1n) / SEGMENT_ALIGNMENT) * SEGMENT_ALIGNMENT, link + 32);

  const code = bytes.subarray(0, codeSize); // as it is now: the commands above are signed too
  const blob = Buffer.alloc(size);
  [EMBEDDED_SIGNATURE, size, 1, 0, DIRECTORY_AT].forEach((value, index) => blob.writeUInt32BE(value, index * 4));
  const directory = blob.subarray(DIRECTORY_AT);
  const head = [CODE_DIRECTORY, size - DIRECTORY_AT, VERSION_WITH_SEGMENT, ADHOC_LINKER_SIGNED];
  [...head, hashesAt, DIRECTORY_SIZE, 0, pages, codeSize].forEach((value, at) =>
    directory.writeUInt32BE(value, at * 4),
  );
  directory.set([HASH_SIZE, SHA_256, 0, PAGE_BITS], 36);
  directory.writeBigUInt64BE(bytes.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(bytes.readBigUInt64LE(text + 48), 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  name.copy(directory, DIRECTORY_SIZE);
  for (let page = 0; page < pages; page++) {
    const content = code.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    directory.set(new Bun.CryptoHasher("sha256").update(content).digest(), hashesAt + page * HASH_SIZE);
  }
  return Buffer.concat([code, blob]);
}

/** Where the three load commands are that a signature concerns. */
function findCommands(bytes: Buffer): { signature: number; text: number; link: number } {
  let signature = 0;
  let text = 0;
  let link = 0;
  let at = HEADER_SIZE;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const command = bytes.readUInt32LE(at);
    const segment = command === SEGMENT_64 ? bytes.toString("latin1", at + 8, at + 24).replace(/\0.*/, "") : "";
    if (command === CODE_SIGNATURE) signature = at;
    if (segment === "__TEXT") text = at;
    if (segment === "__LINKEDIT") link = at;
    at += bytes.readUInt32LE(at + 4);
  }
  if (signature === 0 || text === 0 || link === 0) throw new Error("a load command is missing");
  return { signature, text, link };
}

if (import.meta.main) {
  for (const path of process.argv.slice(2)) writeFileSync(path, signMachO(readFileSync(path), "mini-http"));
}
