/** Which attempts a run's history is made of. */

export interface AttemptFacts {
  readonly number: number;
  /** It continues an earlier attempt's history after this step; null: it began anew. */
  readonly resumedFromStep: number | null;
  readonly lastStep: number | null;
  /** Its steps beyond this one came late, when it had lost the run. */
  readonly overtakenAtStep: number | null;
}

/** Steps of one attempt up to `maxStep`, as a part of a longer history. */
export interface Segment {
  readonly attempt: number;
  readonly maxStep: number;
}

/**
 * The history shown for attempt `number`: its own, preceded by what it inherits, oldest first. Where two segments
 * meet at one step, the later attempt has it. An attempt that resumed continues the latest earlier attempt that had
 * reached that step, or, when none had (its last metrics were lost), the one that came furthest.
 */
export function lineageOf(attempts: readonly AttemptFacts[], number: number): Segment[] {
  const segments: Segment[] = [];
  let maxStep = Number.MAX_SAFE_INTEGER;
  let current = attempts.find((attempt) => attempt.number === number);
  while (current !== undefined) {
    segments.push({ attempt: current.number, maxStep });
    const { resumedFromStep } = current;
    if (resumedFromStep === null) break;
    const parent = parentOf(attempts, current.number, resumedFromStep);
    maxStep = Math.min(maxStep, resumedFromStep, parent?.overtakenAtStep ?? maxStep);
    current = parent;
  }
  return segments.reverse();
}

function parentOf(attempts: readonly AttemptFacts[], number: number, step: number): AttemptFacts | undefined {
  const earlier = attempts.filter((attempt) => attempt.number < number).sort((a, b) => b.number - a.number);
  let furthest: AttemptFacts | undefined;
  for (const attempt of earlier) {
    if (reachOf(attempt) >= step) return attempt;
    if (reachOf(attempt) > (furthest ? reachOf(furthest) : -1)) furthest = attempt;
  }
  return furthest;
}

const reachOf = ({ lastStep, overtakenAtStep, resumedFromStep }: AttemptFacts): number =>
  Math.max(overtakenAtStep ?? lastStep ?? -1, resumedFromStep ?? -1);
