/**
 * An exponential moving average without the pull towards zero that its start would have: the sum of weights is carried
 * along and divided by (Kingma and Ba 2014, section 3), so the first value is the first raw value and a constant stays one.
 *
 * A value counts `weight` as much as the one that follows it, where points are evenly spread; between unevenly spread
 * ones a distance of `d` times the usual counts `weight ** d`. NaN is a gap: it stays one, and what follows is not glued
 * to what was before by more than the distance allows.
 * @param x rising
 * @param weight 0 (the raw values) to 1 (exclusive)
 */
export function smooth(x: Float64Array, values: Float64Array, weight: number): Float64Array {
  if (!(weight > 0)) return values;
  const usual = usualDistance(x, values);
  const smoothed = new Float64Array(values.length).fill(Number.NaN);
  let [sum, weights, before] = [0, 0, Number.NaN];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const here = x[i] as number;
    if (Number.isNaN(value) || Number.isNaN(here)) continue;
    if (weights === 0) [sum, weights] = [value, 1];
    else {
      const kept = weight ** (usual > 0 ? (here - before) / usual : 1);
      sum = sum * kept + value;
      weights = weights * kept + 1;
    }
    before = here;
    smoothed[i] = sum / weights;
  }
  return smoothed;
}

function usualDistance(x: Float64Array, values: Float64Array): number {
  let [first, last, count] = [Number.NaN, Number.NaN, 0];
  for (let i = 0; i < values.length; i++) {
    const here = x[i] as number;
    if (Number.isNaN(values[i]) || Number.isNaN(here)) continue;
    if (count++ === 0) first = here;
    last = here;
  }
  return count < 2 ? 0 : (last - first) / (count - 1);
}
