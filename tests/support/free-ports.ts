// Ports for a test that has to name them before anybody listens there.

/** Two of loopback that nobody had a moment ago. */
export function freePorts(): readonly [number, number] {
  const listeners = [0, 0].map((port) => Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }));
  const [first, second] = listeners.map(({ port }) => port);
  for (const listener of listeners) listener.stop(true);
  return [first!, second!];
}
