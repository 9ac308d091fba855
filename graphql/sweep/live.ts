import { AppError } from "@/core/errors";
import { authorizeProject } from "@/engine/authorize";
import { sweepFacts } from "@/engine/facts";
import { builder } from "../builder";
import type { Context } from "../context";
import { toSweepId } from "../ids";
import { Events, openEvent } from "../live/events";
import type { Update } from "../live/feed";
import type { SweepItem } from "../live/sweep-changes";
import { Run, Sweep } from "../refs";

/** Ten thousand changed runs after a long absence come in pieces; only the last piece moves the cursor. */
const RUNS_A_PIECE = 500;

interface RunsChange {
  cursor: string;
  runIds: readonly number[];
  removed: readonly number[];
}

const RunsChangeType = builder.objectRef<RunsChange>("RunsChange").implement({
  description: "Runs of a sweep that are new or changed.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Hand it back after a lost connection." }),
    runs: t.field({
      type: [Run],
      description: "As they are now.",
      resolve: async ({ runIds }, _args, { loaders }) => {
        const runs = await Promise.all(runIds.map((id) => loaders.run.load(id)));
        return runs.filter((run) => run !== undefined); // deleted since
      },
    }),
    removed: t.idList({ description: "Deleted runs.", resolve: ({ removed }) => [...removed] }),
  }),
});

builder.subscriptionField("sweepChanged", (t) =>
  t.field({
    type: Sweep,
    description: "The sweep, at once and whenever it, its runs or its agents change.",
    args: { sweepId: t.arg.id({ required: true, description: "Id or path." }) },
    subscribe: (_root, args, context) => {
      const sweepId = toSweepId(args.sweepId);
      return Events.open(context, {
        authorize: () => authorizeSweep(context, sweepId),
        open: () => context.live.sweep(sweepId),
        name: "sweep",
        toPayloads: () => [sweepId],
      });
    },
    resolve: async (event, _args, context) => {
      const sweepId = openEvent(event, context);
      const sweep = await context.loaders.sweep.load(sweepId);
      if (sweep === undefined)
        throw new AppError("NOT_FOUND", `sweep ${sweepId} is gone`, { details: { sweepId } });
      return sweep;
    },
  }),
);

builder.subscriptionField("runsChanged", (t) =>
  t.field({
    type: RunsChangeType,
    description:
      "Runs of the sweep as they change. The first update comes at once: without a cursor it is empty, with one it holds what was missed. A run may come twice, so keep them by id.",
    args: {
      sweepId: t.arg.id({ required: true, description: "Id or path." }),
      cursor: t.arg.string({ description: "Of the last update, or of the query that read the page." }),
    },
    subscribe: (_root, args, context) => {
      const sweepId = toSweepId(args.sweepId);
      const from = args.cursor ?? undefined;
      return Events.open(context, {
        authorize: () => authorizeSweep(context, sweepId),
        open: () => context.live.sweep(sweepId, from),
        name: "runs",
        toPayloads: toPieces,
      });
    },
    resolve: (event, _args, context) => openEvent(event, context),
  }),
);

function toPieces({ items, cursor, since }: Update<SweepItem>): RunsChange[] {
  const changed = new Set<number>();
  const removed = new Set<number>();
  for (const item of items) {
    if (item.runId === undefined) continue;
    if (item.removed) removed.add(item.runId);
    else changed.add(item.runId);
  }
  for (const runId of removed) changed.delete(runId);
  const runIds = [...changed];
  const pieces: RunsChange[] = [];
  for (let i = RUNS_A_PIECE; i < runIds.length; i += RUNS_A_PIECE) {
    pieces.push({ cursor: since, runIds: runIds.slice(i - RUNS_A_PIECE, i), removed: [] });
  }
  const rest = runIds.slice(pieces.length * RUNS_A_PIECE);
  // An update about the sweep alone still says that nothing happened up to its cursor; it is sent only at first.
  if (items.length > 0 && rest.length === 0 && removed.size === 0) return pieces;
  return [...pieces, { cursor, runIds: rest, removed: [...removed] }];
}

async function authorizeSweep(context: Context, sweepId: string): Promise<void> {
  const { projectId } = await sweepFacts(context.db, sweepId);
  await authorizeProject(context, projectId, "viewer");
}
