"use client";

import type { Slice } from "../prepare/slices";
import type { PointedRuns } from "./run-dots";
import { ScatterChart } from "./scatter";

/** A small plot for each parameter; its title enlarges it. */
export function SliceGrid(props: {
  slices: readonly Slice[];
  pointed: PointedRuns;
  /** Of a parameter's dimension. */
  enlarged: string;
  onEnlarge: (id: string) => void;
  onOpen: (runId: string, aside: boolean) => void;
}) {
  const { slices, pointed, enlarged, onEnlarge, onOpen } = props;
  return (
    <ul className="grid gap-x-8 gap-y-6 sm:grid-cols-2 xl:grid-cols-3">
      {slices.map(({ parameter, chart, word }) => (
        <li key={parameter.id} className="min-w-0">
          <div className="mb-2 flex flex-wrap items-baseline gap-x-2 text-xs">
            <button
              type="button"
              aria-pressed={parameter.id === enlarged}
              onClick={() => onEnlarge(parameter.id === enlarged ? "" : parameter.id)}
              title="Enlarge"
              className="wrap-anywhere min-h-6 text-left font-medium text-ink text-sm underline decoration-dotted underline-offset-4 hover:decoration-solid"
            >
              {parameter.label}
            </button>
            <span className="figures text-ink-faint">{word}</span>
          </div>
          <ScatterChart chart={chart} pointed={pointed} onOpen={onOpen} height="h-36" small />
        </li>
      ))}
    </ul>
  );
}
