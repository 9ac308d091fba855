import { unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { clipPoints, concatPoints, type Points, toPoints } from "@/core/history/column";
import type { Segment } from "@/core/history/lineage";
import type { Tx } from "../client";

/**
 * All points of some metrics of one run, joined over its attempts, straight from the blocks: what a summary is
 * made of when it can't be counted on (an attempt that resumed, a step written again). Metrics without a point are
 * absent.
 * @param metricIds absent means all
 */
export async function readPoints(
  tx: Tx,
  {
    runId,
    segments,
    metricIds,
    minStep = 0,
  }: { runId: number; segments: readonly Segment[]; metricIds?: readonly number[]; minStep?: number },
): Promise<Map<number, Points>> {
  const pieces = new Map<number, Points[]>();
  const add = (metricId: number, points: Points) => {
    const list = pieces.get(metricId);
    if (list) list.push(points);
    else pieces.set(metricId, [points]);
  };
  const wanted = metricIds && new Set(metricIds);
  for (const { attempt, maxStep } of segments) {
    const [chunks, tails] = await Promise.all([
      tx<{ chunk: number; metricId: number; axis: Uint8Array; block: Uint8Array }[]>`
        select v.chunk, v.metric_id as "metricId", x.block as axis, v.block
        from metric_axes x join metric_values v on v.run_id = x.run_id and v.attempt = x.attempt and v.chunk = x.chunk
        where x.run_id = ${runId} and x.attempt = ${attempt} and x.last_step >= ${minStep} and x.first_step <= ${maxStep}
          and ${metricIds ? tx`v.metric_id = any(${[...metricIds]}::int[])` : tx`true`}
        order by v.metric_id, v.chunk`,
      tx<{ block: Uint8Array }[]>`
        select block from metric_tails
        where run_id = ${runId} and attempt = ${attempt} and last_step >= ${minStep} and first_step <= ${maxStep}
        order by first_step, batch`,
    ]);
    const until = (points: Points) => clipPoints(points, minStep, maxStep);
    for (const { metricId, axis, block } of chunks) {
      const unpacked = unpackAxis(axis);
      add(metricId, until(toPoints(unpacked, unpackColumn(block, unpacked.steps.length))));
    }
    for (const { block } of tails) {
      const { axis, series } = unpackTail(block, wanted);
      for (const { metricId, column } of series) add(metricId, until(toPoints(axis, column)));
    }
  }
  return new Map(
    Array.from(pieces, ([metricId, list]) => [metricId, concatPoints(list)] as const).filter(
      ([, points]) => points.steps.length > 0,
    ),
  );
}
