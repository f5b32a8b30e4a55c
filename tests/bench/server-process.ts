// A server that runs in a process of its own, on a port of its own.

import { mkdirSync, openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { descriptorLimit } from "./machine.ts";
import { PEERS, type PeerId } from "./peers.ts";
import { cpuSeconds, residentBytes } from "./process-cost.ts";
import type { Workspace } from "./workspace.ts";

const START_PATIENCE_MS = 10_000;
const FAULT_CHARS = 300;

/** What every server of a run shares. */
export interface Site {
  readonly workspace: Workspace;
  readonly folder: string;
  readonly binary: string;
}

/** One running server. */
export class ServerProcess {
  readonly id: PeerId;
  readonly port: number;
  readonly #pid: number;
  readonly #workspace: Workspace;

  private constructor(id: PeerId, port: number, pid: number, workspace: Workspace) {
    this.id = id;
    this.port = port;
    this.#pid = pid;
    this.#workspace = workspace;
  }

  /** Starts it and waits until it answers; throws with what it said when it does not. */
  static async start(id: PeerId, site: Site): Promise<ServerProcess> {
    const command = prepare(id, site);
    const server = command.spawn();
    try {
      await firstAnswer(server.port);
      return server;
    } catch {
      server.stop();
      throw new Error(`does not start: ${readFileSync(command.output, "utf8").trim().slice(0, FAULT_CHARS)}`);
    }
  }

  /** CPU time that it has used so far. */
  cpuSeconds(): number {
    return cpuSeconds(this.#pid);
  }

  residentBytes(): number {
    return residentBytes(this.#pid);
  }

  stop(): void {
    this.#workspace.kill(this.#pid);
  }

  /** Names a process that was just started; nobody knows yet whether it serves. */
  static of(id: PeerId, port: number, pid: number, workspace: Workspace): ServerProcess {
    workspace.adopt(pid);
    return new ServerProcess(id, port, pid, workspace);
  }
}

/** A server that is one step from its start. */
export interface PreparedServer {
  /** The file that gets what it prints, and with that its log. */
  readonly output: string;
  readonly spawn: () => ServerProcess;
}

/** Does all that comes before the start, so that a measured start is nothing else. */
export function prepare(id: PeerId, { workspace, folder, binary }: Site): PreparedServer {
  const work = workspace.path(id);
  mkdirSync(work, { recursive: true });
  const port = freePort();
  const command = PEERS[id].prepare({ port, folder, work, descriptors: descriptorLimit(), binary });
  const output = join(work, "output.log");
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MINI_HTTP_")));
  const spawn = (): ServerProcess => {
    const descriptor = openSync(output, "w");
    const child = Bun.spawn([...command], { env, stdin: "ignore", stdout: descriptor, stderr: descriptor });
    child.unref();
    closeSync(descriptor);
    return ServerProcess.of(id, port, child.pid, workspace);
  };
  return { output, spawn };
}

/** Resolves with the first byte of the first answer to `GET /echo/abc`. */
export async function firstAnswer(port: number): Promise<void> {
  const deadline = performance.now() + START_PATIENCE_MS;
  while (!(await tryOnce(port))) {
    if (performance.now() > deadline) throw new Error("no answer");
    await Bun.sleep(0);
  }
}

async function tryOnce(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const patience = setTimeout(() => resolve(false), START_PATIENCE_MS);
  const connecting = Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => void socket.write("GET /echo/abc HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"),
      data: () => resolve(true),
      close: () => resolve(false),
      connectError: () => resolve(false),
      drain() {},
      error() {},
    },
  });
  connecting.catch(() => resolve(false));
  const isThere = await promise;
  clearTimeout(patience);
  void connecting.then((socket) => socket.terminate()).catch(() => {});
  return isThere;
}
