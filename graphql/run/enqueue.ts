import { enqueueRun, MAX_WAITING, type QueuedRun } from "@/engine/enqueue-run";
import { builder } from "../builder";
import { toSweepId } from "../ids";
import { Run } from "../refs";
import { mutationId, payload, verb } from "../verb";

verb("enqueueRun", {
  description: `Puts a configuration of the caller's choice into a sweep's queue: agents get it before anything that the sweep chooses, and a search learns from it where it belongs to the space. Refused when the sweep has ended, run_cap is reached or ${MAX_WAITING} runs wait.`,
  input: builder.inputType("EnqueueRunInput", {
    description: "What to run.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      params: t.string({
        required: true,
        description: "Its parameters as JSON text, taken as they are: 1.0 is told from 1.",
      }),
      displayName: t.string({ description: "For people; numbered like the sweep's other runs when absent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<QueuedRun>("EnqueueRunPayload", "The run, which waits.", (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.run.load(answer.runId),
    }),
  })),
  run: (context, input) => enqueueRun(context, { ...input, sweepId: toSweepId(input.sweepId) }),
});
