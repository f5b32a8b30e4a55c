// Stands for list.js on a page that shows no list, for uploads that would tell it of themselves.

/** There is nothing to fetch. */
export async function refresh() {}

/** No row is marked. */
export function markNew() {}

/** No list says that it is empty. */
export function isListEmpty() {
  return false;
}
