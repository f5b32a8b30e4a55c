// What a folder holds, for people (HTML), for programs (JSON), or one name a line (plain text). The validator comes from
// what the walk found, so that who knows the list already costs no more than the walk.

import type { HttpRequest, HttpResponse, ResponseBody } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { plainText } from "../http/plain-text.ts";
import type { NameRules, ObjectName } from "../storage/object-name.ts";
import type { ListedEntry, ListFault, Listing, Storage } from "../storage/storage.ts";
import { loopShare } from "../storage/loop-share.ts";
import { chooseCoding, CodedSource, compress, encodersBusy, type MadeCoding, notAcceptable } from "./compression.ts";
import type { Act, DirectoryView, Readme, ListOrder, Visitor } from "../pages/directory-list.ts";
import { isoTime } from "../pages/directory-list.ts";
import { DIRECTORY_POLICY, directoryPage } from "../pages/directory-page.ts";
import type { UploadTerms } from "../pages/upload-panel.ts";
import { type Arrangement, arrange } from "./list-order.ts";
import { textSource } from "./made-source.ts";
import { readmeOf } from "./folder-readme.ts";
import { readRefused } from "./replies.ts";
import { preconditionResponse, type Representation, representationResponse } from "./representation.ts";
import { visibleListing } from "./visible-listing.ts";

/** Up to here a list is made at once, which takes about a millisecond, and has a length. */
const WHOLE_ENTRIES = 512;

/** One way to write a list. */
interface ListForm {
  readonly type: string;
  readonly contentType: string;
  /** The texts that make the list, one behind the other. */
  write(view: DirectoryView, entries: Iterable<ListedEntry>): Iterable<string>;
}

const HTML: ListForm = { type: "text/html", contentType: "text/html; charset=utf-8", write: directoryPage };
const JSON_LIST: ListForm = {
  type: "application/json",
  contentType: "application/json",
  write: (_, entries) => jsonList(entries),
};
const NAMES: ListForm = {
  type: "text/plain",
  contentType: "text/plain; charset=utf-8",
  write: (_, entries) => nameList(entries),
};

/** What the page of a folder offers to whoever asks for it, where the system lets the server write there. */
export interface PageOffer {
  /** Null when nothing can be uploaded. */
  readonly upload: UploadTerms | null;
  readonly acts: readonly Act[];
}

const NO_OFFER: PageOffer = { upload: null, acts: [] };

/** Answers with what the folder holds now. */
export async function directoryListing(
  request: HttpRequest,
  storage: Storage,
  folder: ObjectName,
  offer: PageOffer,
  rules: NameRules,
): Promise<HttpResponse> {
  const whole = await storage.list(folder, request.peer);
  if (typeof whole === "string") return listRefused(whole);
  const listing = await visibleListing(whole, folder, request.permission);
  const readme = (): Promise<Readme | null> => readmeOf(request, storage, folder, listing, rules);
  const answer = new ListAnswer(request, folder, listing, listing.isWritable ? offer : NO_OFFER, readme);
  try {
    return await answer.make();
  } finally {
    if (!answer.holdsListing) listing.close();
  }
}

function listRefused(fault: ListFault): HttpResponse {
  switch (fault) {
    case "crowded":
    case "abandoned":
      return crowded();
    default:
      return readRefused(fault);
  }
}

function crowded(): HttpResponse {
  return plainText("Too many folders are being listed; try again in a moment.\n", 503).append("Retry-After", 1);
}

/** The answer to one request for a list. */
class ListAnswer {
  /** True: the response closes the listing. */
  holdsListing = false;
  readonly #request: HttpRequest;
  readonly #listing: Listing;
  readonly #folder: ObjectName;
  readonly #offer: PageOffer;
  readonly #readme: () => Promise<Readme | null>;
  readonly #order: ListOrder;
  readonly #form: ListForm;

  constructor(
    request: HttpRequest,
    folder: ObjectName,
    listing: Listing,
    offer: PageOffer,
    readme: () => Promise<Readme | null>,
  ) {
    const parameters = new URLSearchParams(request.query);
    this.#request = request;
    this.#folder = folder;
    this.#listing = listing;
    this.#offer = offer;
    this.#readme = readme;
    this.#order = readOrder(parameters);
    this.#form = chooseForm(request, parameters);
  }

  async make(): Promise<HttpResponse> {
    const { fields, peer } = this.#request;
    const accepted = fields.get("accept-encoding");
    const chosen = chooseCoding(accepted);
    if (chosen === null) return notAcceptable();
    const representation = this.#represent();
    const early = preconditionResponse(this.#request, representation, "folder");
    if (early !== null) return early;
    const arrangement = await arrange(this.#listing, this.#order, peer);
    // Nobody reads what is answered to a client that has left.
    if (arrangement === null) return crowded();
    const isLong = arrangement.files + arrangement.folders > WHOLE_ENTRIES;
    const coding = isLong && !CodedSource.canBegin ? chooseCoding(accepted, []) : chosen;
    if (coding === null) return encodersBusy();
    const body = await this.#body(arrangement, isLong, coding as MadeCoding | "identity");
    return representationResponse(this.#request, { ...representation, coding }, body);
  }

  #represent(): Representation {
    return {
      type: this.#form.contentType,
      coding: "identity",
      validators: { etag: this.#entityTag(), modified: null },
      cacheControl: "no-cache",
      vary: "Accept, Accept-Encoding",
      hasRanges: false,
      otherLines: this.#form === HTML ? `Content-Security-Policy: ${DIRECTORY_POLICY}\r\n` : "",
    };
  }

  /** Weak: it stands for the list in any coding. */
  #entityTag(): string {
    const shown = this.#form === HTML ? [this.#folder.segments, this.#offer, this.#visitor] : [];
    const parts = [this.#listing.fingerprint, versionOf(this.#form), this.#order, ...shown];
    return `W/"${new Bun.CryptoHasher("sha1").update(JSON.stringify(parts)).digest("base64url")}"`;
  }

  async #body(arrangement: Arrangement, isLong: boolean, coding: MadeCoding | "identity"): Promise<ResponseBody> {
    const readme = this.#form === HTML ? await this.#readme() : null;
    const texts = this.#form.write(this.#view(arrangement, readme), arrangement.entries());
    if (!isLong) {
      if (loopShare.isOver) await loopShare.next();
      return this.#whole([...texts].join(""), coding);
    }
    this.holdsListing = true;
    const source = textSource(texts, () => this.#listing.close());
    return coding === "identity" ? source : new CodedSource(source, coding);
  }

  #whole(text: string, coding: MadeCoding | "identity"): ResponseBody {
    const bytes = Buffer.from(text);
    return coding === "identity" ? bytes : compress(bytes, coding);
  }

  #view({ files, folders, bytes }: Arrangement, readme: Readme | null): DirectoryView {
    const { length: total, unnameable, unreadable } = this.#listing;
    const { segments } = this.#folder;
    const counts = { total, unnameable, unreadable, files, folders, bytes };
    return { segments, ...counts, ...this.#order, visitor: this.#visitor, ...this.#offer, readme };
  }

  get #visitor(): Visitor | null {
    const { permission } = this.#request;
    return permission === null ? null : { user: permission.user, mayLogIn: permission.mayLogIn };
  }
}

function chooseForm(request: HttpRequest, parameters: URLSearchParams): ListForm {
  if (parameters.has("json")) return JSON_LIST;
  if (parameters.has("simple")) return NAMES;
  const forms = [HTML, JSON_LIST, NAMES];
  const preferred = preferredType(
    request.fields.get("accept"),
    forms.map(({ type }) => type),
  );
  return forms.find(({ type }) => type === preferred) ?? HTML;
}

function readOrder(parameters: URLSearchParams): ListOrder {
  const sort = parameters.get("sort");
  return {
    sort: sort === "size" || sort === "modified" ? sort : "name",
    descending: parameters.get("order") === "desc",
    filter: parameters.get("filter") ?? "",
  };
}

// ── The forms ──

/** Folders have neither size nor entity tag; a time that JSON cannot name is null. */
function* jsonList(entries: Iterable<ListedEntry>): Iterable<string> {
  let separator = "[\n";
  for (const { name, type, size, modified, etag } of entries) {
    const time = isoTime(modified);
    const isFile = type === "file";
    yield separator +
      JSON.stringify({ name, type, size: isFile ? size : null, modified: time, etag: isFile ? etag : null });
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

function* nameList(entries: Iterable<ListedEntry>): Iterable<string> {
  for (const { name, type } of entries) yield type === "directory" ? name + "/\n" : name + "\n";
}

// ── Their versions ──

/** One of each: what a form makes of them changes when the form does, and with it all entity tags. */
const SAMPLES: readonly ListedEntry[] = [
  { name: "folder", type: "directory", size: 0, modified: 0, etag: '""' },
  { name: "file", type: "file", size: 1, modified: 0, etag: '""' },
];
const SAMPLE_VIEW: DirectoryView = {
  segments: ["folder"],
  total: 2,
  unnameable: 1,
  unreadable: 1,
  files: 1,
  folders: 1,
  bytes: 1,
  sort: "name",
  descending: false,
  filter: "",
  visitor: { user: "somebody", mayLogIn: false },
  upload: { maxBodyBytes: 1, onDuplicate: "rename" },
  readme: { name: "README.md", text: "text", isCut: true },
  acts: ["folder", "delete"],
};
const versions = new Map<ListForm, string>();

function versionOf(form: ListForm): string {
  const known = versions.get(form);
  if (known !== undefined) return known;
  const made = [...form.write(SAMPLE_VIEW, SAMPLES)].join("");
  const version = new Bun.CryptoHasher("sha1").update(made).digest("base64url");
  versions.set(form, version);
  return version;
}
