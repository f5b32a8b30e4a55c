// A folder as somebody sees it who may not see all of it: what is hidden is in no list, count or validator.

import type { Permission } from "../http/permission.ts";
import { loopShare } from "../storage/loop-share.ts";
import type { ObjectName } from "../storage/object-name.ts";
import type { ListedEntry, Listing } from "../storage/storage.ts";

/** The listing itself when all of it may be seen. Whoever closes the result closes the listing. */
export async function visibleListing(
  listing: Listing,
  folder: ObjectName,
  permission: Permission | null,
): Promise<Listing> {
  if (permission === null || permission.mayAllBelow("read", folder.path)) return listing;
  const beginning = folder.path === "" ? "" : folder.path + "/";
  const places: number[] = [];
  const hash = new Bun.CryptoHasher("sha1");
  for (let index = 0; index < listing.length; index++) {
    if (loopShare.isOver) await loopShare.next();
    const entry = listing.at(index);
    const path = beginning + entry.name;
    const isShown = permission.may("read", path) || (entry.type === "directory" && permission.leadsTo(path));
    if (!isShown) continue;
    places.push(index);
    // One by one: what a listing gives need have no properties of its own.
    const { name, type, size, modified, etag } = entry;
    hash.update(JSON.stringify([name, type, size, modified, etag]));
  }
  return new VisibleListing(listing, places, hash.digest("base64url"));
}

class VisibleListing implements Listing {
  readonly unnameable = 0;
  readonly unreadable = 0;
  readonly isWritable: boolean;
  readonly fingerprint: string;
  readonly #whole: Listing;
  readonly #places: readonly number[];

  constructor(whole: Listing, places: readonly number[], fingerprint: string) {
    this.#whole = whole;
    this.isWritable = whole.isWritable;
    this.#places = places;
    this.fingerprint = fingerprint;
  }

  get length(): number {
    return this.#places.length;
  }

  at(index: number): ListedEntry {
    return this.#whole.at(this.#places[index]!);
  }

  close(): void {
    this.#whole.close();
  }
}
