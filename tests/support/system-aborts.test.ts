import { describe, expect, test } from "bun:test";
import { abortsForMemory, blameSystem } from "./system-aborts.ts";

describe("abortsForMemory", () => {
  test.each([
    ["finds its column", "TcpExt: A TCPAbortOnMemory B\nTcpExt: 1 53 2\nIpExt: X\nIpExt: 9\n", 53],
    ["looks in its own group", "IpExt: X TCPAbortOnMemory\nIpExt: 9 7\nTcpExt: TCPAbortOnMemory\nTcpExt: 4\n", 4],
    ["is 0 for a system without the count", "TcpExt: A B\nTcpExt: 1 2\n", 0],
    ["is 0 for a system that tells nothing", "", 0],
  ])("%s", (_, netstat, aborts) => {
    expect(abortsForMemory(netstat)).toBe(aborts);
  });
});

test("the system is to blame only when it has reset connections meanwhile", () => {
  expect(blameSystem(5, 8)).toBe("the system has reset 3 connections for lack of TCP memory meanwhile");
  expect(blameSystem(5, 5)).toBe("");
});
