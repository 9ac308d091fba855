/** How many runs a sweep will have: its grid's points or its `run_cap`, whichever is smaller; undefined without an end. */
export function toRunGoal({
  size,
  runCap,
}: {
  size: string | null;
  runCap: number | null;
}): number | undefined {
  const points = size === null ? Number.POSITIVE_INFINITY : Number(size);
  const goal = Math.min(points, runCap ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(goal) ? goal : undefined;
}
