// Clients that send as much as is taken and read nothing, and what the server's memory is meanwhile.

import { readFileSync } from "node:fs";
import type { Socket } from "bun";

/** How a client begins, and what it goes on to send. */
export interface Stall {
  readonly opening: string;
  /** Sent again and again; empty when the opening is all. */
  readonly flood: Buffer;
}

const MIB = 1024 * 1024;

/** A number of stalled clients; `close` resets them all. */
export class StalledCrowd {
  readonly #sockets: Socket<undefined>[] = [];
  /** Clients that the server has cut. */
  cut = 0;

  static async gather(port: number, count: number, stall: Stall): Promise<StalledCrowd> {
    const crowd = new StalledCrowd();
    for (let i = 0; i < count; i++) await crowd.#join(port, stall);
    return crowd;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #join(port: number, { opening, flood }: Stall): Promise<void> {
    const pump = (socket: Socket<undefined>): void => {
      while (flood.length > 0 && socket.write(flood, 0, flood.length) === flood.length);
    };
    const socket = await Bun.connect<undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        data() {},
        drain: pump,
        error() {},
        close: () => {
          this.cut += 1;
        },
      },
    });
    socket.pause();
    this.#sockets.push(socket);
    if (opening !== "") socket.write(opening);
    pump(socket);
  }
}

/** Resident memory of a process in MiB: the most ever, and now (Linux). */
export function residentMiB(pid: number): { readonly peak: number; readonly now: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string): number => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / MIB;
  return { peak: read("VmHWM"), now: read("VmRSS") };
}
