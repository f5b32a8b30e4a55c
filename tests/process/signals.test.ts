import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { Lifecycle } from "../../src/process/lifecycle.ts";
import { followSignals, followSignalsOfStart, outliveSignals, type SignalDuties } from "../../src/process/signals.ts";

const HEARD = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGXCPU"] as const;
const MEANINGLESS = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGIO"] as const;
const ALL = [...HEARD, ...MEANINGLESS, "SIGPIPE"] as const;
type Signal = (typeof ALL)[number];

/** What the server is told to do, signal by signal. */
function dutiesFor(signals: readonly Signal[]): string[] {
  const told: string[] = [];
  const lifecycle = new Lifecycle();
  const duties: SignalDuties = {
    end: (exitCode) => {
      lifecycle.leave();
      told.push(`end ${exitCode}`);
    },
    reload: null,
    endAtOnce: (exitCode) => told.push(`end at once ${exitCode}`),
    note: (line) => told.push(line),
  };
  // Not this process: without its own handler of SIGPIPE, Bun would end at the next broken pipe.
  const source = new EventEmitter();
  followSignals(lifecycle, duties, source);
  for (const signal of signals) source.emit(signal);
  return told;
}

const cases: [why: string, signals: Signal[], told: string[]][] = [
  ["asked to end", ["SIGTERM"], ["end 0"]],
  ["asked from the keyboard", ["SIGINT"], ["end 0"]],
  ["asked twice", ["SIGINT", "SIGINT"], ["end 0", "end at once 130"]],
  ["asked in two ways", ["SIGTERM", "SIGQUIT"], ["end 0", "end at once 131"]],
  ["asked three times", ["SIGTERM", "SIGTERM", "SIGTERM"], ["end 0", "end at once 143", "end at once 143"]],
  ["out of processor time", ["SIGXCPU"], ["end 152"]],
  ["out of processor time, again and again", ["SIGXCPU", "SIGXCPU"], ["end 152"]],
  ["asked while it ends by force: the first wish of a person", ["SIGXCPU", "SIGINT"], ["end 152"]],
  ["asked twice while it ends by force", ["SIGXCPU", "SIGINT", "SIGINT"], ["end 152", "end at once 130"]],
  ["forced while it ends as it was asked", ["SIGTERM", "SIGXCPU"], ["end 0"]],
  ["a reader of its output that is gone", ["SIGPIPE"], []],
];
describe("a server that is", () => {
  test.each(cases)("%s", (_why, signals, told) => {
    expect(dutiesFor(signals)).toEqual(told);
  });
});

test.each(MEANINGLESS)("%s is noted, and ends nothing", (signal) => {
  expect(dutiesFor([signal, signal])).toEqual(Array(2).fill(`${signal} means nothing here; the server goes on.`));
});

const starts: [signal: Signal, exitCode: number, ofCommand: number][] = [
  ["SIGINT", 0, 130],
  ["SIGQUIT", 0, 131],
  ["SIGTERM", 0, 143],
  ["SIGHUP", 129, 129],
  ["SIGXCPU", 152, 152],
];
test.each(starts)(
  "%s on the way to serving: exit code %d, and %d for a command that never ran",
  (signal, exitCode, ofCommand) => {
    const source = new EventEmitter();
    const told: number[] = [];
    for (const isForCommand of [false, true]) {
      const endStart = followSignalsOfStart(isForCommand, (exitCode) => told.push(exitCode), source);
      source.emit(signal);
      endStart();
      expect(source.emit(signal)).toBe(false);
    }
    expect(told).toEqual([exitCode, ofCommand]);
  },
);

test("a worker hears none of them", () => {
  const source = new EventEmitter();
  outliveSignals(source);
  for (const signal of ALL) expect(source.emit(signal)).toBe(true);
});
