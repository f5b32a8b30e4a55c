// What a service manager says in the environment: what it means, what is meant for others, and what is garbage.

import { describe, expect, test } from "bun:test";
import { takeServiceEnvironment } from "../../src/process/service-environment.ts";

const PID = 4321;
const NOTHING = { socketNames: [], notifySocket: null, watchdogMs: null, notes: [] };

type Variables = Record<string, string | undefined>;

describe("the environment of a service", () => {
  const said: [what: string, variables: Variables, meant: object][] = [
    ["nothing", {}, {}],
    ["one socket", { LISTEN_PID: "4321", LISTEN_FDS: "1" }, { socketNames: [""] }],
    ["named ones", { LISTEN_PID: "4321", LISTEN_FDS: "2", LISTEN_FDNAMES: "a:http" }, { socketNames: ["a", "http"] }],
    ["more than names", { LISTEN_PID: "4321", LISTEN_FDS: "3", LISTEN_FDNAMES: "a" }, { socketNames: ["a", "", ""] }],
    ["more names than sockets", { LISTEN_PID: "4321", LISTEN_FDS: "1", LISTEN_FDNAMES: "a:b" }, { socketNames: ["a"] }],
    ["no sockets", { LISTEN_PID: "4321", LISTEN_FDS: "0" }, {}],
    ["sockets of another process", { LISTEN_PID: "4322", LISTEN_FDS: "2" }, {}],
    ["sockets of nobody", { LISTEN_FDS: "2" }, {}],
    ["sockets of process abc", { LISTEN_PID: "abc", LISTEN_FDS: "2" }, {}],
    ["sockets of process 4321x", { LISTEN_PID: "4321x", LISTEN_FDS: "2" }, {}],
    ["garbage for another process", { LISTEN_PID: "1", LISTEN_FDS: "abc" }, {}],
    ["names alone", { LISTEN_PID: "4321", LISTEN_FDNAMES: "a:b" }, {}],
    ["a path to tell", { NOTIFY_SOCKET: "/run/systemd/notify" }, { notifySocket: "/run/systemd/notify" }],
    ["a name to tell", { NOTIFY_SOCKET: "@/org/x" }, { notifySocket: "@/org/x" }],
    ["a watchdog", { WATCHDOG_USEC: "30000000" }, { watchdogMs: 30_000 }],
    ["our watchdog", { WATCHDOG_USEC: "1500", WATCHDOG_PID: "4321" }, { watchdogMs: 1.5 }],
    ["another's watchdog", { WATCHDOG_USEC: "1500", WATCHDOG_PID: "4322" }, {}],
    ["a watchdog that never bites", { WATCHDOG_USEC: "18446744073709551615" }, { watchdogMs: 2 ** 64 / 1000 }],
  ];
  test.each(said)("that says %s", (_what, variables, meant) => {
    expect(takeServiceEnvironment({ ...variables }, PID)).toEqual({ ...NOTHING, ...meant });
  });

  const garbage: [name: string, text: string][] = [
    ["LISTEN_FDS", "abc"],
    ["LISTEN_FDS", "-1"],
    ["LISTEN_FDS", "99999"],
    ["LISTEN_FDS", ""],
    ["LISTEN_FDS", "1.0"],
    ["LISTEN_FDS", "0x1"],
    ["LISTEN_FDS", "17"],
    ["WATCHDOG_USEC", "0"],
    ["WATCHDOG_USEC", "-5"],
    ["WATCHDOG_USEC", "30s"],
    ["WATCHDOG_USEC", "99999999999999999999999"],
    ["NOTIFY_SOCKET", ""],
    ["NOTIFY_SOCKET", "/"],
    ["NOTIFY_SOCKET", "@"],
    ["NOTIFY_SOCKET", "run/notify"],
    ["NOTIFY_SOCKET", "vsock:2:1234"],
  ];
  test.each(garbage)("whose %s is %j says so in a sentence, and nothing else", (name, text) => {
    const { notes, ...rest } = takeServiceEnvironment({ LISTEN_PID: "4321", [name]: text }, PID);
    expect({ ...rest, notes: [] }).toEqual(NOTHING);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toStartWith(`${name} is "${text}" and does nothing: it should be `);
  });

  test("is empty of it afterwards, whoever it was meant for", () => {
    const variables: Variables = {
      LISTEN_PID: "1",
      LISTEN_PIDFDID: "7",
      LISTEN_FDS: "1",
      LISTEN_FDNAMES: "a",
      NOTIFY_SOCKET: "/n",
      WATCHDOG_PID: "1",
      WATCHDOG_USEC: "1",
      PATH: "/bin",
    };
    takeServiceEnvironment(variables, PID);
    expect(variables).toEqual({ PATH: "/bin" });
  });
});
