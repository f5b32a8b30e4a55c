// Whom a request comes from when a proxy of ours brings it: `--trusted-proxies`.

import { AddressSet } from "../http/address-set.ts";
import { withFinish } from "../http/wrapped-dispatch.ts";
import { readForwarded, Unbelievable } from "../http/forwarded.ts";
import type { Dispatch, HttpRequest } from "../http/message.ts";
import { createAdvice, type Warn } from "./gate.ts";

/**
 * The dispatch whose requests know what these proxies tell of them; nobody else is believed. What cannot be read is 400:
 * with the proxy's own address in its place a stranger would pass for a neighbour.
 */
export function believeProxies(dispatch: Dispatch, networks: readonly string[], warn: Warn): Dispatch {
  if (networks.length === 0) return dispatch;
  const proxies = new AddressSet(networks);
  const refuse = createAdvice(warn, 400);
  // Nearly every request comes from the same proxy as the one before.
  let last: string | null = null;
  const isTrusted = (address: string): boolean => {
    if (address === last) return true;
    if (!proxies.has(address)) return false;
    last = address;
    return true;
  };
  const read = (request: HttpRequest): Unbelievable | null => {
    if (!isTrusted(request.peer.address)) return null;
    const told = readForwarded(request.fields, proxies);
    if (told instanceof Unbelievable) return told;
    request.forwarded = told;
    return null;
  };
  const believing = (request: HttpRequest): ReturnType<Dispatch> => {
    const fault = read(request);
    if (fault === null) return dispatch(request);
    const refusal = refuse(`${fault.reason}; let the proxy in front write it anew.`);
    dispatch.finish?.(request, refusal);
    return refusal;
  };
  // A refused request has an address in the log, too; what cannot be read of it makes nothing worse.
  const finish: Dispatch["finish"] = (request, response) => {
    if (request.forwarded === null) read(request);
    dispatch.finish?.(request, response);
  };
  return withFinish(believing, finish);
}
