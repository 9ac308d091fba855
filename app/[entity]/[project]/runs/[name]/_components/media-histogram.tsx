"use client";

import { useEffect, useMemo, useState } from "react";
import { request } from "@/app/_live/request";
import { HistogramsOver, type MediaItem } from "@/graphql/operations/run-media";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { HistogramBars, HistogramColumns } from "@/ui/charts/draw/histogram";
import {
  toHistogramCsv,
  toHistogramSvg,
  toHistogramsCsv,
  toHistogramsSvg,
} from "@/ui/charts/draw/histogram-file";
import { type HistogramsChart, prepareHistogram, prepareHistograms } from "@/ui/charts/prepare/histogram";
import { formatCount } from "@/ui/format";

/** The chosen step's bars, and all steps side by side above them. */
export function MediaHistogram(props: {
  runId: string;
  name: string;
  step: number;
  item: MediaItem;
  /** Steps at which there is one. */
  total: number;
}) {
  const { runId, name, step, item, total } = props;
  const over = useOver(runId, name, total);
  const bars = useMemo(
    () => (item.histogram ? prepareHistogram(item.histogram, { name, step }) : undefined),
    [item, name, step],
  );
  return (
    <div className="space-y-4">
      {over && (
        <div>
          <div className="mb-1 flex items-center justify-between gap-2 text-ink-soft text-xs">
            <span>Over all steps</span>
            <ExportMenu
              name={`${name} over steps`}
              svg={() => toHistogramsSvg(over)}
              csv={() => toHistogramsCsv(over)}
            />
          </div>
          <HistogramColumns chart={over} />
        </div>
      )}
      {bars ? (
        <div>
          <div className="mb-1 flex items-center justify-between gap-2 text-ink-soft text-xs">
            <span className="figures">At step {formatCount(step)}</span>
            <ExportMenu
              name={`${name} at step ${step}`}
              svg={() => toHistogramSvg(bars)}
              csv={() => toHistogramCsv(bars)}
            />
          </div>
          <HistogramBars chart={bars} />
        </div>
      ) : (
        <p className="text-ink-faint text-sm">Its bins can't be read.</p>
      )}
    </div>
  );
}

/** Read again when a tenth more has come: a column more is hardly seen. */
function useOver(id: string, key: string, total: number): HistogramsChart | undefined {
  const [over, setOver] = useState<HistogramsChart>();
  const wanted = total < 2 ? 0 : Math.floor(Math.log(total) / Math.log(1.1));
  useEffect(() => {
    if (wanted === 0) return;
    const left = new AbortController();
    request(HistogramsOver, { id, key }, left.signal).then(
      ({ run }) => {
        const entries = run?.media[0]?.entries ?? [];
        const steps = entries.flatMap(({ step, items: [first] }) =>
          first?.histogram ? [{ step, histogram: first.histogram }] : [],
        );
        setOver(prepareHistograms(steps, key));
      },
      () => {},
    );
    return () => left.abort();
  }, [id, key, wanted]);
  return over;
}
