// How a folder is kept where a test says nothing about it.

import type { LocalStorageSettings } from "../../src/storage/local-storage.ts";
import { PLAIN_NAMES } from "../../src/storage/object-name.ts";

/** No links are followed, nothing is synced, and the umask gives modes. */
export const PLAIN_STORAGE: LocalStorageSettings = {
  rules: PLAIN_NAMES,
  followSymlinks: false,
  maxOpenFiles: 64,
  fsync: false,
  mode: null,
  maxNewFolders: 1000,
};
