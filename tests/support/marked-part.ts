// The parts of a paper that a program writes stand between two marks, which a reader of the page does not see.

function marksOf(name: string): [begin: string, end: string] {
  return [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
}

/** The paper with this text between the marks; throws when it has none. */
export function putBetweenMarks(paper: string, name: string, text: string): string {
  const [begin, end] = marksOf(name);
  const [from, to] = [paper.indexOf(begin), paper.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`there is no ${begin} … ${end}`);
  return `${paper.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${paper.slice(to)}`;
}
