// A pattern of paths, as a shell would write it. No pattern and no path makes more work than the product of their lengths.

/** The longest pattern that is taken. */
export const MOST_GLOB_CHARS = 1000;

/** Whether a path fits: `*` stands for any chars, slashes too, and every other char for itself. */
export function fitsGlob(glob: string, path: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let restart = 0;
  while (at < path.length) {
    if (glob[place] === "*") {
      star = place++;
      restart = at;
    } else if (place < glob.length && glob[place] === path[at]) {
      place += 1;
      at += 1;
    } else if (star >= 0) {
      // The last star takes one char more.
      place = star + 1;
      at = ++restart;
    } else return false;
  }
  while (glob[place] === "*") place += 1;
  return place === glob.length;
}
