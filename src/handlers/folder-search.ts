// `?search=WORDS`: what lies below a folder whose path has all of these words, as it is found. It walks as lists do, so it
// finds what lists show and nothing else, and waits for its turn as they do.

import { type ByteSource, UNKNOWN_LENGTH } from "../http/byte-source.ts";
import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { plainText } from "../http/plain-text.ts";
import { isoTime } from "../pages/directory-list.ts";
import { foldName } from "../pages/formats.ts";
import { loopShare } from "../storage/loop-share.ts";
import { type NameRules, ObjectName } from "../storage/object-name.ts";
import type { ListedEntry, Listing, Storage } from "../storage/storage.ts";
import { SearchPlaces } from "./search-places.ts";
import { visibleListing } from "./visible-listing.ts";

/** What one search may cost; it says so when that was not enough. */
const MOST_FOUND = 1000;
const MOST_LOOKED_AT = 1_000_000;
const MOST_MS = 60_000;
/** Folders that are known and were not looked into yet. */
const MOST_AHEAD = 100_000;
const MOST_WORDS_CHARS = 200;
/** A folder that others are looking into is asked for again. */
const CROWDED_PAUSE_MS = 50;
const MOST_CROWDED = 20;
/** What is found goes out at least this often, and at once when there is much of it. */
const PIECE_CHARS = 1024;
const PIECE_MS = 1000;

/** Why a search ended before it had seen everything. */
type Shortfall = "results" | "entries" | "time";

const places = new SearchPlaces();

/** The answer: a line of JSON for each that is found, and one about the search at the end. */
export function searchFolder(
  request: HttpRequest,
  storage: Storage,
  folder: ObjectName,
  words: string,
  rules: NameRules,
): HttpResponse {
  const wanted = foldName(words)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (wanted.length === 0) return plainText("A search needs a word, as in ?search=word.\n", 400);
  if (words.length > MOST_WORDS_CHARS) return plainText("These are too many words to search for.\n", 400);
  const leave = places.take(request.clientAddress);
  if (leave === null)
    return plainText("Too many searches are under way; try again in a moment.\n", 503).append("Retry-After", 1);
  const search = new Search(request, storage, folder, wanted, rules, leave);
  return new HttpResponse(200, search)
    .append("Content-Type", "application/x-ndjson")
    .append("Cache-Control", "no-store")
    .append("Vary", "Accept-Encoding");
}

/** One search, as the source of its answer. */
class Search implements ByteSource {
  readonly length = UNKNOWN_LENGTH;
  readonly #request: HttpRequest;
  readonly #storage: Storage;
  readonly #root: ObjectName;
  readonly #wanted: readonly string[];
  readonly #rules: NameRules;
  /** Gives its place to others. */
  readonly #leave: () => void;
  readonly #endsAt = performance.now() + MOST_MS;
  /** Folders to look into, the next one last. */
  readonly #ahead: ObjectName[];
  /** What the folders hold that were looked into, by their fingerprints. */
  readonly #seen = new Set<string>();
  #found = 0;
  #lookedAt = 0;
  #unread = 0;
  #shortfall: Shortfall | null = null;
  #isClosed = false;
  #isAtEnd = false;
  #text = "";

  constructor(
    request: HttpRequest,
    storage: Storage,
    root: ObjectName,
    wanted: readonly string[],
    rules: NameRules,
    leave: () => void,
  ) {
    this.#request = request;
    this.#storage = storage;
    this.#root = root;
    this.#wanted = wanted;
    this.#rules = rules;
    this.#ahead = [root];
    this.#leave = leave;
  }

  async read(): Promise<Uint8Array | null> {
    const until = performance.now() + PIECE_MS;
    while (!this.#isDone && performance.now() < until && this.#text.length < PIECE_CHARS) {
      await this.#lookInto(this.#ahead.pop()!);
      if (performance.now() > this.#endsAt) this.#shortfall ??= "time";
    }
    // An empty line says that the search goes on, before somebody in between takes it for dead.
    if (!this.#isDone && this.#text === "") this.#text = "\n";
    if (this.#isClosed) return null;
    if (this.#isDone && !this.#isAtEnd) {
      this.#isAtEnd = true;
      const { length: left } = this.#ahead;
      const complete = this.#shortfall === null && left === 0 && this.#unread === 0;
      this.#text += JSON.stringify({ complete, stopped: this.#shortfall, lookedAt: this.#lookedAt }) + "\n";
    }
    const text = this.#text;
    this.#text = "";
    return text === "" ? null : Buffer.from(text);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leave();
  }

  get #isDone(): boolean {
    return this.#isClosed || this.#shortfall !== null || this.#ahead.length === 0;
  }

  async #lookInto(folder: ObjectName): Promise<void> {
    const listing = await this.#list(folder);
    if (listing === null) return;
    try {
      for (let index = 0; index < listing.length && !this.#isDoneWith(index, listing.length); index++) {
        if (loopShare.isOver) await loopShare.next();
        if (this.#isClosed) return;
        this.#lookAt(folder, listing.at(index));
      }
    } finally {
      listing.close();
    }
  }

  #isDoneWith(index: number, length: number): boolean {
    if (index < length && performance.now() > this.#endsAt) this.#shortfall ??= "time";
    return this.#shortfall !== null;
  }

  /** Null for a folder that cannot be read, is gone, or was seen by another name. */
  async #list(folder: ObjectName): Promise<Listing | null> {
    const { peer, permission } = this.#request;
    for (let tries = 0; tries < MOST_CROWDED && !this.#isClosed && performance.now() < this.#endsAt; tries++) {
      const whole = await this.#storage.list(folder, peer);
      if (typeof whole !== "string") return this.#isNew(whole) ? visibleListing(whole, folder, permission) : null;
      if (whole !== "crowded") break;
      await Bun.sleep(CROWDED_PAUSE_MS);
    }
    this.#unread += 1;
    return null;
  }

  /**
   * Of several ways to one folder the first counts: links may lead back, and nobody wants to find a file by each of them.
   * Where they differ in rights, what only another way shows is found from there. Closes what was seen before.
   */
  #isNew(listing: Listing): boolean {
    const isNew = !this.#seen.has(listing.fingerprint);
    if (isNew) this.#seen.add(listing.fingerprint);
    else listing.close();
    return isNew;
  }

  #lookAt(folder: ObjectName, entry: ListedEntry): void {
    this.#lookedAt += 1;
    const name = folder.join([entry.name], this.#rules);
    if (!(name instanceof ObjectName)) return;
    const path = name.segments.slice(this.#root.segments.length).join("/");
    const folded = foldName(path);
    // Of the folders on the way, one word at least is the entry's own: otherwise all below a folder of that name is found.
    const isFound = this.#wanted.every((word) => folded.includes(word));
    if (isFound && this.#wanted.some((word) => foldName(entry.name).includes(word))) this.#note(path, entry);
    if (entry.type === "directory") this.#plan(name);
    if (this.#lookedAt >= MOST_LOOKED_AT) this.#shortfall ??= "entries";
  }

  #note(path: string, { type, size, modified }: ListedEntry): void {
    this.#found += 1;
    this.#text +=
      JSON.stringify({ path, type, size: type === "file" ? size : null, modified: isoTime(modified) }) + "\n";
    if (this.#found >= MOST_FOUND) this.#shortfall ??= "results";
  }

  #plan(name: ObjectName): void {
    if (this.#ahead.length >= MOST_AHEAD) this.#shortfall ??= "entries";
    else this.#ahead.push(name);
  }
}
