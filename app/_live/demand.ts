import type { RunFilter } from "@/core/run-filter";
import { readRunQuery } from "@/core/run-query";
import type { RunMetric, SweepHead } from "@/graphql/operations/pages";
import { readMetricKey, toMetricKey } from "@/ui/charts/prepare/dimension";

/** Which numbers of which metrics a sweep's page reads of all its runs, by `toMetricKey`. */

/** The server takes as many columns at once. */
export const MOST_COLUMNS = 64;
/** Numbers that nobody has asked for yet: 8 bytes each on the way, and the page with its runs is to stay below 1.5 MB. */
const MOST_UNASKED = 40_000;
const LEAST_UNASKED = 4;

/** The last values of what the sweep is after and of what its runs log besides, as far as so many runs allow. */
export function usualDemand({ metrics, metricNames, counts }: SweepHead): string[] {
  const room = Math.max(LEAST_UNASKED, Math.floor(MOST_UNASKED / Math.max(1, counts.total)));
  const names = [...new Set([...metrics.map(({ name }) => name), ...metricNames.names])];
  return names.slice(0, room).map((name) => toMetricKey("last", name));
}

/** Of what the address asks for: `m.STAT.NAME` in a brush, a column, an axis, and metrics in the filter's text. */
export function demandOf(search: string): string[] {
  const keys = new Set<string>();
  for (const [key, text] of new URLSearchParams(search)) {
    if (key === "q") for (const asked of metricsIn(readRunQuery(text).filter)) keys.add(asked);
    for (const part of [key, text, ...text.split(",")]) {
      const id = BEFORE_ID.exec(part)?.[1] ?? part;
      const asked = readMetricKey(id.replaceAll("%2C", ",").replaceAll("%25", "%"));
      if (asked && !(part === text && text.includes(","))) keys.add(asked.key);
    }
  }
  return [...keys];
}

/** A brush is `b.ID`, a descending order `-ID`. */
const BEFORE_ID = /^(?:b\.|-)(m\..*)$/s;

function metricsIn(filter: RunFilter | undefined): string[] {
  if (filter === undefined) return [];
  if ("and" in filter) return filter.and.flatMap(metricsIn);
  if ("or" in filter) return filter.or.flatMap(metricsIn);
  if ("not" in filter) return metricsIn(filter.not);
  return "metric" in filter ? [toMetricKey(filter.stat ?? "last", filter.metric)] : [];
}

export const toRunMetrics = (keys: readonly string[]): RunMetric[] =>
  keys.flatMap((key) => {
    const asked = readMetricKey(`m.${key}`);
    return asked ? [{ name: asked.name, stat: asked.stat }] : [];
  });
