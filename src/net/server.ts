// The listening sockets and the set of open connections: every open socket is in the set exactly once, and each has a
// deadline that one sweep watches.

import type { Socket, SocketHandler, TCPSocketListener } from "bun";
import type { Limits } from "../http/limits.ts";
import type { Dispatch } from "../http/message.ts";
import { RequestHeadParser } from "../http/request-head.ts";
import type { Observer } from "../observe/observer.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { Clock } from "./clock.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { LoopTurn } from "./loop-turn.ts";

/** What a server is made of. */
export interface ServerOptions {
  /** A name or address, for the URL. */
  readonly host: string;
  /** What the host stands for, at least one. The server listens on all that this machine has. */
  readonly addresses: readonly string[];
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits: Limits;
  /** Connections over the limit that are told so; more are closed without a word, so that descriptors do not run out. */
  readonly maxTurnedAway: number;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  /** Other processes listen on the port too (SO_REUSEPORT): the system spreads connections over them. */
  readonly sharesPort?: boolean;
  /** How many connections those have: the limit is one for all. */
  readonly census?: ConnectionCensus;
}

/** Connections of the processes that serve together. */
export interface ConnectionCensus {
  /** Those of the others. */
  readonly elsewhere: number;
  /** Tells the others. */
  set here(count: number);
}

const SWEEP_MS = 500;
/** Ports that the system is asked for until one is free on all addresses. */
const MOST_PORT_TRIES = 16;
/** The port is there, and not for us; any other fault is of an address that this machine does not have. */
const PORT_FAULTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES", "EPERM"]);
/** A sweep later than this was held up by us: peers' bytes wait unread, so nobody is judged by it. */
const LATE_SWEEP_MS = 2 * SWEEP_MS;

/** Serves HTTP/1.1 on one port. */
export class Server implements ConnectionContext {
  readonly limits: Limits;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  readonly clock = new Clock();
  readonly parser: RequestHeadParser;
  readonly budget: BufferBudget;
  readonly turn = new LoopTurn();
  isDraining = false;

  readonly #options: ServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #turnedAway = new Set<Connection>();
  #listeners: TCPSocketListener<Connection>[] = [];
  #absentAddresses: string[] = [];
  #sweep: Timer | null = null;
  #lastSweep = 0;
  #whenEmpty: (() => void) | null = null;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.dispatch = options.dispatch;
    this.observer = options.observer;
    this.parser = new RequestHeadParser(options.limits);
    this.budget = new BufferBudget(options.limits.maxBuffered);
  }

  /** The port listened on. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  /** Addresses of the host that are not of this machine. */
  get absentAddresses(): readonly string[] {
    return this.#absentAddresses;
  }

  /** Open connections, also those that are told that there are too many. */
  get connectionCount(): number {
    return this.#connections.size + this.#turnedAway.size;
  }

  /** Starts listening; gives the URLs. Throws the system's error when no address, or the port on one, can be had. */
  listen(): readonly string[] {
    const { host } = this.#options;
    this.#listenOnAll();
    this.#lastSweep = performance.now();
    this.#sweep = setInterval(() => this.#sweepConnections(), SWEEP_MS);
    this.#sweep.unref();
    const shown = host.includes(":") ? "[" + host + "]" : host;
    return ["http://" + shown + ":" + this.port];
  }

  /** Stops accepting, lets exchanges finish within the grace time, cuts the rest off. Resolves when none is left. */
  async drain(graceMs: number): Promise<void> {
    this.isDraining = true;
    for (const listener of this.#listeners) listener.stop(false);
    for (const connection of [...this.#connections, ...this.#turnedAway]) connection.shutDown();
    if (this.connectionCount > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenEmpty = resolve;
      const timer = setTimeout(resolve, graceMs);
      await promise;
      clearTimeout(timer);
    }
    for (const connection of [...this.#connections, ...this.#turnedAway]) connection.cutOff();
    if (this.#sweep !== null) clearInterval(this.#sweep);
  }

  #listenOn(hostname: string, port: number): TCPSocketListener<Connection> {
    const options = { hostname, port, allowHalfOpen: true, socket: this.#handlers() };
    // Bun knows the option; its types do not.
    return Bun.listen<Connection>({ ...options, reusePort: this.#options.sharesPort === true } as typeof options);
  }

  /** One port for all addresses. What the system chose for one may be taken on another: then it is asked again. */
  #listenOnAll(): void {
    for (let tries = this.#options.port === 0 ? MOST_PORT_TRIES : 1; ; tries--) {
      const fault = this.#tryAddresses();
      if (fault === null) return;
      for (const listener of this.#listeners) listener.stop(true);
      if (tries <= 1 || codeOf(fault) !== "EADDRINUSE") throw fault;
    }
  }

  /** Null when the server listens on all addresses that there are, otherwise why not. */
  #tryAddresses(): unknown {
    let absence: unknown = null;
    this.#listeners = [];
    this.#absentAddresses = [];
    for (const address of this.#options.addresses) {
      try {
        this.#listeners.push(this.#listenOn(address, this.port || this.#options.port));
      } catch (error) {
        if (PORT_FAULTS.has(codeOf(error))) return error;
        absence ??= error;
        this.#absentAddresses.push(address);
      }
    }
    return this.#listeners.length > 0 ? null : absence;
  }

  #handlers(): SocketHandler<Connection> {
    return {
      open: (socket) => this.#open(socket),
      data: (socket, bytes) => {
        const connection = socket.data;
        try {
          connection.receive(bytes);
        } catch (error) {
          connection.fail(error);
        }
      },
      drain: (socket) => guard(socket, drained),
      end: (socket) => guard(socket, peerEnded),
      close: (socket) => guard(socket, closed),
      error: (socket, error) => socket.data.fail(error),
      timeout: () => {},
    };
  }

  #open(socket: Socket<Connection>): void {
    const connection = new Connection(socket, this);
    socket.data = connection;
    if (this.observer.verbose) this.observer.connected(connection.address, connection.port);
    // First told, then counted: two processes that take one at the same moment must not both take the last place.
    this.#connections.add(connection);
    this.#tellCensus();
    if (this.#connections.size + (this.#options.census?.elsewhere ?? 0) <= this.limits.maxConnections) return;
    this.#connections.delete(connection);
    this.#tellCensus();
    this.#turnedAway.add(connection);
    if (this.#turnedAway.size > this.#options.maxTurnedAway) connection.cutOff();
    else guard(socket, turnAway);
  }

  #tellCensus(): void {
    const { census } = this.#options;
    if (census !== undefined) census.here = this.#connections.size;
  }

  /** What a client that has left had asked for still counts until it is done. */
  ended(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#tellCensus();
    this.#turnedAway.delete(connection);
    if (this.connectionCount === 0) this.#whenEmpty?.();
  }

  #sweepConnections(): void {
    this.clock.refresh();
    const { now } = this.clock;
    const isLate = now - this.#lastSweep > LATE_SWEEP_MS;
    this.#lastSweep = now;
    if (isLate) return;
    // A deadline was counted from a time that may be one sweep old: nobody gets less than was promised.
    const due = now - SWEEP_MS;
    for (const connection of this.#connections) if (connection.deadline <= due) expire(connection);
    for (const connection of this.#turnedAway) if (connection.deadline <= due) expire(connection);
    this.#sweepMemory();
  }

  /** Clients that do not read give way, one after the other, until there is room. */
  #sweepMemory(): void {
    const { budget } = this;
    budget.sweep();
    for (const connection of this.#connections) {
      if (!budget.isShort) return;
      connection.yieldMemory();
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function expire(connection: Connection): void {
  try {
    connection.expired();
  } catch (error) {
    connection.fail(error);
  }
}

const closed = (connection: Connection): void => connection.closed();
const drained = (connection: Connection): void => connection.drained();
const peerEnded = (connection: Connection): void => connection.peerEnded();
const turnAway = (connection: Connection): void => connection.turnAway();

function guard(socket: Socket<Connection>, event: (connection: Connection) => void): void {
  const connection = socket.data;
  try {
    event(connection);
  } catch (error) {
    connection.fail(error);
  }
}
