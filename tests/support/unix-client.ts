// A client of unix sockets.

/** Sends it, then its end; resolves with all that comes back. `@NAME` is a socket without a file. */
export async function exchangeAt(path: string, raw: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  const socket = await Bun.connect({
    unix: path.replace(/^@/, "\0"),
    socket: {
      data: (_, bytes) => void (received += bytes.toString("latin1")),
      end: () => resolve(),
      close: () => resolve(),
    },
  });
  socket.write(raw);
  socket.shutdown();
  await promise;
  return received;
}
