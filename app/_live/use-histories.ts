"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { assignSlots } from "@/ui/charts/prepare/slots";
import { createHistories, type Histories, type HistoryQuestion, type MetricHistory } from "./histories";

/** The histories behind a page's charts, for as long as the component is mounted. */
export function useHistories(question: HistoryQuestion): Histories {
  const [histories] = useState(createHistories);
  useEffect(() => histories.ask(question), [histories, question]);
  useEffect(() => histories.open(), [histories]);
  return histories;
}

/** One metric's; read while `visible`. */
export function useMetricHistory(histories: Histories, metric: string, visible: boolean): MetricHistory {
  useEffect(() => (visible ? histories.show(metric) : undefined), [histories, metric, visible]);
  const read = () => histories.get(metric);
  return useSyncExternalStore(histories.subscribe, read, read);
}

/** Places in the palette for these keys; one that stays keeps its own. */
export function useSlots(keys: readonly string[]): ReadonlyMap<string, number> {
  const [slots, setSlots] = useState(() => assignSlots(new Map(), keys));
  const next = assignSlots(slots, keys);
  if (next !== slots) setSlots(next);
  return next;
}
