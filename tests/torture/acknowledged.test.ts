// A server that is killed at random, with clients that remember what they were told: what was acknowledged holds after the
// next start, be it an upload, a form or a deletion; what was not is there as a whole or not at all.
// MINI_HTTP_TORTURE_KILLS is the number of kills (25), MINI_HTTP_TORTURE_WORKERS that of workers (1).

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { withLength } from "../support/ask.ts";
import { until } from "../support/patience.ts";
import { RunningProgram } from "../support/program.ts";
import { RawClient } from "../support/raw-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { FORM, form } from "../support/upload-requests.ts";

const KILLS = Number(process.env["MINI_HTTP_TORTURE_KILLS"] ?? 25);
const WORKERS = process.env["MINI_HTTP_TORTURE_WORKERS"] ?? "1";
const SEED = Number(process.env["MINI_HTTP_TORTURE_SEED"] ?? Date.now() % 1_000_000_007);
const CLIENTS = 8;
const LONGEST_LIFE_MS = 60;
const ANSWER_MS = 10_000;
const PATIENCE_MS = 60_000 + KILLS * 2000;
/** A file that is not there. */
const NOTHING = "";

/** One request, and what its names hold when it was carried out. */
interface Act {
  readonly raw: string;
  readonly after: Readonly<Record<string, string>>;
}

/** A client with names of its own, and what it knows of them. */
class Owner {
  readonly #number: number;
  readonly #random: Random;
  /** What was acknowledged last for each name. */
  readonly #known = new Map<string, string>();
  #unanswered: Act | null = null;
  #serial = 0;
  acknowledged = 0;

  constructor(number: number, random: Random) {
    this.#number = number;
    this.#random = random;
  }

  /** One act after the other, until the server is gone. */
  async work(port: number): Promise<void> {
    const client = await RawClient.connect(port).catch(() => null);
    while (client !== null && !client.isClosed && !client.isEnded) {
      const act = this.#next();
      this.#unanswered = act;
      client.received = "";
      await client.send(act.raw).catch(() => {});
      await client
        .until(({ received, isClosed, isEnded }) => isClosed || isEnded || received.includes("\r\n\r\n"), ANSWER_MS)
        .catch(() => {});
      const status = Number(client.received.slice(9, 12));
      // A worker whose parent was killed before it says "try again", and ends.
      if (status === 0 || status === 503) break;
      // A deletion of what is not there is 404, and nothing is there.
      if (![200, 201, 204, 404].includes(status)) throw new Error(`${act.raw.slice(0, 60)} was ${client.received}`);
      for (const [name, content] of Object.entries(act.after)) this.#known.set(name, content);
      this.#unanswered = null;
      this.acknowledged += 1;
    }
    client?.close();
  }

  /** What is wrong in the folder; what it holds is known from now on. */
  check(folder: string): readonly string[] {
    const act = this.#unanswered;
    this.#unanswered = null;
    const wrong: string[] = [];
    const names = new Set([...this.#known.keys(), ...Object.keys(act?.after ?? {})]);
    const changed = new Set<boolean>();
    for (const name of names) {
      const there = readIfAny(join(folder, name));
      const before = this.#known.get(name) ?? NOTHING;
      const after = act?.after[name];
      if (there !== before && there !== after) wrong.push(`${name}: ${there}, not ${before} or ${after}`);
      if (after !== undefined && after !== before) changed.add(there === after);
      this.#known.set(name, there);
    }
    if (changed.size > 1) wrong.push(`half of ${act?.raw.slice(0, 30)} is there`);
    return wrong;
  }

  #next(): Act {
    const content = `${this.#number}:${(this.#serial += 1)}:${"x".repeat(this.#random.below(3000))}`;
    const own = `o${this.#number}`;
    switch (this.#random.below(5)) {
      case 0:
        return { raw: withLength("DELETE", `/files/${own}`), after: { [own]: NOTHING } };
      case 1:
        return { raw: withLength("PUT", `/files/${own}`, "", content), after: { [own]: content } };
      case 2:
        return { raw: withLength("PUT", `/files/in/${own}`, "", content), after: { [`in/${own}`]: content } };
      default:
        return this.#form(own, content);
    }
  }

  /** Old names and new ones, and now and then a folder that is made. */
  #form(own: string, content: string): Act {
    const deep = `${own}-${this.#serial % 7}/new/c`;
    const names = [`${own}-a`, own, `in/${own}-b`, ...(this.#random.below(2) === 0 ? [deep] : [])];
    const body = form(...names.map((name): [string, string] => [name, content]));
    return {
      raw: withLength("POST", "/files/", FORM, body),
      after: Object.fromEntries(names.map((name) => [name, content])),
    };
  }
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return NOTHING;
  }
}

function temporariesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(".mini-http-"));
}

test(
  `what was acknowledged survives ${KILLS} kills, and nothing is there by halves (seed ${SEED})`,
  async () => {
    using outer = tempFolder();
    const folder = join(outer.path, "served");
    const random = new Random(SEED);
    const owners = Array.from({ length: CLIENTS }, (_, i) => new Owner(i, random));
    const start = (): Promise<RunningProgram> =>
      RunningProgram.start(["--directory", folder, "--allow-delete", "--workers", WORKERS]);
    const acknowledged = (): number => owners.reduce((sum, owner) => sum + owner.acknowledged, 0);
    for (let kill = 0; kill < KILLS; kill++) {
      const program = await start();
      const working = Promise.all(owners.map((owner) => owner.work(program.port)));
      // Of lives that short, none may be long enough for an answer on a busy machine: the first one is.
      await until(() => acknowledged() > 0);
      await Bun.sleep(random.below(LONGEST_LIFE_MS));
      program.kill("SIGKILL");
      await program.exited;
      await working;
      // The next start finishes what was begun before it says that it listens.
      const next = await start();
      expect([kill, ...owners.flatMap((owner) => owner.check(folder))]).toEqual([kill]);
      next.kill("SIGKILL");
      await next.exited;
    }
    await using _last = await start();
    await until(() => temporariesIn(folder).length === 0);
  },
  PATIENCE_MS,
);
