// What rooms count that no exchange tells.

/** Where they count it. */
export interface Meters {
  /** A file was asked for: its bytes were in memory, or had to be read. */
  hotFile(isHit: boolean): void;
  /** Files went because room was needed, or their time was over. */
  evicted(files: number, bytes: number): void;
}
