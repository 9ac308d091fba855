import { AppError } from "@/core/errors";
import { type Points, toWireValues } from "@/core/history";
import { slicePoints } from "@/core/history/column";
import { authorizeProject, authorizeRun } from "@/engine/authorize";
import { manyRunFacts, sweepFacts } from "@/engine/facts";
import { builder } from "../builder";
import type { Context } from "../context";
import { toNumber, toSweepId } from "../ids";
import { openEvent, toEvents } from "../live/events";
import type { Update } from "../live/feed";
import type { MetricItem, MetricScope } from "../live/metric-changes";

const MAX_RUN_IDS = 200;

interface LoggedSeries {
  readonly runId: number;
  readonly attempt: number;
  readonly key: string;
  readonly points: Points;
}

interface MetricsChange {
  readonly cursor: string;
  readonly reset: boolean;
  readonly series: readonly LoggedSeries[];
}

const LoggedSeriesType = builder.objectRef<LoggedSeries>("LoggedSeries").implement({
  description: "New points of one metric of one attempt, in columns of one length.",
  fields: (t) => ({
    runId: t.exposeID("runId", { description: "The run." }),
    attempt: t.exposeInt("attempt", { description: "The attempt that logged them." }),
    key: t.exposeString("key", { description: "The metric." }),
    steps: t.field({
      type: "Column",
      description: "Steps, rising.",
      resolve: ({ points }) => Array.from(points.steps),
    }),
    times: t.field({
      type: "Column",
      description: "Milliseconds since 1970.",
      resolve: ({ points }) => Array.from(points.times),
    }),
    values: t.field({
      type: "Column",
      description: "Values.",
      resolve: ({ points }) => toWireValues(points),
    }),
  }),
});

const MetricsChangeType = builder.objectRef<MetricsChange>("MetricsChange").implement({
  description: "Points that were logged.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Hand it back after a lost connection." }),
    reset: t.exposeBoolean("reset", {
      description:
        "More was logged since the cursor than is worth sending: read the histories again, then go on from here.",
    }),
    series: t.field({
      type: [LoggedSeriesType],
      description: "What is new; a point (run, attempt, key, step) that comes again replaces the one before.",
      resolve: ({ series }) => [...series],
    }),
  }),
});

builder.subscriptionField("metricsLogged", (t) =>
  t.field({
    type: MetricsChangeType,
    description:
      "Metrics as they are logged, of a sweep or of some runs. The first update comes at once: without a cursor it is empty, with one it holds what was missed.",
    args: {
      sweepId: t.arg.id({ description: "All runs of this sweep." }),
      runIds: t.arg.idList({ description: `These runs instead, at most ${MAX_RUN_IDS}.` }),
      keys: t.arg.stringList({ description: "Only these metrics; all when absent." }),
      cursor: t.arg.string({ description: "Of the last update." }),
    },
    subscribe: (_root, { sweepId, runIds, keys, cursor }, context) => {
      const scope = toScope(sweepId, runIds);
      const wanted = keys && new Set(keys);
      const twice = new Delivered();
      return toEvents(context, {
        authorize: () => authorizeScope(context, scope),
        open: () => context.live.metrics(scope, cursor ?? undefined),
        toPayloads: (update) => {
          const series = toSeries(update, wanted ?? undefined, twice);
          const silent = update.items.length > 0 && series.length === 0;
          return silent ? [] : [{ cursor: update.cursor, reset: update.truncated, series }];
        },
      });
    },
    resolve: (event, _args, context) => openEvent(event, context),
  }),
);

function toScope(
  sweepId: string | null | undefined,
  runIds: readonly string[] | null | undefined,
): MetricScope {
  if ((sweepId == null) === (runIds == null)) {
    throw new AppError("BAD_INPUT", "metricsLogged needs either sweepId or runIds");
  }
  if (sweepId != null) return { sweepId: toSweepId(sweepId) };
  if (runIds == null || runIds.length === 0 || runIds.length > MAX_RUN_IDS) {
    throw new AppError(
      "BAD_INPUT",
      `runIds has ${runIds?.length ?? 0} entries, expected 1 to ${MAX_RUN_IDS}`,
    );
  }
  return { runIds: runIds.map((id) => toNumber("runIds", id)) };
}

async function authorizeScope(context: Context, { sweepId, runIds = [] }: MetricScope): Promise<void> {
  if (sweepId !== undefined) {
    const { projectId } = await sweepFacts(context.db, sweepId);
    return authorizeProject(context, projectId, "viewer");
  }
  const facts = await manyRunFacts(context.db, runIds);
  for (const runId of runIds) {
    const run = facts.get(runId);
    if (run === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
    await authorizeRun(context, run, "viewer");
  }
}

function toSeries(
  { items }: Update<MetricItem>,
  wanted: ReadonlySet<string> | undefined,
  delivered: Delivered,
): LoggedSeries[] {
  const series: LoggedSeries[] = [];
  for (const item of items) {
    if (wanted !== undefined && !wanted.has(item.key)) continue;
    const points = delivered.add(item);
    if (points.steps.length > 0) series.push({ ...item, points });
  }
  return series;
}

/**
 * How far this subscriber has got with each metric. A merged chunk may hold tails that it has had: those points are
 * cut off. Memory is one number a metric of an attempt that logged while it was looking.
 */
class Delivered {
  readonly #lastSteps = new Map<string, number>();

  add({ runId, attempt, key, always, points }: MetricItem): Points {
    const name = `${runId}/${attempt}/${key}`;
    const last = this.#lastSteps.get(name) ?? -1;
    const from = always ? points.steps.findIndex((step) => step > last) : 0;
    if (from < 0) return { ...points, steps: points.steps.subarray(0, 0) };
    this.#lastSteps.set(name, Math.max(last, points.steps.at(-1) ?? -1));
    return from === 0 ? points : slicePoints(points, from, points.steps.length);
  }
}
