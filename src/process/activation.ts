// Sockets that a service manager has opened for this server (socket activation): which they are, and what the settings are
// where the server listens at them and nowhere else.

import { SERVING_FLAGS } from "../cli/flags.ts";
import { isSecure } from "../cli/tls-flags.ts";
import { quoted } from "../cli/usage-error.ts";
import { type Config, exposureNotes } from "../config.ts";
import { describeListeningSocket, NoListeningSocket } from "../net/listening-socket.ts";
import type { InheritedPlace } from "./place.ts";
import { FIRST_DESCRIPTOR } from "./service-environment.ts";

/** A server at such sockets. */
export interface Activation {
  /** Its hosts and its port are those of the sockets. */
  readonly config: Config;
  readonly sockets: readonly InheritedPlace[];
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** Why it cannot serve at them, as one line. */
export class Unusable {
  readonly line: string;

  constructor(line: string) {
    this.line = `Cannot listen: ${line}`;
  }
}

/** A socket of this name (FileDescriptorName=) stays plain beside secure ones, and sends its clients to them. */
const PLAIN_NAME = "http";

/** Looks at the sockets, which have these names, and at what the settings say of places to listen at. */
export function activate(asked: Config, names: readonly string[]): Activation | Unusable {
  const sockets: InheritedPlace[] = [];
  for (const [index, name] of names.entries()) {
    const descriptor = FIRST_DESCRIPTOR + index;
    const socket = describeListeningSocket(descriptor);
    if (socket instanceof NoListeningSocket) return new Unusable(faultOf(descriptor, name, socket));
    sockets.push({ ...socket, staysPlain: isSecure(asked.tls) && name === PLAIN_NAME && socket.port !== null });
  }
  const main = sockets.find(({ staysPlain, port }) => !staysPlain && port !== null);
  const plain = sockets.find(({ staysPlain }) => staysPlain);
  if (plain !== undefined && main === undefined)
    return new Unusable(`a socket named "${PLAIN_NAME}" sends its clients to HTTPS, and no other has a port.`);
  const config = {
    ...asked,
    hosts: [...new Set(sockets.map(({ host }) => host))],
    port: main?.port ?? 0,
    tls: { ...asked.tls, redirectPort: plain?.port ?? null },
  };
  return { config, sockets, notes: [...idleNotes(asked), ...exposureNotes(config)] };
}

function faultOf(descriptor: number, name: string, { reason }: NoListeningSocket): string {
  const named = name === "" ? "" : ` ("${quoted(name)}")`;
  return `descriptor ${descriptor}${named}, of which LISTEN_FDS tells, ${reason}.`;
}

/** What else was asked for, and does nothing. */
function idleNotes({ hosts, port, socketMode, life, tls }: Config): readonly string[] {
  const idle = {
    host: hosts.join() !== SERVING_FLAGS.hosts.preset.join(),
    // `run` asks for any port.
    port: port !== SERVING_FLAGS.port.preset && port !== 0,
    "socket-mode": socketMode !== SERVING_FLAGS.socketMode.preset,
    "reuse-port": life.reusePort,
    "https-redirect": tls.redirectPort !== null,
  };
  return Object.entries(idle)
    .filter(([, isAsked]) => isAsked)
    .map(([flag]) => `--${flag} does nothing: the sockets to listen at were handed over (LISTEN_FDS).`);
}
