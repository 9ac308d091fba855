"use client";

import { useState } from "react";
import { SmoothingSlider, ZoomFields } from "@/app/_components/metric-charts/settings";
import type { ChartSettings } from "@/app/_live/chart-settings";
import { createPointedStore } from "@/app/_live/pointed";
import type { RunData } from "@/app/_live/run-store";
import { isOver } from "@/core/run";
import type { MetricSummary } from "@/graphql/operations/run-page";
import { formatCount, formatNumber, plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { Toggle } from "@/ui/kit/toggle";
import { MetricChart } from "./metric-chart";

/** More charts than this at once only when somebody asks for them. */
const FEW_CHARTS = 12;

export function Metrics({ data, settings }: { data: RunData; settings: ChartSettings }) {
  const { head, series } = data;
  const [all, setAll] = useState(false);
  const [pointed] = useState(createPointedStore);
  // What the sweep is after stands first, then by name.
  const goal = head.sweep?.metric?.name;
  const drawable = series
    .filter(({ values }) => values.some((value) => value !== null))
    .sort((a, b) => Number(b.key === goal) - Number(a.key === goal));
  const drawn = all ? drawable : drawable.slice(0, FEW_CHARTS);
  // Pictures and the like have a part of their own.
  const summary = head.summary.filter(
    ({ media, count, nonFinite }) => media === null || count + nonFinite > 0,
  );
  const nothing = summary.length === 0 && drawable.length === 0;
  return (
    <Panel
      id="metrics"
      title="Metrics"
      note={
        drawn.length < drawable.length
          ? `showing ${drawn.length} of ${plural(drawable.length, "metric")}`
          : !nothing && plural(Math.max(drawable.length, summary.length), "metric")
      }
      actions={
        drawable.length > 0 && (
          <Toggle
            pressed={settings.along.kind === "elapsed"}
            onToggle={(on) => settings.setAlong({ kind: on ? "elapsed" : "step" })}
          >
            By time
          </Toggle>
        )
      }
    >
      {drawable.length > 0 && (
        <div className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2 text-xs">
          <SmoothingSlider settings={settings} />
          <Toggle pressed={settings.clip} onToggle={settings.setClip}>
            Clip outliers
          </Toggle>
          <ZoomFields settings={settings} />
        </div>
      )}
      {nothing && (
        <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
          {isOver(head.state) ? "Nothing was logged." : "Nothing was logged yet."}
        </p>
      )}
      <div className="grid gap-x-8 gap-y-8 md:grid-cols-2">
        {drawn.map((one) => (
          <MetricChart
            key={one.key}
            series={one}
            run={head}
            byTime={data.by === "time"}
            part={data.part}
            settings={settings}
            pointed={pointed}
          />
        ))}
      </div>
      {drawn.length < drawable.length && (
        <p className="mt-4">
          <Button onClick={() => setAll(true)}>Show all {formatCount(drawable.length)}</Button>
        </p>
      )}
      {summary.length > 0 && <Summary rows={summary} />}
    </Panel>
  );
}

function Summary({ rows }: { rows: readonly MetricSummary[] }) {
  return (
    <Scroll label="Summary of the metrics" className="mt-8 max-h-96">
      {/* Of fixed widths: by their contents the columns moved with every point. */}
      <table className="figures w-full min-w-[34rem] table-fixed border-collapse text-sm">
        <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
          <tr>
            <th scope="col" className="w-[30%] py-1.5 pr-4 text-left font-medium">
              Metric
            </th>
            {["Last", "Least", "Greatest", "Mean", "Points"].map((name) => (
              <th key={name} scope="col" className="py-1.5 pl-4 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((metric) => (
            <tr key={metric.name} className="border-line border-t">
              <th scope="row" className="wrap-anywhere py-1.5 pr-4 text-left font-medium">
                {metric.name}
              </th>
              <td className="py-1.5 pl-4 text-right" title={toTitle(metric.last, metric.lastStep)}>
                {toText(metric.last) ?? metric.lastOther}
              </td>
              <td className="py-1.5 pl-4 text-right" title={toTitle(metric.min, metric.minStep)}>
                {toText(metric.min)}
              </td>
              <td className="py-1.5 pl-4 text-right" title={toTitle(metric.max, metric.maxStep)}>
                {toText(metric.max)}
              </td>
              <td className="py-1.5 pl-4 text-right">{toText(metric.mean)}</td>
              <td className="py-1.5 pl-4 text-right text-ink-soft">
                {formatCount(metric.count)}
                {metric.nonFinite > 0 && (
                  <span className="text-bad"> +{formatCount(metric.nonFinite)} NaN or infinite</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const toText = (value: number | null): string | null => (value === null ? null : formatNumber(value));

const toTitle = (value: number | null, step: number | null): string | undefined =>
  value === null ? undefined : `${value}${step === null ? "" : ` at step ${step}`}`;
