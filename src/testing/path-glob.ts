// A pattern of paths, as a shell would write it. What stands between its stars is searched for once each, from left to
// right: no pattern holds anybody up, however it repeats itself.

/** The longest pattern that is taken. */
export const MOST_GLOB_CHARS = 1000;

/** Whether a path fits: `*` stands for any chars, slashes too, and every other char for itself. */
export function fitsGlob(glob: string, path: string): boolean {
  const [beginning = "", ...others] = glob.split("*");
  const end = others.pop();
  if (end === undefined) return glob === path;
  if (!path.startsWith(beginning)) return false;
  let at = beginning.length;
  for (const part of others) {
    // The first place leaves the most to those behind it.
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - end.length >= at && path.endsWith(end);
}
