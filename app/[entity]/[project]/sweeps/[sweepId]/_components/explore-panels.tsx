"use client";

import { useSweepView } from "@/app/_live/sweep-view";
import { ExploreContour } from "./explore-contour";
import { ExploreScatter } from "./explore-scatter";
import { ExploreSlices } from "./explore-slices";
import { useCalmRuns, useRankedParameters } from "./use-explore";

/** Any two things about the runs against each other, each parameter against the metric, and two of them as a landscape. */
export function ExplorePanels() {
  const { data } = useSweepView();
  const runs = useCalmRuns();
  const parameters = useRankedParameters(runs);
  return (
    <div className="mt-6 space-y-10">
      <ExploreScatter runs={runs} parameters={parameters} />
      {data.head.metric && (
        <>
          <ExploreSlices runs={runs} parameters={parameters} metric={data.head.metric} />
          <ExploreContour runs={runs} parameters={parameters} />
        </>
      )}
    </div>
  );
}
