/** "did you mean": the nearest known word, when it is near enough to be a slip of the fingers. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const given = word.toLowerCase();
  if (given.length > 40) return undefined;
  let best: string | undefined;
  let bestDistance = given.length <= 4 ? 2 : given.length <= 8 ? 3 : 4;
  for (const candidate of known) {
    if (Math.abs(candidate.length - given.length) >= bestDistance) continue;
    const distance = editDistance(given, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const nearest = suggest(word, known);
  return nearest === undefined ? "" : ` Did you mean \`${nearest}\`?`;
}

/** Levenshtein's, with a swap of neighbours as one step. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let step = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        step = Math.min(step, (beforeLast[j - 2] ?? 0) + 1);
      row.push(step);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
