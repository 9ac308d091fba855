import { formatCount, plural } from "@/ui/format";

export interface ActivityDay {
  /** 0 to 1, of the busiest day; by the root, so that a day of three runs is seen beside one of ten thousand. */
  readonly height: number;
  readonly title: string;
}

export interface Activity {
  readonly days: readonly ActivityDay[];
  readonly summary: string;
}

const DAY_MS = 86_400_000;

/** @param counts runs of each day (UTC), today's last */
export function prepareActivity(counts: readonly number[], nowMs: number): Activity {
  const most = Math.max(...counts, 1);
  const dayOf = (i: number) => new Date(nowMs - (counts.length - 1 - i) * DAY_MS).toISOString().slice(0, 10);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const busy = counts.filter((count) => count > 0).length;
  return {
    days: counts.map((count, i) => ({
      height: Math.sqrt(count / most),
      title: `${dayOf(i)}: ${count === 0 ? "no runs" : plural(count, "run")}`,
    })),
    summary:
      total === 0
        ? `No runs in the last ${counts.length} days`
        : `${plural(total, "run")} on ${busy} of the last ${counts.length} days, at most ${formatCount(most)} a day`,
  };
}
