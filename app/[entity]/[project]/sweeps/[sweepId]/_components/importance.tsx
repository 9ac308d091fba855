"use client";

import { useEffect, useMemo, useState } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { useImportance } from "@/app/_live/use-importance";
import { useNear } from "@/app/_live/use-near";
import { oneOf, TEXT, useParam } from "@/app/_live/use-param";
import type { ParameterImportance } from "@/core/importance";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { ImportanceTable } from "@/ui/charts/draw/importance";
import { toImportanceCsv, toImportanceSvg } from "@/ui/charts/draw/importance-file";
import { MarginalChart } from "@/ui/charts/draw/marginal";
import { readMetricKey } from "@/ui/charts/prepare/dimension";
import {
  MEASURES,
  type Measure,
  prepareImportance,
  prepareMarginal,
  sayNoImportance,
  sortByMeasure,
} from "@/ui/charts/prepare/importance";
import { formatNumber } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { BareSelect } from "@/ui/kit/select";

const MEASURE = oneOf(MEASURES);
const MEASURE_NAMES = {
  share: "Share of the variation",
  impurity: "Gain of splits (W&B)",
  permutation: "Loss when shuffled",
} as const;

/** Which hyperparameters matter, how sure that is, and which way each one works. */
export function Importance() {
  const { data, varied, dimensions, dimension, shown } = useSweepView();
  const { head } = data;
  const [measure, setMeasure] = useParam("im.by", MEASURE);
  const [metricId, setMetric] = useParam("im.metric", TEXT);
  const [chosen, choose] = useParam("im.of", TEXT);
  const [pointing, setPointing] = useState(false);
  const [panel, near] = useNear<HTMLDivElement>();
  const visible = useVisible();
  const seen = near && visible;
  const asked = readMetricKey(metricId)?.name ?? null;
  const metric = asked ?? head.metric?.name ?? "";
  const version = `${head.generation}/${head.counts.finished}/${head.counts.total}`;
  const { answer, problem } = useImportance(head.id, asked, version, seen);

  const order = useHeldNames(answer?.parameters, measure, pointing);
  const chart = useMemo(
    () =>
      answer && answer.parameters.length > 0
        ? prepareImportance({
            ...{ answer, metric, measure, order, runs: answer.runsUsed, leftOut: answer.runsLeftOut },
            goal: head.metric?.goal ?? "minimize",
          })
        : undefined,
    [answer, metric, measure, order, head.metric?.goal],
  );
  const marginal = useMemo(() => {
    const parameter = answer?.parameters.find(({ name }) => name === chosen);
    const own = dimension(`p.${chosen}`);
    const values = dimension(metricId || "objective");
    if (!parameter || !own || !values) return undefined;
    const runs = shown.flatMap((run) => {
      const value = values.valueOf(run);
      return run.state === "finished" && typeof value === "number" && Number.isFinite(value)
        ? [{ id: run.id, value: toPlace(own.valueOf(run), parameter), metric: value }]
        : [];
    });
    return prepareMarginal({ parameter, metric, log: own.log, runs });
  }, [answer, chosen, dimension, metricId, metric, shown]);
  const metrics = dimensions.filter(({ id }) => readMetricKey(id)?.stat === "last");
  const pairs = answer?.interactions.filter(({ importance }) => importance >= 0.01).slice(0, 3) ?? [];
  if (!head.metric && !asked && metrics.length === 0) return null;
  return (
    <div ref={panel}>
      <Panel
        id="importance"
        title="Which parameters matter"
        className="mt-10"
        note={answer && answer.parameters.length > 0 ? `to ${metric}` : undefined}
        actions={
          <>
            <BareSelect
              label="Metric"
              className="w-40 max-sm:w-32"
              value={metricId}
              onChange={(event) => setMetric(event.target.value)}
              choices={[
                ...(head.metric ? [{ value: "", label: head.metric.name }] : []),
                ...metrics
                  .filter(({ label }) => label !== head.metric?.name)
                  .map(({ id, label }) => ({ value: id, label })),
              ]}
            />
            <BareSelect
              label="Measure of importance"
              className="w-44 max-sm:w-36"
              value={measure}
              onChange={(event) => setMeasure(MEASURES.find((one) => one === event.target.value) ?? "share")}
              choices={MEASURES.map((value) => ({ value, label: MEASURE_NAMES[value] }))}
            />
            {chart && answer && (
              <ExportMenu
                name={`${head.name} importance`}
                svg={() =>
                  toImportanceSvg(chart, `What matters to ${metric}: ${MEASURE_NAMES[measure].toLowerCase()}`)
                }
                csv={() => toImportanceCsv(answer.parameters)}
              />
            )}
          </>
        }
      >
        {chart ? (
          <div style={{ minHeight: toRoomPx(chart.rows.length) }}>
            <p className="wrap-anywhere mb-3 text-ink">{chart.sentence}</p>
            <ImportanceTable
              chart={chart}
              measure={MEASURE_NAMES[measure]}
              metric={metric}
              chosen={chosen || undefined}
              onChoose={(name) => choose(name === chosen ? "" : name)}
              onPointing={setPointing}
            />
            {marginal && (
              <div className="mt-5">
                <MarginalChart chart={marginal} />
              </div>
            )}
            <p className="wrap-anywhere mt-3 text-ink-soft text-sm">
              {pairs.length > 0
                ? `Together, beyond what each does alone: ${pairs
                    .map(({ a, b, importance }) => `${a} with ${b} ${formatNumber(importance * 100, 2)} %`)
                    .join(", ")}.`
                : "No two parameters together explain 1 % more than each does alone."}
            </p>
            <p className="wrap-anywhere mt-2 min-h-8 text-ink-faint text-xs">{chart.notes.join("; ")}.</p>
            <How />
          </div>
        ) : (
          <p
            style={{ minHeight: toRoomPx(Math.min(MOST_RESERVED, Math.max(1, varied.length))) }}
            className="wrap-anywhere flex items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint"
          >
            {problem ??
              (answer
                ? sayNoImportance(answer.warnings, {
                    runs: answer.runsUsed,
                    needed: answer.runsNeeded,
                    metric,
                  })
                : "Computing from the finished runs …")}
          </p>
        )}
      </Panel>
    </div>
  );
}

/** As the answer names it: a category by its text. */
const toPlace = (value: number | string | undefined, { marginal }: ParameterImportance) =>
  typeof value === "number" && marginal.some((point) => typeof point.value === "string")
    ? String(value)
    : value;

/** Rows of which the room is kept before there are any. */
const MOST_RESERVED = 12;
/** Of a table of so many rows with what is written above and below it: when the answer comes, the runs below stay where they are. */
const toRoomPx = (rows: number): number => 168 + rows * 45;

function How() {
  return (
    <details className="mt-1 text-ink-soft text-xs">
      <summary className="inline-flex min-h-6 items-center text-ink-faint underline decoration-dotted underline-offset-2 hover:text-ink">
        How this is computed
      </summary>
      <div className="mt-1 max-w-prose space-y-1.5">
        <p>
          A random forest learns the metric from the parameters of the finished runs.{" "}
          <b>Share of the variation</b> is its functional ANOVA: how much of the metric's variance over the
          whole space a parameter explains by itself, with an interval that holds 90 % of what other samples
          of as many runs would say.
        </p>
        <p>
          <b>Gain of splits</b> is what W&amp;B shows: it favours parameters with many values.{" "}
          <b>Loss when shuffled</b>: how much worse runs are foretold that the trees had not seen.{" "}
          <b>Correlation</b> is Pearson's, blind to whatever rises and falls again.
        </p>
      </div>
    </details>
  );
}

/** Bars keep their places while somebody points at them. */
function useHeldNames(
  parameters: readonly ParameterImportance[] | undefined,
  measure: Measure,
  holding: boolean,
) {
  const [held, setHeld] = useState<readonly string[]>();
  if (!holding && held) setHeld(undefined);
  if (holding && !held && parameters) setHeld(sortByMeasure(parameters, measure).map(({ name }) => name));
  return holding ? held : undefined;
}

/** Whether somebody looks at the window. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const read = () => setVisible(document.visibilityState === "visible");
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, []);
  return visible;
}
