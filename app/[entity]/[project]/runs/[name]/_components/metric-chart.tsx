"use client";

import { useMemo, useState } from "react";
import { LinesChart } from "@/ui/charts/draw/lines";
import { type LinesInput, prepareLines } from "@/ui/charts/prepare/lines";
import { Toggle } from "@/ui/kit/toggle";

export function MetricChart({ input }: { input: LinesInput }) {
  const [log, setLog] = useState(false);
  const chart = useMemo(() => prepareLines({ ...input, log }), [input, log]);
  if (!chart) return null;
  return (
    <div className="min-w-0">
      <div className="mb-1 flex min-h-7 items-center justify-between gap-3">
        <h3 className="min-w-0 truncate font-medium text-sm" title={input.metric}>
          {input.metric}
        </h3>
        {chart.logPossible && (
          <Toggle pressed={log} onToggle={setLog}>
            Log
          </Toggle>
        )}
      </div>
      <LinesChart chart={chart} />
    </div>
  );
}
