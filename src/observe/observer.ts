// What the server tells whoever watches it: the log now, metrics later. An observer never throws and never waits.

/** One exchange, when its last byte was taken or the connection was cut. */
export interface ExchangeRecord {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly method: string;
  /** As sent. */
  readonly target: string;
  readonly minorVersion: number;
  readonly status: number;
  /** Bytes of the response's content that were sent. */
  readonly bodyBytes: number;
  readonly durationMs: number;
  /** The response did not reach its end. */
  readonly cutOff: boolean;
}

/** Told of all that happens, as it happens. */
export interface Observer {
  /** False when only faults, refusals and warnings are of interest: the rest need not be told. */
  readonly verbose: boolean;
  started(urls: readonly string[]): void;
  connected(address: string, port: number): void;
  received(record: ExchangeRecord): void;
  disconnected(address: string, port: number): void;
  /** A message was refused by the row of this name. */
  refused(address: string, port: number, status: number, name: string, reason: string): void;
  /** A fault of ours. */
  fault(error: unknown): void;
  warning(line: string): void;
  stopped(): void;
}
