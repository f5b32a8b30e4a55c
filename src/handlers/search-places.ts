// How many searches go on at once. One client can have the places that are free to all, and still each other one has one.

import { ownerBytes } from "../http/address-set.ts";

/** Free to whoever comes first. */
const MOST_AT_ONCE = 4;
/** With the first search of each further client. */
const MOST_IN_ALL = 8;

/** Ends a search; once. */
type Leave = () => void;

/** The places of a process. Clients are told apart by their addresses, as far as one may own several. */
export class SearchPlaces {
  readonly #byClient = new Map<string, number>();
  #taken = 0;

  /** A place for this client; null when there is none. */
  take(address: string): Leave | null {
    const client = ownerBytes(address).join(".");
    const own = this.#byClient.get(client) ?? 0;
    if (this.#taken >= (own === 0 ? MOST_IN_ALL : MOST_AT_ONCE)) return null;
    this.#taken += 1;
    this.#byClient.set(client, own + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    this.#taken -= 1;
    const own = this.#byClient.get(client) ?? 0;
    if (own > 1) this.#byClient.set(client, own - 1);
    else this.#byClient.delete(client);
  }
}
