"use client";

import { type ReactNode, useCallback, useMemo } from "react";
import { useChartSettings } from "@/app/_live/chart-settings";
import type { Subject } from "@/app/_live/histories";
import { useHistories, useSlots } from "@/app/_live/use-histories";
import { NAMES, TEXT, useParam } from "@/app/_live/use-param";
import { type LegendLine, LinesLegend } from "@/ui/charts/draw/lines-legend";
import type { PointedStore } from "@/ui/charts/draw/pointed";
import { toMetricSections } from "@/ui/charts/prepare/metric-sections";
import { plural } from "@/ui/format";
import { Dialog } from "@/ui/kit/dialog";
import { ChevronIcon } from "@/ui/kit/icons";
import { type ChartProps, FullChart, MetricChart } from "./chart";
import { ChartControls } from "./settings";

/** A line of every chart: a run, or a group of them. */
export interface Charted {
  readonly key: string;
  readonly label: string;
  readonly runIds: readonly string[];
  readonly active: boolean;
  readonly href?: string;
  readonly note?: string;
}

/** Every metric of these runs as a chart: one legend, one set of settings, one cross hair for all of them. */
export function MetricCharts(props: {
  metrics: readonly string[];
  /** Drawn first. */
  objective?: string | undefined;
  charted: readonly Charted[];
  grouped?: boolean;
  pointed: PointedStore;
  /** Controls of the page's own. */
  children?: ReactNode;
}) {
  const { metrics, objective, charted, grouped = false, pointed, children } = props;
  const settings = useChartSettings();
  const slots = useSlots(charted.map(({ key }) => key));
  const subjects: readonly Subject[] = charted;
  const question = useMemo(
    () => ({ subjects, grouped, along: settings.along, range: settings.range }),
    [subjects, grouped, settings.along, settings.range],
  );
  const histories = useHistories(question);
  const legend = useMemo(
    () =>
      charted.map(
        ({ key, label, href, note }): LegendLine => ({
          key,
          label,
          slot: slots.get(key) ?? 0,
          ...(href !== undefined && { href }),
          ...(note !== undefined && { note }),
        }),
      ),
    [charted, slots],
  );
  const [search, setSearch] = useParam("ch.q", TEXT);
  const [full, setFull] = useParam("ch.full", TEXT, "push");
  const sections = useMemo(
    () => toMetricSections(metrics, { first: objective, search }),
    [metrics, objective, search],
  );
  const openFull = useCallback((metric: string) => setFull(metric), [setFull]);
  const shared: Omit<ChartProps, "metric"> = { histories, lines: legend, settings, pointed };
  return (
    <>
      <ChartControls settings={settings} metrics={metrics}>
        <input
          type="search"
          aria-label="Search metrics"
          placeholder="Search metrics"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          className="h-8 w-44 rounded-md border border-line-strong bg-surface px-2.5 text-ink text-sm placeholder:text-ink-faint max-sm:h-10 max-sm:text-[16px]"
        />
        {children}
      </ChartControls>
      <LinesLegend lines={legend} pointed={pointed} />
      {sections.length === 0 && (
        <p className="mt-4 rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
          {metrics.length === 0 ? "Nothing was logged yet." : "No metric has such a name."}
        </p>
      )}
      {sections.map((section) => (
        <Section
          key={section.name}
          name={section.name}
          count={section.metrics.length}
          alone={sections.length === 1}
        >
          {section.metrics.map((metric) => (
            <MetricChart key={metric} metric={metric} onFull={openFull} {...shared} />
          ))}
        </Section>
      ))}
      <Dialog
        open={full !== ""}
        title={full}
        onClose={() => full !== "" && setFull("")}
        className="w-[min(88rem,calc(100vw-2rem))]"
      >
        <FullChart metric={full} {...shared} />
      </Dialog>
    </>
  );
}

function Section(props: { name: string; count: number; alone: boolean; children: ReactNode }) {
  const { name, count, alone, children } = props;
  const [folded, setFolded] = useParam("ch.fold", NAMES);
  const columns = count === 1 ? "" : count === 2 ? "md:grid-cols-2" : "md:grid-cols-2 xl:grid-cols-3";
  const grid = <div className={`grid gap-x-8 gap-y-6 ${columns}`}>{children}</div>;
  if (alone && name === "")
    return (
      <div className="mt-4">
        <h3 className="sr-only">All metrics</h3>
        {grid}
      </div>
    );
  const shut = folded.includes(name);
  const title = name === "" ? "Other metrics" : name;
  return (
    <section aria-label={title} className="mt-4">
      <h3 className="mb-2">
        <button
          type="button"
          aria-expanded={!shut}
          onClick={() => setFolded(shut ? folded.filter((one) => one !== name) : [...folded, name])}
          className="inline-flex min-h-8 items-center gap-1.5 rounded font-semibold text-sm"
        >
          <span className={shut ? "-rotate-90" : ""}>
            <ChevronIcon />
          </span>
          {title}
          <span className="figures font-normal text-ink-faint">{plural(count, "metric")}</span>
        </button>
      </h3>
      {!shut && grid}
    </section>
  );
}
