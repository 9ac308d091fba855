import { isOver } from "@/core/run";
import type { RunDetail, RunSeries } from "@/graphql/operations/pages";
import { type LinesInput, prepareLines } from "@/ui/charts/prepare/lines";
import { formatNumber, plural } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { MetricChart } from "./metric-chart";

/** More charts than this at once help nobody; the table below has every metric. */
const MOST_CHARTS = 24;

export function Metrics({ run }: { run: RunDetail }) {
  const inputs = run.history.series.map((series) => toLinesInput(series, run.displayName));
  const drawn = inputs.filter((input) => prepareLines(input) !== undefined).slice(0, MOST_CHARTS);
  return (
    <Panel
      id="metrics"
      title="Metrics"
      note={
        drawn.length < run.summary.length
          ? `showing ${drawn.length} of ${plural(run.summary.length, "metric")}`
          : run.summary.length > 0 && plural(run.summary.length, "metric")
      }
    >
      {run.summary.length === 0 && (
        <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
          {isOver(run.state) ? "Nothing was logged." : "Nothing was logged yet."}
        </p>
      )}
      <div className="grid gap-x-8 gap-y-8 md:grid-cols-2">
        {drawn.map((input) => (
          <MetricChart key={input.metric} input={input} />
        ))}
      </div>
      {run.summary.length > 0 && <Summary run={run} />}
    </Panel>
  );
}

function Summary({ run }: { run: RunDetail }) {
  return (
    <Scroll label="Summary of the metrics" className="mt-8 max-h-96">
      <table className="figures w-full min-w-[34rem] border-collapse text-sm">
        <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
          <tr>
            <th scope="col" className="py-1.5 pr-4 text-left font-medium">
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
          {run.summary.map((metric) => (
            <tr key={metric.name} className="border-line border-t">
              <th scope="row" className="py-1.5 pr-4 text-left font-medium">
                {metric.name}
              </th>
              <td className="py-1.5 pl-4 text-right">{toText(metric.last) ?? metric.lastOther}</td>
              <td className="py-1.5 pl-4 text-right">{toText(metric.min)}</td>
              <td className="py-1.5 pl-4 text-right">{toText(metric.max)}</td>
              <td className="py-1.5 pl-4 text-right">{toText(metric.mean)}</td>
              <td className="py-1.5 pl-4 text-right text-ink-soft">
                {metric.count}
                {metric.nonFinite > 0 && (
                  <span className="text-bad"> +{metric.nonFinite} NaN or infinite</span>
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

/** The API's two forms of a line, points or buckets, as the one that charts take. */
function toLinesInput(series: RunSeries, label: string): LinesInput {
  const { key, total, exact, points, buckets } = series;
  const line = buckets
    ? {
        steps: buckets.lastStep,
        values: buckets.last,
        min: buckets.min,
        max: buckets.max,
        nonFinite: buckets.nonFinite.reduce((sum, count) => sum + count, 0),
      }
    : {
        steps: points?.steps ?? [],
        values: (points?.values ?? []).map((value) => (typeof value === "number" ? value : null)),
        nonFinite: (points?.values ?? []).filter(isNonFinite).length,
      };
  return { metric: key, points: total, exact, log: false, lines: [{ key, label, ...line }] };
}

const NON_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);
const isNonFinite = (value: unknown): boolean => NON_FINITE.has(value);
