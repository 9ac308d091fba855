import { type RetryRunsAnswer, retryRuns } from "@/engine/retry-runs";
import { builder } from "../builder";
import { toNumber, toSweepId } from "../ids";
import { Sweep } from "../refs";
import { mutationId, payload, verb } from "../verb";
import { RUN_LIST } from "./schema";

verb("retryRuns", {
  description:
    "Puts runs that failed, crashed or were killed back into their sweeps' queues: the same parameters, another attempt, before anything new. A finished sweep hands out runs again. Runs that wait or are under way stay as they are.",
  input: builder.inputType("RetryRunsInput", {
    description: "Which runs: either runIds, all of them or none, or sweepId.",
    fields: (t) => ({
      runIds: t.idList({ description: "Numbers as text, 1 to 1000 of them." }),
      sweepId: t.id({ description: "Id or path: its runs that did not end well, the first 1000 of them." }),
      filter: t.field({
        type: RUN_LIST.types.filter,
        description: "Beside sweepId: which of them; the failed and the crashed ones when absent.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<RetryRunsAnswer>("RetryRunsPayload", "What became of them.", (t) => ({
    runIds: t.idList({
      nullable: true,
      description: "Runs that wait in the queue now.",
      resolve: ({ answer }) => answer?.runIds.map(String) ?? null,
    }),
    left: t.int({
      nullable: true,
      description: "Runs of the sweep that were meant as well and are beyond what one call takes.",
      resolve: ({ answer }) => answer?.left ?? null,
    }),
    resumed: t.field({
      type: [Sweep],
      nullable: true,
      description: "Sweeps that had finished and hand out runs again.",
      resolve: async ({ answer }, _args, { loaders }) => {
        if (answer === undefined) return null;
        const found = await Promise.all(answer.resumed.map((id) => loaders.sweep.load(id)));
        return found.filter((sweep) => sweep !== undefined);
      },
    }),
  })),
  run: (context, { runIds, sweepId, ...input }) =>
    retryRuns(context, {
      ...input,
      ...(runIds && { runIds: runIds.map((id, i) => toNumber(`runIds[${i}]`, id)) }),
      ...(sweepId && { sweepId: toSweepId(sweepId) }),
    }),
});
