// A pipe between a log and its test, with the reader under the test's control.

import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";

const READ_BYTES = 65_536;

/** Both ends of one pipe. The log writes to `writeEnd`; nothing is read before `readAvailable`. */
export class LogPipe {
  readonly readEnd: number;
  readonly writeEnd: number;
  #isRead = true;

  /** Makes a named pipe in `folder`. */
  constructor(folder: string) {
    const path = join(folder, `pipe-${crypto.randomUUID()}`);
    const made = Bun.spawnSync(["mkfifo", path]);
    if (made.exitCode !== 0) throw new Error(`no pipe: ${made.stderr.toString()}`);
    this.readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writeEnd = openSync(path, constants.O_WRONLY);
  }

  /** What is in the pipe now, one char per byte. */
  readAvailable(): string {
    let text = "";
    const bytes = Buffer.alloc(READ_BYTES);
    try {
      for (let taken = readSync(this.readEnd, bytes); taken > 0; taken = readSync(this.readEnd, bytes)) {
        text += bytes.toString("latin1", 0, taken);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    return text;
  }

  /** The reader leaves. */
  closeReader(): void {
    if (this.#isRead) closeSync(this.readEnd);
    this.#isRead = false;
  }

  [Symbol.dispose](): void {
    this.closeReader();
    closeSync(this.writeEnd);
  }
}
