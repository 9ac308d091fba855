"use client";

import { memo, useMemo, useState } from "react";
import { useSystem } from "@/app/_live/use-system";
import { isActive } from "@/core/run";
import type { RunHead, SystemSeries } from "@/graphql/operations/run-page";
import { LinesChart } from "@/ui/charts/draw/lines";
import { prepareSystem, type SystemChart } from "@/ui/charts/prepare/system";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Panel } from "@/ui/kit/panel";

/** The run and its first devices; eight GPUs have forty numbers. */
const FEW_CHARTS = 6;

/** What its machine did while it worked, apart from what it logged. */
export function Machine({ head, initial }: { head: RunHead; initial: readonly SystemSeries[] }) {
  const series = useSystem(head, initial);
  const [all, setAll] = useState(false);
  const attempt = head.attempts.find(({ number }) => number === head.attempt);
  const startedAt = attempt?.startedAt ?? head.startedAt;
  const charts = useMemo(
    () => prepareSystem(series, startedAt === null ? 0 : Date.parse(startedAt)),
    [series, startedAt],
  );
  const drawn = all ? charts : charts.slice(0, FEW_CHARTS);
  const where = [
    attempt?.host,
    attempt?.slot != null && `slot ${attempt.slot}`,
    attempt?.device && `device ${attempt.device}`,
  ].filter(Boolean);
  return (
    <Panel id="machine" title="Machine" note={where.join(", ")}>
      {charts.length === 0 && (
        <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
          {isActive(head.state) ? "Nothing was measured yet." : "Nothing was measured."}
        </p>
      )}
      <div className="grid gap-x-8 gap-y-8 md:grid-cols-2">
        {drawn.map((chart) => (
          <Chart key={chart.key} chart={chart} />
        ))}
      </div>
      {drawn.length < charts.length && (
        <p className="mt-4">
          <Button onClick={() => setAll(true)}>Show all {formatCount(charts.length)}</Button>
        </p>
      )}
    </Panel>
  );
}

const Chart = memo(function Chart({ chart: { title, unit, chart } }: { chart: SystemChart }) {
  return (
    <div className="min-w-0">
      <div className="mb-1 flex min-h-7 items-center gap-2">
        <h3 className="min-w-0 truncate font-medium text-sm">{title}</h3>
        <span className="text-ink-faint text-sm">{unit}</span>
      </div>
      <LinesChart chart={chart} />
    </div>
  );
});
