// The set of open connections: every open socket is in it exactly once, wherever it was accepted, and each has a deadline
// that one sweep after each tick of the clock watches.

import type { Limits } from "../http/limits.ts";
import type { Dispatch } from "../http/message.ts";
import { TOO_MANY_CONNECTIONS } from "../http/refusal.ts";
import type { Wiretap } from "../http/wiretap.ts";
import { RequestHeadParser } from "../http/request-head.ts";
import type { Observer } from "../observe/observer.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { type Clock, SystemClock, TICK_MS } from "./clock.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { arrivalRecord, handshakeFault } from "./handshake-fault.ts";
import type { AcceptedSocket, Listener, SocketEvents } from "./listener.ts";
import { LoopTurn } from "./loop-turn.ts";

/** What a server is made of. */
export interface ServerOptions {
  /** Where clients reach it, at least one. */
  readonly listeners: readonly Listener[];
  readonly limits: Limits;
  /** Connections over the limit that are told so; more are closed without a word, so that descriptors do not run out. */
  readonly maxTurnedAway: number;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  readonly lifecycle: ServerLifecycle;
  /** The system's unless said otherwise. */
  readonly clock?: Clock;
  /** There when somebody has to see requests as they come. */
  readonly wiretap?: Wiretap | undefined;
  /** How many connections other processes have that serve together with this one: the limit is one for all. */
  readonly scoreboard?: ConnectionScoreboard | undefined;
}

/** Connections of the processes that serve together. */
export interface ConnectionScoreboard {
  /** Those of the others. */
  readonly elsewhere: number;
  /** Tells the others. */
  set here(count: number);
}

/** How far the server is on its way to its end, for all who have to know. */
export interface ServerLifecycle {
  /** True when no connection is kept for another request. */
  readonly isClosing: boolean;
  /** The server takes no new connections. */
  close(): void;
}

/** A client that has just come when the server stops has its request on the way; this long it is waited for. */
const FIRST_REQUEST_MS = 500;
/** A sweep later than this was held up by us: peers' bytes wait unread, so nobody is judged by it. */
const LATE_SWEEP_MS = 2 * TICK_MS;

/** Serves HTTP/1.1. */
export class Server implements ConnectionContext {
  readonly limits: Limits;
  readonly dispatch: Dispatch;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly wiretap: Wiretap | undefined;
  readonly parser: RequestHeadParser;
  readonly secureParser: RequestHeadParser;
  readonly budget: BufferBudget;
  readonly turn = new LoopTurn();

  readonly #options: ServerOptions;
  readonly #lifecycle: ServerLifecycle;
  /** Each with when it came. */
  readonly #connections = new Map<Connection, number>();
  readonly #turnedAway = new Set<Connection>();
  /** Connections whose TLS handshake is not over, each with the end of its time. */
  readonly #greetings = new Map<Connection, number>();
  #stopClock: (() => void) | null = null;
  #lastSweep = 0;
  #whenEmpty: (() => void) | null = null;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#lifecycle = options.lifecycle;
    this.limits = options.limits;
    this.dispatch = options.dispatch;
    this.clock = options.clock ?? new SystemClock();
    this.observer = options.observer;
    this.wiretap = options.wiretap;
    this.parser = new RequestHeadParser(options.limits);
    this.secureParser = new RequestHeadParser(options.limits, "https");
    this.budget = new BufferBudget(options.limits.maxBuffered);
  }

  /** True when each connection ends behind what it has in hand. */
  get isDraining(): boolean {
    return this.#lifecycle.isClosing;
  }

  /** Open connections, also those that are told that there are too many. */
  get connectionCount(): number {
    return this.#connections.size + this.#turnedAway.size;
  }

  /** Requests that are not over. */
  get inHand(): number {
    let count = 0;
    for (const connection of this.#connections.keys()) if (connection.hasExchange) count += 1;
    return count;
  }

  /** Starts listening; gives the URLs. Throws a `ListenFault` when one place cannot be had, and then listens nowhere. */
  listen(): readonly string[] {
    const { listeners } = this.#options;
    try {
      for (const listener of listeners) listener.listen(this.#events(listener));
      for (const listener of listeners) listener.publish?.();
    } catch (error) {
      this.#stopListening();
      throw error;
    }
    this.#stopClock = this.clock.start(() => this.#sweep());
    this.#lastSweep = this.clock.now;
    return listeners.flatMap(({ urls }) => urls);
  }

  /** Stops accepting, lets exchanges finish within the grace time, cuts the rest off. Resolves when none is left. */
  async drain(graceMs: number): Promise<void> {
    this.#lifecycle.close();
    this.#stopListening();
    const patience = Math.min(FIRST_REQUEST_MS, graceMs);
    const isNew = (openedAt: number): boolean => patience > 0 && openedAt >= this.clock.now - TICK_MS;
    const late: Connection[] = [];
    for (const connection of [...this.#turnedAway]) connection.shutDown();
    for (const [connection, openedAt] of [...this.#connections]) {
      if (isNew(openedAt)) late.push(connection);
      else connection.shutDown();
    }
    // When we are late ourselves, what has come is read before they are judged.
    setTimeout(() => setTimeout(() => this.#shutDown(late)).unref(), patience).unref();
    if (this.connectionCount > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenEmpty = resolve;
      const timer = setTimeout(resolve, graceMs);
      await promise;
      clearTimeout(timer);
    }
    for (const connection of [...this.#connections.keys(), ...this.#turnedAway]) connection.cutOff();
    this.#stopClock?.();
  }

  /** Those that are still there. */
  #shutDown(connections: readonly Connection[]): void {
    for (const connection of connections) if (this.#connections.has(connection)) connection.shutDown();
  }

  #stopListening(): void {
    for (const listener of this.#options.listeners) listener.stop();
  }

  #events(listener: Listener): SocketEvents<Connection> {
    const events: SocketEvents<Connection> = {
      open: (socket) => this.#open(socket, listener),
      handshake: (socket, isDone, error, client = "") => this.#greeted(socket.data, isDone, error, client),
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
      refused: (client, fault) => this.observer.exchange(arrivalRecord(client, fault)),
    };
    return this.wiretap === undefined ? events : tapped(events, this.wiretap);
  }

  #open(socket: AcceptedSocket<Connection>, { isSecure = false, peerName }: Listener): void {
    const connection = new Connection(socket, this, isSecure, peerName);
    socket.data = connection;
    if (isSecure) this.#greetings.set(connection, this.clock.now + this.limits.handshakeTimeout);
    if (this.observer.wantsAll) this.observer.connected(connection.peer.address, connection.peer.port);
    // First told, then counted: two processes that take one at the same moment must not both take the last place.
    this.#connections.set(connection, this.clock.now);
    this.#tellOthers();
    if (this.#connections.size + (this.#options.scoreboard?.elsewhere ?? 0) <= this.limits.maxConnections) return;
    this.#connections.delete(connection);
    this.#tellOthers();
    this.#turnedAway.add(connection);
    // Nothing can be said before a handshake, and one more is what the server has no room for.
    if (isSecure || this.#turnedAway.size > this.#options.maxTurnedAway) this.#shutOut(connection);
    else guard(socket, turnAway);
  }

  /** The client hears nothing, so whoever runs the server has to. */
  #shutOut(connection: Connection): void {
    this.observer.exchange(arrivalRecord(connection.peer, TOO_MANY_CONNECTIONS));
    connection.cutOff();
  }

  /** The handshake is over; when it failed, the socket is about to close by itself. */
  #greeted(connection: Connection, isDone: boolean, error: unknown, client: string): void {
    this.#greetings.delete(connection);
    connection.peer.certifiedName = client;
    const fault = isDone ? null : handshakeFault(error);
    if (fault === null) return;
    this.observer.exchange(arrivalRecord(connection.peer, fault));
  }

  #tellOthers(): void {
    const { scoreboard } = this.#options;
    if (scoreboard !== undefined) scoreboard.here = this.#connections.size;
  }

  /** What a client that has left had asked for still counts until it is done. */
  ended(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#tellOthers();
    this.#greetings.delete(connection);
    this.#turnedAway.delete(connection);
    if (this.connectionCount === 0) this.#whenEmpty?.();
  }

  #sweep(): void {
    const { now } = this.clock;
    const isLate = now - this.#lastSweep > LATE_SWEEP_MS;
    this.#lastSweep = now;
    if (isLate) return;
    // A deadline was counted from a time that may be one sweep old: nobody gets less than was promised.
    const due = now - TICK_MS;
    for (const [connection, deadline] of this.#greetings) if (deadline <= due) connection.cutOff();
    for (const connection of this.#connections.keys()) if (connection.deadline <= due) expire(connection);
    for (const connection of this.#turnedAway) if (connection.deadline <= due) expire(connection);
    this.#sweepMemory();
  }

  /** Clients that do not read give way, one after the other, until there is room. */
  #sweepMemory(): void {
    const { budget } = this;
    budget.sweep();
    for (const connection of this.#connections.keys()) {
      if (!budget.isShort) return;
      connection.yieldMemory();
    }
  }
}

/** The same, seen by a wiretap: without one nothing of it is in the way. */
function tapped(events: SocketEvents<Connection>, wiretap: Wiretap): SocketEvents<Connection> {
  return {
    ...events,
    open: (socket) => {
      events.open?.(socket);
      wiretap.opened(socket.data.peer);
    },
    data: (socket, bytes) => {
      wiretap.received(socket.data.peer, bytes.length);
      events.data?.(socket, bytes);
    },
  };
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

function guard(socket: AcceptedSocket<Connection>, event: (connection: Connection) => void): void {
  const connection = socket.data;
  try {
    event(connection);
  } catch (error) {
    connection.fail(error);
  }
}
