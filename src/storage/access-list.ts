// POSIX access lists, which neither Node nor Bun knows: without its list, a file that replaces another would give the
// owning group what the list's mask gives to all.

import { dlopen } from "bun:ffi";
import type { BigIntStats } from "node:fs";
import type { MaybePromise } from "../http/byte-source.ts";
import type { FileCalls } from "./file-calls.ts";

const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
const FUNCTIONS = {
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i64" },
  fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
} as const;
const ATTRIBUTE = Buffer.from("system.posix_acl_access\0");
/** More than a thousand entries. */
const MOST_BYTES = 16 * 1024;
/** One is asked for at a time: 16 KiB for each upload were a tenth of what a small one costs. */
const LIST = new Uint8Array(MOST_BYTES);
/** With a list, these bits are its mask; without any of them it gives nothing. */
const GROUP_BITS = 0o070n;

/** The C library's calls on attributes. */
export interface Attributes {
  lgetxattr(path: Uint8Array, name: Uint8Array, into: Uint8Array, size: number): number | bigint;
  fsetxattr(descriptor: number, name: Uint8Array, value: Uint8Array, size: number, flags: number): number;
}

/** What the thread is asked: to copy the list of a path to a descriptor. It answers whether there was one. */
export interface ListQuestion {
  readonly library: string;
  readonly functions: typeof FUNCTIONS;
  readonly attribute: Uint8Array;
  readonly mostBytes: number;
  /** With a NUL behind it. */
  readonly path: Uint8Array;
  readonly descriptor: number;
}

interface Library {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Null until it is needed; false where the system has no such thing. */
let library: Library | null | false = null;
/** Kept once it was needed: 8 MiB of memory, and 10 ms to start. */
let thread: Promise<ListThread> | null = null;

/**
 * Gives the open file the access list, and with it the permissions, of the file of this path, if that has one. False when
 * there is none, or when this system cannot be asked. A disk of this machine is asked even while it is slow: the file was
 * looked at just now, and its list lies beside that. Where the question could wait for a network or another program, a
 * thread asks it, and gives up nothing but its own time.
 */
export function copyAccessList(calls: FileCalls, path: string, from: BigIntStats, to: number): MaybePromise<boolean> {
  if (process.platform !== "linux" || (from.mode & GROUP_BITS) === 0n) return false;
  library ??= load();
  if (library === false) return false;
  const { name, attributes } = library;
  const path0 = Buffer.from(path + "\0");
  if (!calls.areLocal) return calls.later(() => askThread(name, path0, to));
  const size = Number(attributes.lgetxattr(path0, ATTRIBUTE, LIST, MOST_BYTES));
  return size > 0 && attributes.fsetxattr(to, ATTRIBUTE, LIST, size, 0) === 0;
}

async function askThread(name: string, path: Uint8Array, descriptor: number): Promise<boolean> {
  thread ??= ListThread.start();
  const question = { library: name, functions: FUNCTIONS, attribute: ATTRIBUTE, mostBytes: MOST_BYTES };
  return (await thread).ask({ ...question, path, descriptor });
}

/** Answers questions in their order. */
class ListThread {
  readonly #worker: Worker;
  /** Those who wait for an answer. */
  readonly #waiting: ((isCopied: boolean) => void)[] = [];
  #hasFailed = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<boolean>) => this.#waiting.shift()?.(data));
    worker.addEventListener("error", () => this.#fail());
    worker.unref();
  }

  /** From its text: a compiled program holds no files that a thread could begin with. */
  static async start(): Promise<ListThread> {
    const program = await import("./access-list-thread.ts", { with: { type: "text" } });
    const { default: text } = program as unknown as { readonly default: string };
    const url = URL.createObjectURL(new File([text], "access-list-thread.ts", { type: "application/typescript" }));
    return new ListThread(new Worker(url));
  }

  /** False, too, where there can be no thread. */
  ask(question: ListQuestion): Promise<boolean> {
    if (this.#hasFailed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(question);
    });
  }

  #fail(): void {
    this.#hasFailed = true;
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }
}

function load(): Library | false {
  for (const name of LIBRARIES) {
    try {
      return { name, attributes: dlopen(name, FUNCTIONS).symbols as unknown as Attributes };
    } catch {
      // The other C library, then.
    }
  }
  return false;
}
