// The settings of who may do what, as rows. What a line of rights means is not known here.

import { isNetwork } from "../http/address-set.ts";
import { type FlagRow, lines, list, path } from "./flag-row.ts";
import { Unreadable } from "./quantity.ts";

const GROUP = "Who may ask";

function networks(flag: string, help: string): FlagRow<readonly string[]> {
  const read = (text: string): string | Unreadable =>
    isNetwork(text) ? text : new Unreadable("addresses or networks such as 192.168.0.0/16");
  return list(GROUP, flag, "CIDR", help, read);
}

/** Nothing set: everyone may do all that the server does. */
export const ACCESS_FLAGS = {
  auth: lines(GROUP, "auth", "NAME:PASSWORD[@/PATH:RIGHTS]", "whoever logs in so may do this there; repeatable", true),
  authFile: path(GROUP, "auth-file", "FILE", "lines as --auth takes them, or of htpasswd -B; read again at SIGHUP"),
  tokens: lines(GROUP, "token", "[NAME:]TOKEN[@/PATH:RIGHTS]", "the same for a bearer token; repeatable", true),
  anonymous: lines(GROUP, "anonymous", "RIGHTS@/PATH", "what everyone may do, such as ro@/; repeatable", false),
  allowedNetworks: networks("allow-ip", "only these clients may come; repeatable"),
  deniedNetworks: networks("deny-ip", "these clients may not; repeatable"),
} as const;
