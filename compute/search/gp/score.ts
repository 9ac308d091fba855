/** What the search for the next point maximises: always a logarithm, so that factors add up and small ones keep a slope. */
export interface Score {
  /** Of `count` points, rows of D coordinates. */
  many(points: Float64Array, count: number, out: Float64Array): void;
  /** Of one point, and its slope in each number; 0 for categories and inactive dimensions. */
  slope(x: Float64Array, gradient: Float64Array): number;
}

/** The sum: an improvement and the chances that it is allowed. */
export function sumScores(scores: readonly Score[]): Score {
  const [only] = scores;
  if (only && scores.length === 1) return only;
  return {
    many(points, count, out) {
      const each = new Float64Array(count);
      out.fill(0, 0, count);
      for (const score of scores) {
        score.many(points, count, each);
        for (let i = 0; i < count; i++) out[i] = (out[i] as number) + (each[i] as number);
      }
    },
    slope(x, gradient) {
      const each = new Float64Array(gradient.length);
      let sum = 0;
      gradient.fill(0);
      for (const score of scores) {
        sum += score.slope(x, each);
        for (let d = 0; d < each.length; d++) gradient[d] = (gradient[d] as number) + (each[d] as number);
      }
      return sum;
    },
  };
}

/** A point with what it scores. */
export interface Found {
  readonly x: Float64Array;
  readonly score: number;
}
