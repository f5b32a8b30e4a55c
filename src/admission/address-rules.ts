// Which clients may come at all, by their addresses: `--allow-ip` and `--deny-ip`.

import { addressBytes, AddressSet, UNIX_PEER } from "../http/address-set.ts";
import { withFinish } from "../http/wrapped-dispatch.ts";
import type { Dispatch, HttpRequest } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";

/** The dispatch for those who are denied by nobody and, where some are allowed, are among them. */
export function guardAddresses(dispatch: Dispatch, allowed: readonly string[], denied: readonly string[]): Dispatch {
  if (allowed.length === 0 && denied.length === 0) return dispatch;
  const [among, outside] = [new AddressSet(allowed), new AddressSet(denied)];
  const guarded = (request: HttpRequest): ReturnType<Dispatch> => {
    const address = request.clientAddress;
    // Whose address is not known may be anybody: a client that has reset its connection has none.
    const isKnown = address === UNIX_PEER || addressBytes(address) !== null;
    if (isKnown && !outside.has(address) && (among.isEmpty || among.has(address))) return dispatch(request);
    return plainText("This address may not use the server.\n", 403);
  };
  return withFinish(guarded, dispatch.finish);
}
