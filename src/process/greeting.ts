// Greets the person at the terminal when the server runs, and says at its end what it still waits for.

import { resolve } from "node:path";
import { isatty } from "node:tty";
import { formatDuration } from "../cli/quantity.ts";
import { drawCode, drawingWidth, qrCode } from "../cli/qr-code.ts";
import type { AccessLog } from "../observe/access-log.ts";
import { openBrowser } from "./browser.ts";
import type { Run } from "./run.ts";
import { networkAddresses, openAddresses, type WelcomeFacts, welcomeLines } from "./welcome.ts";

const STANDARD_ERROR = 2;
/** Connections that only have to be closed are gone by then. */
const ENDING_PATIENCE_MS = 300;
const USUAL_COLUMNS = 80;

/** Says what to do next, on a terminal, and what else was asked for. A fault of ours here is told, and stops no server. */
export function greet(run: Run, urls: readonly string[]): void {
  try {
    welcome(run, urls);
  } catch (error) {
    run.log.fault(error);
  }
}

function welcome({ config, renewal, log }: Run, urls: readonly string[]): void {
  const folder = config.directory === null ? null : resolve(config.directory);
  const { access } = renewal;
  const logins = access === null ? null : access.accounts.length + access.tokens.length;
  const facts = { config, urls, folder, addresses: networkAddresses(), logins };
  if (isTerminal() && log.wantsAll) for (const line of welcomeLines(facts)) log.say(line);
  if (config.qr) drawAddress(facts, log);
  if (config.open) openAddress(facts, log);
}

function openAddress(facts: WelcomeFacts, log: AccessLog): void {
  const [address] = openAddresses(facts).own;
  if (address === undefined) log.warning("--open needs a --host with a port, which browsers can reach.");
  else if (!openBrowser(address)) log.warning("No browser was found to open.");
}

function drawAddress(facts: WelcomeFacts, log: AccessLog): void {
  if (!isTerminal()) return log.warning("--qr draws on a terminal, and this is none.");
  const [address] = openAddresses(facts).others;
  if (address === undefined)
    return log.warning("--qr needs an address that a phone can reach; start with --host 0.0.0.0.");
  const rows = qrCode(address);
  const columns = process.stderr.columns ?? USUAL_COLUMNS;
  if (rows === null) return log.warning(`${address} is too long for a code.`);
  const width = drawingWidth(rows);
  if (width > columns) return log.warning(`The code needs ${width} columns, and the terminal has ${columns}.`);
  for (const line of drawCode(rows, !process.env["NO_COLOR"])) log.say(line);
  log.say(`  ${address}`);
}

/** When something is still in hand after a moment: what, for how long, and how to end at once. */
export function sayWhatIsLeft(log: AccessLog, graceMs: number, connections: () => number): () => void {
  if (!isTerminal()) return () => {};
  const timer = setTimeout(() => {
    const left = connections();
    if (left === 0) return;
    const what = left === 1 ? "1 connection" : `${left} connections`;
    log.say(`  Stopping: ${what} may finish within ${formatDuration(graceMs)}; Ctrl-C again ends at once.`);
  }, ENDING_PATIENCE_MS);
  return () => clearTimeout(timer);
}

function isTerminal(): boolean {
  return isatty(STANDARD_ERROR);
}
