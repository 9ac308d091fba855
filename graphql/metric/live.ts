import { AppError } from "@/core/errors";
import { type Points, toWireValues } from "@/core/history";
import { authorizeProject, authorizeRun } from "@/engine/authorize";
import { manyRunFacts, sweepFacts } from "@/engine/facts";
import { builder } from "../builder";
import type { Context } from "../context";
import { toNumber, toSweepId } from "../ids";
import { Events, openEvent } from "../live/events";
import type { Update } from "../live/feed";
import { Delivered, type MetricItem, type MetricScope } from "../live/metric-changes";

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

const MetricScopeInput = builder.inputType("MetricScope", {
  description: "Whose metrics: either of the two.",
  fields: (t) => ({
    sweepId: t.id({ description: "All runs of this sweep, by its id or path." }),
    runIds: t.idList({ description: `These runs, at most ${MAX_RUN_IDS}.` }),
  }),
});

builder.subscriptionField("metricsLogged", (t) =>
  t.field({
    type: MetricsChangeType,
    description:
      "Metrics as they are logged, of a sweep or of some runs. The first update comes at once: without a cursor it is empty, with one it holds what was missed.",
    args: {
      scope: t.arg({ type: MetricScopeInput, required: true, description: "Of a sweep, or of some runs." }),
      keys: t.arg.stringList({ description: "Only these metrics; all when absent." }),
      cursor: t.arg.string({ description: "Of the last update." }),
      numbers: t.arg.boolean({
        description: "Only what has a number among its points: no pictures and the like.",
      }),
    },
    subscribe: (_root, { scope: { sweepId, runIds }, keys, cursor, numbers }, context) => {
      const scope = toScope(sweepId, runIds);
      const wanted = keys && new Set(keys);
      const name = `metrics ${JSON.stringify([keys ?? null, numbers ?? false])}`;
      const isWanted = ({ key, points }: MetricItem) =>
        (!wanted || wanted.has(key)) && (!numbers || (points.others?.size ?? 0) < points.steps.length);
      const own = new OwnReading();
      return Events.open(context, {
        authorize: () => authorizeScope(context, scope),
        open: () => context.live.metrics(scope, cursor ?? undefined),
        forEverybody: true,
        name,
        refine: (update) => own.refine(update),
        toPayloads: (update) => {
          const series = wanted || numbers ? update.items.filter(isWanted) : update.items;
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
    throw new AppError("BAD_INPUT", "scope needs either sweepId or runIds");
  }
  if (sweepId != null) return { sweepId: toSweepId(sweepId) };
  if (runIds == null || runIds.length === 0 || runIds.length > MAX_RUN_IDS) {
    throw new AppError(
      "BAD_INPUT",
      `scope.runIds has ${runIds?.length ?? 0} entries, expected 1 to ${MAX_RUN_IDS}`,
    );
  }
  return { runIds: runIds.map((id) => toNumber("scope.runIds", id)) };
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

/**
 * What a subscriber has read for itself, from its cursor, before it heard what all hear: a chunk that comes later may
 * hold the same points.
 */
class OwnReading {
  #had: Delivered | undefined;

  refine(update: Update<MetricItem>): Update<MetricItem> {
    if (update.own) {
      if (update.items.length > 0) this.#had ??= new Delivered();
      for (const item of update.items) this.#had?.note(item);
      return update;
    }
    if (this.#had === undefined || !update.items.some(({ always }) => always)) return update;
    const items = this.#had.cut(update.items);
    return items === update.items ? update : { ...update, items, shared: {} };
  }
}
