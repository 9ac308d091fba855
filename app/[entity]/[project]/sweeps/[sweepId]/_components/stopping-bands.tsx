"use client";

import { useMemo } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { FLAG, useParam } from "@/app/_live/use-param";
import type { SweepMetric } from "@/graphql/operations/pages";
import type { SweepStoppingView } from "@/graphql/operations/stopping";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { Showing } from "@/ui/charts/draw/showing";
import { StoppingChart } from "@/ui/charts/draw/stopping";
import { toStoppingCsv, toStoppingSvg } from "@/ui/charts/draw/stopping-file";
import { prepareStopping, type Rung, type StoppingBand } from "@/ui/charts/prepare/stopping";
import { formatCount, plural } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { Toggle } from "@/ui/kit/toggle";
import { useOpenRun } from "./use-explore";

/** Where the sweep's rule looks at its runs, what it compares with there, and who went on. */
export function StoppingBands(props: {
  rule: string;
  unit: string;
  metric: SweepMetric;
  bands: readonly StoppingBand[];
  rungs: readonly Rung[];
  savings: SweepStoppingView["savings"];
  /** Runs that came to a band, where more did than were sent. */
  total: number;
}) {
  const { rule, unit, metric, bands, rungs, savings, total } = props;
  const { data, shown, pointed } = useSweepView();
  const open = useOpenRun();
  const [log, setLog] = useParam("st.log", FLAG);
  const visible = useMemo(() => new Set(shown.map(({ id }) => id)), [shown]);
  const chart = useMemo(
    () =>
      prepareStopping({
        rule,
        metric: metric.name,
        goal: metric.goal,
        unit,
        bands,
        rungs: rungs.filter(({ runId }) => visible.has(runId)),
        labelOf: (runId) => data.rows.get(runId)?.displayName ?? `run ${runId}`,
        log,
      }),
    [rule, metric, unit, bands, rungs, visible, data.rows, log],
  );
  return (
    <Panel
      id="stopping"
      title="Early stopping"
      note={rule}
      className="mt-6"
      actions={
        chart && (
          <>
            {chart.logPossible && (
              <Toggle pressed={log} onToggle={setLog}>
                Log scale
              </Toggle>
            )}
            <ExportMenu
              name={`${metric.name} early stopping`}
              svg={() => toStoppingSvg(chart)}
              csv={() => toStoppingCsv(chart)}
            />
          </>
        )
      }
    >
      {chart ? (
        <>
          <p className="mb-3 text-ink-soft text-sm">
            {savings && (
              <>
                <strong className="font-semibold text-ink">{toShareSaved(savings.spent)}</strong> of the
                training was saved: the {plural(savings.stopped, "stopped run")} logged{" "}
                {formatCount(savings.stoppedValues)} values instead of about {formatCount(savings.fullValues)}
                , as long as finished runs are.{" "}
              </>
            )}
            {chart.summary}
          </p>
          <StoppingChart chart={chart} pointed={pointed} onOpen={open} />
          <Showing shown={chart.dots.places.size} total={total} why="the others are filtered out" />
        </>
      ) : (
        <p className="wrap-anywhere flex min-h-40 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {rungs.length === 0
            ? `No run has come to a place where ${rule} looks yet: the first is after ${bands[0]?.band ?? "some"} ${unit}.`
            : "No run that came to a band passes the filters above."}
        </p>
      )}
    </Panel>
  );
}

/** Never "100 %" while something was spent. */
const toShareSaved = (spent: number): string => `${Math.floor(100 * (1 - spent))} %`;
