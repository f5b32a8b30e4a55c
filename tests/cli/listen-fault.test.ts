import { expect, test } from "bun:test";
import { describeListenFault } from "../../src/cli/listen-fault.ts";

const fault = (code: string | undefined): Error =>
  Object.assign(new Error("Failed to listen"), code === undefined ? {} : { code });

const cases: [code: string | undefined, port: number, line: string][] = [
  ["EADDRINUSE", 80, "Cannot listen: port 80 on h is in use; choose another with --port, or a free one with --port 0."],
  ["EADDRNOTAVAIL", 80, "Cannot listen: h is not an address of this machine; choose another with --host."],
  ["EACCES", 80, "Cannot listen: port 80 on h needs more rights; choose a port from 1024 up with --port."],
  ["EACCES", 8080, "Cannot listen: the system does not allow port 8080 on h; choose another with --port."],
  [undefined, 80, "Cannot listen: no address is known for h; choose another with --host."],
  [
    "EWHAT",
    80,
    "Cannot listen: port 80 on h failed (EWHAT: Failed to listen); try other values for --host and --port.",
  ],
];
test.each(cases)("%p on port %d is one line that says what to do", (code, port, line) => {
  expect(describeListenFault(fault(code), "h", port)).toBe(line);
});
