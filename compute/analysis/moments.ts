/** Scaled first, so that no square overflows. */
export function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  const scale = most || 1;
  let [mean, square] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] as number) / scale;
    const step = value - mean;
    mean += step / (i + 1);
    square += step * (value - mean);
  }
  return { mean: mean * scale, deviation: Math.sqrt(square / Math.max(1, values.length - 1)) * scale };
}

export const deviationOf = (values: readonly number[]): number =>
  momentsOf(Float64Array.from(values)).deviation;

/** To mean 0 and deviation 1: sums of squares of values near 1e300 would leave the range of doubles. */
export function standardized(values: Float64Array): Float64Array {
  const { mean, deviation } = momentsOf(values);
  return values.map((value) => (value - mean) / deviation);
}
