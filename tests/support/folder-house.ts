// A served folder that each test of a file has for itself, and the servers that run over it.

import { afterAll, beforeEach } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { application } from "./app.ts";
import { namesBelow } from "./names-below.ts";
import { type StartedServer, startServer } from "./start-server.ts";
import { tempFolder } from "./temp-folder.ts";

/** Made once in a file, outside of its tests. */
export class FolderHouse {
  /** The folder of the test that runs. */
  root = "";
  /** What the folders of all tests lie in. */
  readonly outside: string;
  readonly #servers: StartedServer[] = [];

  /** `furnish` makes what is in the folder when a test begins. */
  constructor(furnish: (root: string) => void) {
    const outer = tempFolder();
    this.outside = outer.path;
    let runs = 0;
    beforeEach(() => {
      this.root = join(outer.path, String(runs++));
      mkdirSync(this.root);
      furnish(this.root);
    });
    afterAll(async () => {
      for (const server of this.#servers) await server.stop();
      outer[Symbol.dispose]();
    });
  }

  /** Starts a server with these flags over the folder, in this process; gives its port. */
  readonly serve = (...flags: string[]): number => {
    const server = startServer(application(this.root, ...flags));
    this.#servers.push(server);
    return server.port;
  };

  at(name: string): string {
    return join(this.root, name);
  }

  read(name: string): string {
    return readFileSync(this.at(name), "utf8");
  }

  /** Everything below the folder, links not followed. */
  names(): string[] {
    return namesBelow(this.root);
  }
}
