// The settings of who may do what, as rows. What a line of rights means is not known here.

import { isNetwork } from "../http/address-set.ts";
import { isOwnField } from "../http/own-field.ts";
import { type FlagRow, lines, list, path, toggle } from "./flag-row.ts";
import { Unreadable } from "./quantity.ts";

const GROUP = "Who may ask";

function networks(flag: string, help: string): FlagRow<readonly string[]> {
  const read = (text: string): string | Unreadable =>
    isNetwork(text) ? text : new Unreadable("addresses or networks such as 192.168.0.0/16, or unix");
  return list(GROUP, flag, "CIDR", help, read);
}

/** Nothing set: everyone may do all that the server does. */
export const ACCESS_FLAGS = {
  auth: lines(GROUP, "auth", "NAME:PASSWORD[@/PATH:RIGHTS]", "whoever logs in so may do this there; repeatable", true),
  authFile: path(GROUP, "auth-file", "FILE", "lines as --auth takes them, or of htpasswd -B; read again at SIGHUP"),
  tokens: lines(GROUP, "token", "[NAME:]TOKEN[@/PATH:RIGHTS]", "the same for a bearer token; repeatable", true),
  anonymous: lines(GROUP, "anonymous", "RIGHTS@/PATH", "what everyone may do, such as ro@/; repeatable", false),
  /** Added to every answer; `NAME: VALUE` each. */
  ownFields: {
    ...lines(GROUP, "header", "FIELD", "add 'NAME: VALUE' to every answer; repeatable", false),
    read: (text: string) => {
      const fields = text.split("\n").filter((line) => line !== "");
      const expected = "NAME: VALUE, of a field that neither frames nor describes the answer";
      return fields.every(isOwnField) ? fields : new Unreadable(expected);
    },
  } as FlagRow<readonly string[]>,
  allowedNetworks: networks("allow-ip", "only these clients may come; repeatable"),
  deniedNetworks: networks("deny-ip", "these clients may not; repeatable"),
  /** What they tell of their clients in fields counts. */
  trustedProxies: networks("trusted-proxies", "proxies, or unix, whose (X-)Forwarded-* count; repeatable"),
  proxyProtocol: toggle(GROUP, "proxy-protocol", "those proxies begin each connection with a PROXY header (v1, v2)"),
} as const;

/** What may say who may do what. */
interface RightsGiven {
  readonly auth: readonly string[];
  readonly authFile: string | null;
  readonly tokens: readonly string[];
  readonly anonymous: readonly string[];
}

/** True when some of it does; otherwise everyone may do everything. */
export function givesRights({ auth, authFile, tokens, anonymous }: RightsGiven): boolean {
  return authFile !== null || auth.length + tokens.length + anonymous.length > 0;
}
