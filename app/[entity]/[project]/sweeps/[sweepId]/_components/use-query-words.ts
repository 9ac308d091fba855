"use client";

import { useMemo } from "react";
import type { QueryWords } from "@/app/_lib/complete-query";
import { useSweepView } from "@/app/_live/sweep-view";
import { writeComparison } from "@/core/run-query";
import type { Value } from "@/core/value";
import { readMetricKey } from "@/ui/charts/prepare/dimension";

/** More than that nobody chooses from. */
const MOST_VALUES = 50;

const NONE: QueryWords = { parameters: [], metrics: [], tags: [], hosts: [] };

/** What occurs in all runs, for a field that completes. Looked for when somebody is at it: ten thousand runs take some ms. */
export function useQueryWords(wanted: boolean): QueryWords {
  const { data, dimensions } = useSweepView();
  const { rows, head } = data;
  return useMemo(() => {
    if (!wanted) return NONE;
    const values = new Map<string, Map<string, Value>>();
    const [tags, hosts] = [new Set<string>(), new Set<string>()];
    for (const row of rows.values()) {
      for (const tag of row.tags) tags.add(tag);
      if (row.agent) hosts.add(row.agent.host);
      for (const [name, value] of row.flat) {
        const known = values.get(name) ?? new Map<string, Value>();
        values.set(name, known);
        if (known.size < MOST_VALUES && (typeof value === "string" || typeof value === "boolean"))
          known.set(`${typeof value} ${value}`, value);
      }
    }
    const metrics = new Set(head.metrics.map(({ name }) => name));
    for (const { id } of dimensions) {
      const metric = readMetricKey(id);
      if (metric) metrics.add(metric.name);
    }
    return {
      parameters: [...values].sort(byName).map(([name, known]) => ({
        name,
        values: [...known.values()].flatMap((value) => {
          const term = writeComparison({ param: name }, "=", value as string | boolean);
          return term === undefined ? [] : term.slice(name.length + 1);
        }),
      })),
      metrics: [...metrics].sort(),
      tags: [...tags].sort(),
      hosts: [...hosts].sort(),
    };
  }, [wanted, rows, head.metrics, dimensions]);
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
