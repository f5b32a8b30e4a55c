import { describe, expect, test } from "bun:test";
import { isLoopback, readHost, readHostName, readOrigin } from "../../src/cli/address.ts";
import { socketPath } from "../../src/http/unix-host.ts";
import { Unreadable } from "../../src/cli/quantity.ts";

/** The value, or null where the text is refused. */
function orNull(read: string | Unreadable): string | null {
  return read instanceof Unreadable ? null : read;
}

describe("a host to listen on", () => {
  test.each([
    ["localhost", "localhost"],
    ["files.example.org.", "files.example.org."],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["[::1]", "::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["::ffff:127.0.0.1", "::ffff:127.0.0.1"],
    ["unix:/run/s", "unix:/run/s"],
    ["unix:s", "unix:s"],
    ["unix:@name", "unix:@name"],
    ["unix:/a b:c@d", "unix:/a b:c@d"],
    ["unix", "unix"],
    ["unix:", null],
    ["unix:@", null],
    ["unix:/a\0b", null],
    ["", null],
    ["localhost:80", null],
    ["[::1]:80", null],
    ["[localhost]", null],
    ["1:2", null],
    [":::", null],
    ["-a", null],
    ["a b", null],
    ["http://a", null],
  ])("%j is %j", (text, host) => {
    expect(orNull(readHost(text))).toBe(host);
  });

  test("with a port says where the port goes", () => {
    expect(readHost("localhost:80")).toMatchObject({ expected: expect.stringContaining("--port") });
  });
});

test.each([
  ["unix:/run/s", "/run/s"],
  ["unix:s", "s"],
  ["unix:@name", "@name"],
  ["unix", null],
  ["::1", null],
])("the socket of %s is %p", (host, path) => {
  expect(socketPath(host)).toBe(path);
});

describe("a host name in a Host field", () => {
  test.each([
    ["A.Example", "a.example"],
    ["a.example.", "a.example"],
    ["a_b", "a_b"],
    ["a:80", null],
    ["https://a", null],
    ["[::1]", null],
    ["", null],
  ])("%j is %j", (text, name) => {
    expect(orNull(readHostName(text))).toBe(name);
  });
});

describe("an origin", () => {
  test.each([
    ["https://App.Example", "https://app.example"],
    ["https://app.example/", "https://app.example"],
    ["https://app.example:443", "https://app.example"],
    ["http://app.example:443", "http://app.example:443"],
    ["http://[::1]:3000", "http://[::1]:3000"],
    ["tauri://Localhost", "tauri://localhost"],
    ["app.example", null],
    ["https://app.example/path", null],
    ["https://user@app.example", null],
    ["https://a?b", null],
    ["https://", null],
    ["*", null],
    ["null", null],
  ])("%j is %j", (text, origin) => {
    expect(orNull(readOrigin(text))).toBe(origin);
  });
});

describe("only this machine reaches", () => {
  test.each([
    ["localhost", true],
    ["LOCALHOST.", true],
    ["a.localhost", true],
    ["127.0.0.1", true],
    ["127.255.0.9", true],
    ["::1", true],
    ["unix:/run/s", true],
    ["unix:@name", true],
    ["unix.localhost", true],
    ["unix", false],
    ["localhost.example", false],
    ["127.0.0.1.example", false],
    ["0.0.0.0", false],
    ["::", false],
    ["192.168.0.1", false],
  ])("%s: %p", (host, isOurs) => {
    expect(isLoopback(host)).toBe(isOurs);
  });
});
