import { expect, test } from "bun:test";
import { describeListenFault, describePathFault } from "../../src/cli/listen-fault.ts";

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

const HOST = "unix:/run/app/s";
const socketCases: [code: string, line: string][] = [
  ["EADDRINUSE", "another server listens at unix:/run/app/s; choose another path for --host."],
  ["EEXIST", "another server listens at unix:/run/app/s; choose another path for --host."],
  [
    "EINVAL",
    "unix:/run/app/s is longer than the path of a socket may be (about 100 bytes); choose another path for --host.",
  ],
  ["ENOENT", "there is no folder /run/app for the socket; make it, or choose another path for --host."],
  ["EACCES", "the system allows no socket in /run/app; choose another path for --host."],
  ["EROFS", "the system allows no socket in /run/app; choose another path for --host."],
  ["EWHAT", "unix:/run/app/s failed (EWHAT: Failed to listen); choose another path for --host."],
];
test.each(socketCases)("%p of a unix socket is one line that says what to do", (code, line) => {
  expect(describeListenFault(fault(code), HOST, 0)).toBe(`Cannot listen: ${line}`);
});

test("a path for a socket that holds something else says that this stays, and nothing in it steers a terminal", () => {
  expect(describePathFault("other-file", "unix:/a\x1b[2J")).toMatch(
    /^Cannot listen: what is at unix:\/a[ -~]*\[2J is no socket, and stays; /,
  );
});
