// What a request may do to a name, before anything is looked at: the refusal is the same whether the name is there or not.

import type { HttpRequest, HttpResponse } from "../http/message.ts";
import type { Right } from "../http/permission.ts";
import type { ObjectName } from "../storage/object-name.ts";
import type { UploadSettings } from "./uploads.ts";

/** The refusal of a request that has not the right to a name; null: it has. */
export function unpermitted({ permission }: HttpRequest, right: Right, name: ObjectName): HttpResponse | null {
  return permission === null || permission.may(right, name.path) ? null : permission.refuse(right);
}

/** The same of a name and of every name below it. */
export function unpermittedBelow({ permission }: HttpRequest, right: Right, name: ObjectName): HttpResponse | null {
  return permission === null || permission.mayAllBelow(right, name.path) ? null : permission.refuse(right);
}

/** The refusal of a request for a folder; null for one that may be read, or leads to something that may be used. */
export function unpermittedFolder({ permission }: HttpRequest, folder: ObjectName): HttpResponse | null {
  if (permission === null || permission.may("read", folder.path)) return null;
  return permission.leadsTo(folder.path) ? null : permission.refuse("read");
}

/** True when this name is but a part of the way to something: of what there is of it, nothing may show. */
export function isOnTheWay({ permission }: HttpRequest, name: ObjectName): boolean {
  return permission !== null && !permission.may("read", name.path) && permission.leadsTo(name.path);
}

/** How a request may write a name. */
export interface WriteTerms {
  readonly mayCreate: boolean;
  readonly mayReplace: boolean;
  /** It may create other names beside this one, and so take one of them where this one is taken. */
  readonly mayRename: boolean;
  /** Those of the server; of a drop box for whoever may neither see nor replace what is there. */
  readonly settings: UploadSettings;
}

/** Null when it may not write it at all. */
export function writeTerms({ permission }: HttpRequest, name: ObjectName, settings: UploadSettings): WriteTerms | null {
  if (permission === null) return { mayCreate: true, mayReplace: true, mayRename: true, settings };
  const [mayCreate, mayReplace] = [permission.may("create", name.path), permission.may("write", name.path)];
  if (!mayCreate && !mayReplace) return null;
  const isBlind = !mayReplace && !permission.may("read", name.path);
  return {
    mayCreate,
    mayReplace,
    mayRename: mayCreate && permission.may("create", name.segments.slice(0, -1).join("/")),
    settings: isBlind ? { ...settings, uploadOnly: true, onDuplicate: "rename" } : settings,
  };
}
