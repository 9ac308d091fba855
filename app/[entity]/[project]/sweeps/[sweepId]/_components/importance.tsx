"use client";

import { useEffect, useMemo, useState } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { useImportance } from "@/app/_live/use-importance";
import { useNear } from "@/app/_live/use-near";
import { oneOf, TEXT, useParam } from "@/app/_live/use-param";
import {
  ASKED_METHODS,
  type AskedMethod,
  type ParameterImportance,
  UNFINISHED_CHOICES,
} from "@/core/importance";
import { isOver, type RunState } from "@/core/run";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { ImportanceTable } from "@/ui/charts/draw/importance";
import { toImportanceCsv, toImportanceSvg } from "@/ui/charts/draw/importance-file";
import { InteractionsMap } from "@/ui/charts/draw/interactions";
import { toInteractionsCsv, toInteractionsSize, toInteractionsSvg } from "@/ui/charts/draw/interactions-file";
import { MarginalChart } from "@/ui/charts/draw/marginal";
import { readMetricKey } from "@/ui/charts/prepare/dimension";
import {
  MEASURES,
  MEASURES_OF,
  type Measure,
  prepareImportance,
  prepareMarginal,
  sayNoImportance,
  sortByMeasure,
} from "@/ui/charts/prepare/importance";
import { MOST_NAMES, prepareInteractions } from "@/ui/charts/prepare/interactions";
import { Panel } from "@/ui/kit/panel";
import { BareSelect } from "@/ui/kit/select";
import { ImportanceHow } from "./importance-how";

const MEASURE = oneOf(MEASURES);
const MEASURE_NAMES = {
  share: "Share of the variation",
  total: "With all others",
  impurity: "Gain of splits (W&B)",
  permutation: "Loss when shuffled",
} as const;
const METHOD = oneOf(ASKED_METHODS);
const METHOD_NAMES = {
  auto: "The best method",
  forest: "Random forest",
  good: "Among the best runs",
  gp: "Gaussian process",
} as const;
/** How many of the runs are the best ones, of a hundred. */
const BEST = oneOf(["25", "5", "10", "50"]);
const BEST_SIZES = ["5", "10", "25", "50"] as const;
const UNFINISHED = oneOf(UNFINISHED_CHOICES);
const UNFINISHED_NAMES = {
  leave_out: "Finished runs only",
  last: "Unfinished: last value",
  worst: "Unfinished: as the worst",
} as const;
/** The page's filter counts where there is one. */
const RUNS = oneOf(["filtered", "all", "project"]);
const RUN_NAMES = { filtered: "Filtered runs", all: "All runs", project: "All runs of the project" } as const;
/** A brush is dragged through many places; each is another question. */
const CALM_MS = 400;

/** Which hyperparameters matter, how sure that is, and which way each one works. */
export function Importance() {
  const { data, varied, dimensions, dimension, shown, filter } = useSweepView();
  const { head } = data;
  const [wanted, setMeasure] = useParam("im.by", MEASURE);
  const [method, setMethod] = useParam("im.method", METHOD);
  const [best, setBest] = useParam("im.best", BEST);
  const [unfinished, setUnfinished] = useParam("im.un", UNFINISHED);
  const [whose, setWhose] = useParam("im.runs", RUNS);
  const [metricId, setMetric] = useParam("im.metric", TEXT);
  const [chosen, choose] = useParam("im.of", TEXT);
  const [pointing, setPointing] = useState(false);
  const [panel, near] = useNear<HTMLDivElement>();
  const visible = useVisible();
  const calmFilter = useCalm(filter, CALM_MS);
  const asked = readMetricKey(metricId)?.name ?? null;
  const metric = asked ?? head.metric?.name ?? "";
  const measures = MEASURES_OF[method === "auto" ? "forest" : method];
  const measure = measures.includes(wanted) ? wanted : "share";
  const isFiltered = whose === "filtered" && calmFilter !== undefined;
  const { answer, problem } = useImportance(
    head.id,
    {
      ...{ metric: asked, stat: asked === null ? null : "last", unfinished },
      // What a forest alone can say is asked of a forest.
      method: method === "auto" && !MEASURES_OF.gp.includes(measure) ? "forest" : method,
      quantile: method === "good" ? Number(best) / 100 : null,
      filter: isFiltered ? calmFilter : null,
      scope: whose === "project" ? "project" : "sweep",
    },
    near && visible,
  );

  const ended = useMemo(
    () => (whose === "project" ? [] : isFiltered ? shown : [...data.rows.values()]).filter(endedEarly),
    [whose, isFiltered, shown, data.rows],
  );
  const order = useHeldNames(answer?.parameters, measure, pointing);
  const chart = useMemo(
    () =>
      answer && answer.parameters.length > 0
        ? prepareImportance({
            ...{ answer, metric, measure, order, unfinished, goal: head.metric?.goal ?? "minimize" },
            isAuto: method === "auto",
            among: isFiltered ? "that pass the filter" : whose === "project" ? "of the project" : undefined,
            endedEarly: ended.length,
          })
        : undefined,
    [answer, metric, measure, order, unfinished, head.metric?.goal, isFiltered, whose, ended.length, method],
  );
  const map = useMemo(() => answer && prepareInteractions(answer, metric), [answer, metric]);
  const marginal = useMemo(() => {
    const parameter = answer?.parameters.find(({ name }) => name === chosen);
    const own = dimension(`p.${chosen}`);
    const values = dimension(metricId || "objective");
    if (!answer || !parameter || !own || !values) return undefined;
    const runs = (isFiltered ? shown : [...data.rows.values()]).flatMap((run) => {
      const value = values.valueOf(run);
      return run.state === "finished" && typeof value === "number" && Number.isFinite(value)
        ? [{ id: run.id, value: toPlace(own.valueOf(run), parameter), metric: value }]
        : [];
    });
    return prepareMarginal({ parameter, metric, method: answer.method, log: own.log, runs });
  }, [answer, chosen, dimension, metricId, metric, shown, data.rows, isFiltered]);
  const metrics = dimensions.filter(({ id }) => readMetricKey(id)?.stat === "last");
  const room = useHeldRoom(chart?.rows.length ?? 0, map?.names.length ?? 0, varied.length, method);
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
              label="Method"
              className="w-48"
              value={method}
              onChange={(event) => setMethod(METHOD.read(event.target.value))}
              choices={pick(METHOD_NAMES, ASKED_METHODS)}
            />
            {method === "good" ? (
              <BareSelect
                label="How many are the best"
                className="w-48 max-sm:w-56"
                value={best}
                onChange={(event) => setBest(BEST.read(event.target.value))}
                choices={BEST_SIZES.map((value) => ({ value, label: `The best ${value} %` }))}
              />
            ) : (
              <BareSelect
                label="Measure of importance"
                className="w-48 max-sm:w-56"
                value={measure}
                onChange={(event) => setMeasure(MEASURE.read(event.target.value))}
                choices={measures.map((value) => ({ value, label: MEASURE_NAMES[value] }))}
              />
            )}
            <BareSelect
              label="Unfinished runs"
              className="w-48 max-sm:w-52"
              value={unfinished}
              onChange={(event) => setUnfinished(UNFINISHED.read(event.target.value))}
              choices={pick(UNFINISHED_NAMES, UNFINISHED_CHOICES)}
            />
            <BareSelect
              label="Which runs"
              className="w-40 max-sm:w-34"
              value={whose === "filtered" && filter === undefined ? "all" : whose}
              onChange={(event) =>
                // Without a filter all runs are what the next filter will narrow.
                setWhose(
                  event.target.value === "all" && filter === undefined
                    ? "filtered"
                    : RUNS.read(event.target.value),
                )
              }
              choices={pick(
                RUN_NAMES,
                filter === undefined ? ["all", "project"] : ["filtered", "all", "project"],
              )}
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
        <div style={{ minHeight: room }}>
          {chart && answer ? (
            <>
              <p className="wrap-anywhere mb-3 text-ink">{chart.sentence}</p>
              <ImportanceTable
                chart={chart}
                measure={method === "good" ? "Share of the difference" : MEASURE_NAMES[measure]}
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
              <p className="wrap-anywhere mt-3 text-ink-faint text-xs">{chart.notes.join("; ")}.</p>
              <ImportanceHow method={answer.method} />
              {map && (
                <section className="mt-6" aria-labelledby="interactions-title">
                  <div className="mb-2 flex min-h-8 items-center gap-3">
                    <h3 id="interactions-title" className="font-medium text-sm">
                      What two parameters do together
                    </h3>
                    <span className="ml-auto">
                      <ExportMenu
                        name={`${head.name} interactions`}
                        svg={() => toInteractionsSvg(map)}
                        csv={() => toInteractionsCsv(answer.pairs)}
                      />
                    </span>
                  </div>
                  <p className="wrap-anywhere mb-3 max-w-prose text-ink-soft text-sm">{map.summary}</p>
                  <InteractionsMap map={map} />
                </section>
              )}
            </>
          ) : (
            <p
              style={{ minHeight: room }}
              className="wrap-anywhere flex items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint"
            >
              {problem ??
                (answer
                  ? sayNoImportance(answer.warnings, {
                      ...{ runs: answer.runs, needed: answer.needed, metric },
                      among: isFiltered ? "that pass the filter" : undefined,
                    })
                  : "Computing from the runs that have ended …")}
            </p>
          )}
        </div>
      </Panel>
    </div>
  );
}

/** Ended, and not in an answer that is of finished runs only. */
const endedEarly = ({ state }: { readonly state: RunState }) => state !== "finished" && isOver(state);

const pick = <N extends Readonly<Record<string, string>>>(names: N, of: readonly (keyof N & string)[]) =>
  of.map((value) => ({ value, label: names[value] as string }));

/** As the answer names it: a category by its text. */
const toPlace = (value: number | string | undefined, { marginal }: ParameterImportance) =>
  typeof value === "number" && marginal.some((point) => typeof point.value === "string")
    ? String(value)
    : value;

/** Rows of which the room is kept before there are any. */
const MOST_RESERVED = 12;
/** Of a table of so many rows with what is written above and below it, and of the map below that. */
const toRoomPx = (rows: number, names: number): number =>
  176 + rows * 45 + (names > 1 ? 196 + toInteractionsSize(names).height : 0);

/** When an answer comes, and while the next question has none, the runs below stay where they are. */
function useHeldRoom(rows: number, names: number, varied: number, method: AskedMethod): number {
  const [held, setHeld] = useState({ rows: 0, names: 0 });
  if (rows > 0 && (held.rows !== rows || held.names !== names)) setHeld({ rows, names });
  const usual = Math.min(MOST_RESERVED, Math.max(1, varied));
  const kept =
    held.rows > 0 ? held : { rows: usual, names: method === "good" ? 0 : Math.min(usual, MOST_NAMES) };
  return toRoomPx(kept.rows, kept.names);
}

/** Follows a value that has stood still for so long; what it begins with, and none, at once. */
function useCalm<T>(value: T, ms: number): T {
  const [calm, setCalm] = useState(value);
  const text = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its text says whether it is another one
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return value === undefined ? value : calm;
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
