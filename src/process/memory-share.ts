// How much memory this process may have, and what of it may lie in buffers.

/** The rest is for the run time, for what is being worked on, and for the kernel's own buffers, which count too. */
const BUFFER_SHARE = 8;

/** Bytes that may lie in buffers: an eighth of the machine's memory, or of the container's where that has a limit. */
export function shareOfMemory(): number {
  return Math.floor(process.constrainedMemory() / BUFFER_SHARE);
}
