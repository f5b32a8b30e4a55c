// Clients that send what they are told and read nothing, in a process of their own: moving their gigabytes would keep
// the one that measures busy, and others would seem to wait.
//
//   bun unread-clients.ts PORT COUNT MILLISECONDS < REQUEST

import { connect } from "node:net";

const [port = 0, count = 0, patience = 0] = process.argv.slice(2).map(Number);
// All send the same bytes.
const request = Buffer.from(await Bun.stdin.bytes());
for (let i = 0; i < count; i++) {
  connect(port, "127.0.0.1")
    .on("error", () => {})
    .pause()
    .write(request);
}
await Bun.sleep(patience);
process.exit(0);
