import type { Access } from "@/core/access";
import { unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Axis, type Points, slicePoints, toPoints } from "@/core/history/column";
import type { Database } from "@/db/client";
import { type NewBlock, type Probe, readCursor, readMetricNames, readNewBlocks } from "@/db/queries/changes";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** The new points of one metric of one attempt. */
export interface MetricItem extends Item {
  readonly runId: number;
  readonly attempt: number;
  readonly key: string;
  readonly points: Points;
}

export interface MetricScope {
  readonly sweepId?: string;
  readonly runIds?: readonly number[];
}

/** About 500,000 points packed: whoever missed more reads the histories, in buckets, instead. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Points that wait for a slow subscriber: 4 MB of numbers. A line of one point takes as much memory as 50 points do. */
const MAX_WAITING_POINTS = 250_000;
const LINE_WEIGHT = 50;

/**
 * With 2,000 points a second and 20 subscribers on 2 cores, log to screen: 100 ms of rest p50 115 ms, p95 190 ms;
 * 40 ms p50 39 ms, p95 87 ms; 20 ms is slower again (p50 48 ms), since reading takes the time that it saves.
 */
const REST_MS = 40;
/** Each send costs the server some 20 us: with 500 subscribers ten updates a second take a tenth of its core. */
const REST_MS_A_SUBSCRIBER = 0.2;

export function openMetricSource(
  db: Database,
  access: Access,
  scope: MetricScope,
  onError: (error: unknown) => void,
): Source<MetricItem> {
  const names = new Map<number, string>();
  const told = new Delivered();
  const scopes: Pick<Probe & { kind: "run" | "sweep" }, "kind" | "id">[] =
    scope.sweepId === undefined
      ? (scope.runIds ?? []).map((id) => ({ kind: "run" as const, id }))
      : [{ kind: "sweep" as const, id: scope.sweepId }];
  return {
    async read(since) {
      const { cursor, blocks, truncated } = await retrying(() =>
        readNewBlocks(db, access, { ...scope, since, limitBytes: MAX_BYTES }),
      );
      if (truncated) return { cursor, items: [], truncated };
      const found = [...unpack(blocks)];
      const missing = new Set(found.map(({ metricId }) => metricId).filter((id) => !names.has(id)));
      if (missing.size > 0) {
        for (const [id, name] of await readMetricNames(db, [...missing])) names.set(id, name);
      }
      const items = found.flatMap(({ metricId, ...item }) => {
        const key = names.get(metricId);
        return key === undefined ? [] : [{ ...item, key }];
      });
      return { cursor, items };
    },
    now: () => retrying(() => readCursor(db)),
    settle: (items) => told.cut(items),
    probe: (name, since) => scopes.map(({ kind, id }) => ({ name, kind, id, since })),
    weigh: ({ points }) => LINE_WEIGHT + points.steps.length,
    maxWeight: MAX_WAITING_POINTS,
    restMs: (subscribers) => Math.max(REST_MS, subscribers * REST_MS_A_SUBSCRIBER),
    onError,
  };
}

/**
 * How far somebody has got with each metric. A merged chunk may hold tails that were had already: those points are cut
 * off. Memory is one number a metric of an attempt that logged meanwhile.
 */
export class Delivered {
  readonly #lastSteps = new Map<string, number>();

  /** @returns the same list when nothing had to be cut */
  cut(items: readonly MetricItem[]): readonly MetricItem[] {
    const kept: MetricItem[] = [];
    let same = true;
    for (const item of items) {
      const points = item.always ? this.#beyond(item) : item.points;
      this.note(item);
      if (points === item.points) kept.push(item);
      else {
        same = false;
        if (points.steps.length > 0) kept.push({ ...item, points });
      }
    }
    return same ? items : kept;
  }

  note({ runId, attempt, key, points }: MetricItem): void {
    const name = `${runId}/${attempt}/${key}`;
    const last = points.steps.at(-1);
    if (last !== undefined && last > (this.#lastSteps.get(name) ?? -1)) this.#lastSteps.set(name, last);
  }

  #beyond({ runId, attempt, key, points }: MetricItem): Points {
    const last = this.#lastSteps.get(`${runId}/${attempt}/${key}`);
    if (last === undefined) return points;
    const from = points.steps.findIndex((step) => step > last);
    if (from === 0) return points;
    return slicePoints(points, from < 0 ? points.steps.length : from, points.steps.length);
  }
}

type Found = Omit<MetricItem, "key"> & { metricId: number };

function* unpack(blocks: readonly NewBlock[]): Generator<Found> {
  // An axis stands before its values: the rows come sorted by (run, attempt, first step, kind).
  const axes = new Map<string, Axis>();
  for (const { kind, runId, attempt, number, metricId, xid: text, block } of blocks) {
    const xid = BigInt(text);
    const chunk = `${runId}/${attempt}/${number}`;
    if (kind === "axis") axes.set(chunk, unpackAxis(block));
    else if (kind === "tail") {
      const { axis, series } = unpackTail(block);
      for (const { metricId, column } of series) {
        yield { xid, runId, attempt, metricId, points: toPoints(axis, column) };
      }
    } else {
      const axis = axes.get(chunk);
      if (axis === undefined || metricId === null) continue;
      const points = toPoints(axis, unpackColumn(block, axis.steps.length));
      yield { xid, always: true, runId, attempt, metricId, points };
    }
  }
}
