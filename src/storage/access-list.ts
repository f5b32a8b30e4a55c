// POSIX access lists, which neither Node nor Bun knows: without its list, a file that replaces another would give the
// owning group what the list's mask gives to all.

import { dlopen } from "bun:ffi";
import type { BigIntStats } from "node:fs";
import type { FileCalls } from "./file-calls.ts";

const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
const ATTRIBUTE = Buffer.from("system.posix_acl_access\0");
/** More than a thousand entries. */
const MOST_BYTES = 16 * 1024;
/** With a list, these bits are its mask; without any of them it gives nothing. */
const GROUP_BITS = 0o070n;

type GetAttribute = (path: Uint8Array, name: Uint8Array, into: Uint8Array, size: number) => number | bigint;
type SetAttribute = (descriptor: number, name: Uint8Array, value: Uint8Array, size: number, flags: number) => number;

interface Attributes {
  readonly get: GetAttribute;
  readonly set: SetAttribute;
}

/** Null until it is needed; false where the system has no such thing. */
let attributes: Attributes | null | false = null;

/**
 * Gives the open file the access list, and with it the permissions, of the file of this path, if that has one. False when
 * there is none, when this system cannot be asked, or when the question could wait for a network or another program. A
 * disk of this machine is asked even while it is slow: the file was looked at just now, and its list lies beside that.
 */
export function copyAccessList(calls: FileCalls, path: string, from: BigIntStats, to: number): boolean {
  if (process.platform !== "linux" || (from.mode & GROUP_BITS) === 0n || !calls.areLocal) return false;
  attributes ??= load();
  if (attributes === false) return false;
  const list = new Uint8Array(MOST_BYTES);
  const size = Number(attributes.get(Buffer.from(path + "\0"), ATTRIBUTE, list, MOST_BYTES));
  return size > 0 && attributes.set(to, ATTRIBUTE, list, size, 0) === 0;
}

function load(): Attributes | false {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i64" },
        fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
      });
      return { get: symbols.lgetxattr as GetAttribute, set: symbols.fsetxattr as SetAttribute };
    } catch {
      // The other C library, then.
    }
  }
  return false;
}
