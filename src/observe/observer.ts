// What the server tells about itself while it runs. The server calls, an observer keeps: no call here may throw, wait
// or change what a client gets.

/** One finished exchange: a request and what became of its response. */
export interface ExchangeRecord {
  /** Without a port, brackets or an IPv4-mapped prefix. */
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly method: string;
  /** As the client sent it, one char per byte. */
  readonly target: string;
  readonly minorVersion: number;
  readonly status: number;
  /** Bytes of the response body that the kernel took, without framing. */
  readonly bodyBytes: number;
  /** From the end of the request head to the last byte of the response that the kernel took. */
  readonly durationMs: number;
  /** The response ended before its last byte. */
  readonly cutOff: boolean;
}

/** Whoever wants to know: the log now, counters later. */
export interface Observer {
  /** False when only faults, refusals and warnings are of interest: the rest need not be told. */
  readonly verbose: boolean;
  /** The server accepts connections at these URLs. */
  started(urls: readonly string[]): void;
  connected(address: string, port: number): void;
  received(record: ExchangeRecord): void;
  disconnected(address: string, port: number): void;
  /** A message was refused before it became a request: the status, name and reason of its refusal row. */
  refused(address: string, port: number, status: number, name: string, reason: string): void;
  /** A fault of ours, not of a client. */
  fault(error: unknown): void;
  /** A request got this status because of a limit of the server itself; the words say which, and what to do about it. */
  limitMet(status: number, limit: string): void;
  /** One sentence for the person who runs the server. */
  warning(line: string): void;
  /** The last call. */
  stopped(): void;
}
