// `mini-http hash-password [NAME]`: a password becomes what --auth-file takes, so that nobody who reads the file has it.

import { readFileSync } from "node:fs";

const STANDARD_INPUT = 0;

/** The line for the first line of standard input, or what is wrong with it. A terminal does not show what is typed. */
export async function hashTypedPassword(
  name: string | null,
): Promise<{ readonly line: string } | { readonly fault: string }> {
  const password = readTyped().replace(/\r?\n[\s\S]*$/, "");
  if (password === "") return { fault: "Type a password, or send one to standard input." };
  const hash = await Bun.password.hash(password);
  return { line: name === null ? hash : `${name}:${hash}` };
}

function readTyped(): string {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write("Password: ");
  if (isTerminal) echo("-echo");
  try {
    return isTerminal ? readLine() : readFileSync(STANDARD_INPUT, "utf8");
  } finally {
    if (isTerminal) {
      echo("echo");
      process.stderr.write("\n");
    }
  }
}

function readLine(): string {
  // `prompt` reads one line, and says nothing when it is told nothing.
  return prompt("") ?? "";
}

/** Where there is no `stty`, the password shows; it is hashed all the same. */
function echo(mode: "echo" | "-echo"): void {
  try {
    Bun.spawnSync(["stty", mode], { stdin: "inherit", stdout: "ignore", stderr: "ignore" });
  } catch {
    // A system without terminals of this kind.
  }
}
