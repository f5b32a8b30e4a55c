// Packs folders as .tar.gz or .zip so that the same files give the same bytes on every machine.
//   bun .ci/archive.ts OUT.tar.gz|OUT.zip FOLDER SECONDS
// Takes the files directly inside FOLDER, sorted by name, under FOLDER's name; all carry the time SECONDS (Unix).

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** One file to pack. */
export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly executable: boolean;
}

const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

// Level 9 of libdeflate takes 2 s for 110 MB; higher levels save 2 % in 3 to 4 times the time.
const COMPRESSION = { library: "libdeflate", level: 9 } as const;

const TAR_BLOCK = 512;

/** POSIX ustar, owner 0:0, behind gzip without name and time. */
export function tarGz(folder: string, entries: readonly ArchiveEntry[], seconds: number): Uint8Array {
  const parts: Uint8Array[] = [tarHeader(`${folder}/`, "5", EXECUTABLE_MODE, 0, seconds)];
  for (const { name, bytes, executable } of entries) {
    const mode = executable ? EXECUTABLE_MODE : FILE_MODE;
    parts.push(tarHeader(`${folder}/${name}`, "0", mode, bytes.length, seconds), bytes);
    parts.push(new Uint8Array(-bytes.length & (TAR_BLOCK - 1)));
  }
  parts.push(new Uint8Array(2 * TAR_BLOCK));
  return Bun.gzipSync(Buffer.concat(parts), COMPRESSION);
}

function tarHeader(path: string, type: "0" | "5", mode: number, size: number, seconds: number): Buffer {
  if (path.length > 100) throw new Error(`too long for a tar header: ${path}`);
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    header.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
  };
  header.write(path, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  header.write(`        ${type}`, 148, "latin1"); // the sum counts its own field as blanks
  header.write("ustar\0" + "00", 257, "latin1");
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  header[154] = 0;
  return header;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_END = 0x06054b50;
const DEFLATE = 8;
const NEEDS_VERSION_2 = 20;
const MADE_BY_UNIX = 3 << 8;
const REGULAR_FILE = 0o100000;

/** Zip with deflate, times in UTC, Unix modes. */
export function zip(folder: string, entries: readonly ArchiveEntry[], seconds: number): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes, executable } of entries) {
    const path = Buffer.from(`${folder}/${name}`, "latin1");
    const packed = Bun.deflateSync(bytes, COMPRESSION);
    const fields = zipFields(bytes, packed.length, path.length, seconds);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(LOCAL_HEADER, 0);
    fields.copy(head, 4);
    const row = Buffer.alloc(46);
    row.writeUInt32LE(CENTRAL_HEADER, 0);
    row.writeUInt16LE(MADE_BY_UNIX | NEEDS_VERSION_2, 4);
    fields.copy(row, 6);
    row.writeUInt32LE(((REGULAR_FILE | (executable ? EXECUTABLE_MODE : FILE_MODE)) << 16) >>> 0, 38);
    row.writeUInt32LE(offset, 42);
    local.push(head, path, packed);
    central.push(row, path);
    offset += head.length + path.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(CENTRAL_END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    central.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, ...central, end]);
}

/** The 26 bytes that both headers of a file share. */
function zipFields(bytes: Uint8Array<ArrayBuffer>, packedSize: number, pathSize: number, seconds: number): Buffer {
  const time = new Date(seconds * 1000);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(NEEDS_VERSION_2, 0);
  fields.writeUInt16LE(DEFLATE, 4);
  fields.writeUInt16LE((time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1), 6);
  fields.writeUInt16LE(((time.getUTCFullYear() - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate(), 8);
  fields.writeUInt32LE(Bun.hash.crc32(bytes), 10);
  fields.writeUInt32LE(packedSize, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(pathSize, 22);
  return fields;
}

/** The files directly inside a folder, by name. */
function entriesOf(folder: string): ArchiveEntry[] {
  const names = readdirSync(folder).sort();
  return names.map((name) => ({
    name,
    bytes: readFileSync(join(folder, name)),
    executable: /^mini-http(\.exe)?$/.test(name),
  }));
}

if (import.meta.main) {
  const [out, folder, seconds] = process.argv.slice(2);
  if (out === undefined || folder === undefined || !/^\d+$/.test(seconds ?? "")) {
    throw new Error("usage: archive.ts OUT FOLDER SECONDS");
  }
  const pack = out.endsWith(".zip") ? zip : tarGz;
  await Bun.write(out, pack(basename(folder), entriesOf(folder), Number(seconds)));
}
