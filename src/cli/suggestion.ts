// What a person probably meant by a name that does not exist.

/** Mistakes beyond a third of the name are no mistakes but another name. */
const LETTERS_PER_MISTAKE = 3;
/** What a switch that takes something away begins with. */
const NEGATION = "no-";
/** Shorter beginnings fit too many names. */
const SHORTEST_BEGINNING = 2;

/**
 * The nearest of `known`, or null when none is near: the name that says the opposite, a name that starts with what was
 * typed, if there is just one, or the one with the fewest letters missing, extra, wrong or swapped.
 */
export function suggest(typed: string, known: readonly string[]): string | null {
  const name = typed.toLowerCase();
  const opposite = name.startsWith(NEGATION) ? name.slice(NEGATION.length) : NEGATION + name;
  if (known.includes(opposite)) return opposite;
  const begun = name.length < SHORTEST_BEGINNING ? [] : known.filter((candidate) => candidate.startsWith(name));
  if (begun.length === 1) return begun[0] ?? null;
  let nearest: string | null = null;
  let fewest = Math.max(1, Math.floor(name.length / LETTERS_PER_MISTAKE)) + 1;
  for (const candidate of known) {
    const mistakes = editDistance(name, candidate);
    if (mistakes < fewest) {
      fewest = mistakes;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Letters to insert, delete, replace or swap with a neighbour to turn one name into the other (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1));
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(twoAbove, column - 2) + 1);
      current.push(cost);
    }
    twoAbove = above;
    above = current;
  }
  return at(above, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
