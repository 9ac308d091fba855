import { AppError } from "@/core/errors";
import { authorizeRun } from "@/engine/authorize";
import { runFacts } from "@/engine/facts";
import { builder } from "../builder";
import type { Context } from "../context";
import { toNumber } from "../ids";
import { Events, openEvent } from "../live/events";
import { type OutputItem, toPlace } from "../live/output-changes";
import { OutputPiece } from "../metric/schema";
import { Run } from "../refs";

const MAX_ATTEMPT = 2_147_483_647;

builder.subscriptionField("runChanged", (t) =>
  t.field({
    type: Run,
    description: "The run, at once and whenever its state, its attempts or its summary change.",
    args: { runId: t.arg.id({ required: true, description: "The run's number as text." }) },
    subscribe: async (_root, args, context) => {
      const runId = toNumber("runId", args.runId);
      const run = await authorized(context, runId);
      return Events.open(context, {
        authorize: async () => void (await authorized(context, runId)),
        open: () => context.live.run(run),
        name: "run",
        toPayloads: () => [runId],
      });
    },
    resolve: async (event, _args, context) => {
      const runId = openEvent(event, context);
      const run = await context.loaders.run.load(runId);
      if (run === undefined) throw new AppError("NOT_FOUND", `run ${runId} is gone`, { details: { runId } });
      return run;
    },
  }),
);

interface OutputChange {
  readonly cursor: string;
  readonly reset: boolean;
  readonly pieces: readonly OutputItem[];
}

const OutputChangeType = builder.objectRef<OutputChange>("OutputChange").implement({
  description: "What a run printed.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Hand it back after a lost connection." }),
    reset: t.exposeBoolean("reset", {
      description:
        "More was printed since the cursor than is worth sending: read the end of the run's output again, then go on from here.",
    }),
    pieces: t.field({
      type: [OutputPiece],
      description: "What is new, in the order of writing. A new attempt begins where the number changes.",
      resolve: ({ pieces }) => [...pieces],
    }),
  }),
});

builder.subscriptionField("outputLogged", (t) =>
  t.field({
    type: OutputChangeType,
    description:
      "What a run prints, as it comes: of its current attempt and those that follow, or of one attempt. The first update comes at once: without a cursor it is empty, with one it holds what was missed.",
    args: {
      runId: t.arg.id({ required: true, description: "The run's number as text." }),
      attempt: t.arg.int({ description: "This attempt alone." }),
      cursor: t.arg.string({ description: "Of the last update." }),
    },
    subscribe: (_root, { runId: id, attempt, cursor }, context) => {
      const runId = toNumber("runId", id);
      if (attempt != null && !(attempt >= 1 && attempt <= MAX_ATTEMPT))
        throw new AppError("BAD_INPUT", `attempt is ${attempt}, expected a number from 1`);
      if (cursor != null) toPlace(cursor);
      const scope = { runId, ...(attempt != null && { attempt }) };
      return Events.open(context, {
        authorize: async () => void (await authorized(context, runId)),
        open: () => context.live.output(scope, cursor ?? undefined),
        forEverybody: true,
        name: "output",
        toPayloads: ({ cursor, items, truncated }) => [{ cursor, reset: truncated, pieces: items }],
      });
    },
    resolve: (event, _args, context) => openEvent(event, context),
  }),
);

async function authorized(context: Context, runId: number) {
  const run = await runFacts(context.db, runId);
  await authorizeRun(context, run, "viewer");
  return run;
}
