// The program of the thread that copies access lists where a call may wait: started from its text by access-list.ts, so it
// can import nothing of ours but types.

import { dlopen } from "bun:ffi";
import type { Attributes, ListQuestion } from "./access-list.ts";

const thread = globalThis as unknown as Worker;
let attributes: Attributes | null = null;

thread.addEventListener("message", ({ data }: MessageEvent<ListQuestion>) => {
  const { library, functions, attribute, path, mostBytes, descriptor } = data;
  attributes ??= dlopen(library, functions).symbols as unknown as Attributes;
  const list = new Uint8Array(mostBytes);
  const size = Number(attributes.lgetxattr(path, attribute, list, mostBytes));
  thread.postMessage(size > 0 && attributes.fsetxattr(descriptor, attribute, list, size, 0) === 0);
});
