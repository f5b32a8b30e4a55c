// The order of a folder's entries and the filter by name. All pages of one listing share its orders; a filter holds
// nothing: it is asked again when the rows are written.

import type { ListOrder, SortKey } from "../pages/directory-list.ts";
import { foldName } from "../pages/formats.ts";
import { SharedWork, type WaitingClient, type Wanted } from "../storage/shared-work.ts";
import type { ListedEntry, Listing } from "../storage/storage.ts";
import { loopShare } from "../storage/loop-share.ts";
import { fairSort } from "./fair-sort.ts";

/** The entries that are wanted, in order, and what they are together. */
export interface Arrangement {
  readonly files: number;
  readonly folders: number;
  /** Of the files. */
  readonly bytes: number;
  /** Anew at each call, while the listing is open. */
  entries(): Iterable<ListedEntry>;
}

/** The numbers of a listing's entries in an order. */
type Order = Uint32Array;

/** Orders that are there or in the making, by their names. They go with their listing. */
const ordersOf = new WeakMap<Listing, Map<string, SharedWork<Order | null>>>();

/** Folders first; what is equal otherwise is in the order of its names. Null when the client has left meanwhile. */
export async function arrange(
  listing: Listing,
  { sort, descending, filter }: ListOrder,
  client: WaitingClient,
): Promise<Arrangement | null> {
  const order = await orderOf(listing, sort, descending, client);
  if (order === null) return null;
  const isWanted = nameFilter(filter);
  let [files, folders, bytes] = [0, 0, 0];
  for (const index of order) {
    if (loopShare.isOver) await loopShare.next();
    if (client.hasLeft) return null;
    const entry = listing.at(index);
    if (!isWanted(entry.name)) continue;
    if (entry.type === "file") files += 1;
    else folders += 1;
    bytes += entry.size;
  }
  return { files, folders, bytes, entries: () => wantedEntries(listing, order, isWanted) };
}

function* wantedEntries(listing: Listing, order: Order, isWanted: (name: string) => boolean): Iterable<ListedEntry> {
  for (const index of order) {
    const entry = listing.at(index);
    if (isWanted(entry.name)) yield entry;
  }
}

// ── The filter ──

function nameFilter(filter: string): (name: string) => boolean {
  if (filter === "") return () => true;
  const wanted = foldName(filter);
  return (name) => foldName(name).includes(wanted);
}

// ── The orders ──

function orderOf(listing: Listing, sort: SortKey, descending: boolean, client: WaitingClient): Promise<Order | null> {
  const orders = ordersOf.get(listing) ?? new Map<string, SharedWork<Order | null>>();
  ordersOf.set(listing, orders);
  const name = sort + (descending ? " desc" : "");
  let work = orders.get(name);
  if (work === undefined) {
    work = new SharedWork();
    orders.set(name, work);
  }
  const order = work.join(client);
  if (work.joined === 1) void makeOrder(listing, sort, descending, orders, name, work);
  return order;
}

async function makeOrder(
  listing: Listing,
  sort: SortKey,
  descending: boolean,
  orders: Map<string, SharedWork<Order | null>>,
  name: string,
  work: SharedWork<Order | null>,
): Promise<void> {
  try {
    const order = await (sort === "name"
      ? orderByName(listing, descending, work)
      : orderByNumber(listing, sort, descending, work));
    // Those who wait have left; who comes later begins anew.
    if (order === null) orders.delete(name);
    work.resolve(order);
  } catch (error) {
    orders.delete(name);
    work.reject(error);
  }
}

async function orderByName(listing: Listing, descending: boolean, work: Wanted): Promise<Order | null> {
  const columns = await readColumns(listing, work, ({ name }) => nameKey(name));
  if (columns === null) return null;
  const { isFolder, values: keys } = columns;
  const direction = descending ? -1 : 1;
  return fairSort(
    numbersTo(listing.length),
    (a, b) => {
      if (isFolder[a] !== isFolder[b]) return isFolder[b]! - isFolder[a]!;
      const difference = compareText(keys[a]!, keys[b]!);
      return direction * (difference !== 0 ? difference : compareText(listing.at(a).name, listing.at(b).name));
    },
    work,
  );
}

/** Equal numbers are in the order of names, whichever way the numbers go. */
async function orderByNumber(
  listing: Listing,
  sort: "size" | "modified",
  descending: boolean,
  work: Wanted,
): Promise<Order | null> {
  const byName = await orderOf(listing, "name", false, {
    get hasLeft() {
      return !work.isWanted;
    },
  });
  const columns = await readColumns(listing, work, (entry) => entry[sort]);
  if (byName === null || columns === null) return null;
  const { isFolder, values } = columns;
  const direction = descending ? -1 : 1;
  const places = await fairSort(
    numbersTo(listing.length),
    (a, b) => {
      const [first, second] = [byName[a]!, byName[b]!];
      if (isFolder[first] !== isFolder[second]) return isFolder[second]! - isFolder[first]!;
      return direction * (values[first]! - values[second]!) || a - b;
    },
    work,
  );
  return places === null ? null : places.map((place) => byName[place]!);
}

/** Of each entry whether it is a folder, and what it is ordered by. Null when the work was not wanted any more. */
async function readColumns<Value>(
  listing: Listing,
  work: Wanted,
  valueOf: (entry: ListedEntry) => Value,
): Promise<{ readonly isFolder: Uint8Array; readonly values: readonly Value[] } | null> {
  const isFolder = new Uint8Array(listing.length);
  const values: Value[] = [];
  for (let index = 0; index < listing.length; index++) {
    if (loopShare.isOver) await loopShare.next();
    if (!work.isWanted) return null;
    const entry = listing.at(index);
    isFolder[index] = entry.type === "directory" ? 1 : 0;
    values.push(valueOf(entry));
  }
  return { isFolder, values };
}

function numbersTo(count: number): Uint32Array {
  return new Uint32Array(count).map((_, index) => index);
}

/** Longer numbers than these are compared as text. */
const NUMBER_DIGITS = 20;

/** A text whose plain order is that of people: letters in any case, numbers by their value. */
function nameKey(name: string): string {
  return name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(NUMBER_DIGITS, "0"));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
