import type { SweepChange } from "@/core/sweep-change";
import { type AddPriorRunsAnswer, addPriorRuns } from "@/engine/add-prior-runs";
import {
  previewUpdate,
  type UpdatePreview,
  type UpdateSweepAnswer,
  updateSweep,
} from "@/engine/update-sweep";
import { builder } from "../builder";
import { SweepState } from "../enums";
import { type Failure, toFailure } from "../errors";
import { toSweepId } from "../ids";
import { Sweep } from "../refs";
import { FailureType, mutationId, payload, verb } from "../verb";
import { Warning } from "./warning";

/** A sweep that is there already: another file, another name, more that it knows. */

const Change = builder.objectRef<SweepChange>("SweepChange").implement({
  description: "One thing that another file would change of a sweep.",
  fields: (t) => ({
    path: t.exposeString("path", { description: "The key in the file, dotted." }),
    before: t.exposeString("before", { nullable: true, description: "Null where it said nothing." }),
    after: t.exposeString("after", { nullable: true, description: "Null where it says nothing." }),
    effect: t.exposeString("effect", {
      nullable: true,
      description: "What it means for the runs so far and for those to come; null where it is refused.",
    }),
    refusal: t.exposeString("refusal", {
      nullable: true,
      description: "Why it can't be changed while there are runs; null where it can.",
    }),
  }),
});

verb("updateSweep", {
  description:
    "Gives a sweep another name, or another file. While it has no runs any file will do; later one that leaves the runs so far what they are: run_cap, budget, targets, retries, early_terminate may change, ranges and lists of values may grow. previewUpdate says beforehand what would follow.",
  input: builder.inputType("UpdateSweepInput", {
    description: "What to change.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      source: t.string({ description: "The new file's text." }),
      json: t.field({ type: "JSON", description: "The new sweep as a JSON value, instead of source." }),
      name: t.string({ description: "The new name." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<UpdateSweepAnswer>("UpdateSweepPayload", "The sweep with its new file or name.", (t) => ({
    sweep: t.field({
      type: Sweep,
      nullable: true,
      description: "The sweep afterwards.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.sweep.load(answer.sweepId),
    }),
    warnings: t.field({
      type: [Warning],
      description: "What the parser noticed.",
      resolve: ({ answer }) => [...(answer?.warnings ?? [])],
    }),
    changes: t.field({
      type: [Change],
      description: "What was changed.",
      resolve: ({ answer }) => [...(answer?.changes ?? [])],
    }),
  })),
  run: (context, input) => updateSweep(context, { ...input, sweepId: toSweepId(input.sweepId) }),
});

const UpdatePreviewType = builder
  .objectRef<{ preview?: UpdatePreview; error?: Failure }>("UpdatePreview")
  .implement({
    description: "What updateSweep would do. Nothing is changed.",
    fields: (t) => ({
      changes: t.field({
        type: [Change],
        description: "Each thing that would be another one.",
        resolve: ({ preview }) => [...(preview?.changes ?? [])],
      }),
      allowed: t.boolean({
        description: "updateSweep would take it.",
        resolve: ({ preview }) => preview?.allowed ?? false,
      }),
      runCount: t.int({
        description: "Runs that the sweep has handed out.",
        resolve: ({ preview }) => preview?.runCount ?? 0,
      }),
      state: t.field({
        type: SweepState,
        nullable: true,
        description: "Of the sweep: a finished one stays finished until it is resumed.",
        resolve: ({ preview }) => preview?.state ?? null,
      }),
      sizeBefore: t.string({
        nullable: true,
        description: "Points of its space times repeats, decimal; null without an end.",
        resolve: ({ preview }) => preview?.sizeBefore ?? null,
      }),
      sizeAfter: t.string({
        nullable: true,
        description: "The same with the new file.",
        resolve: ({ preview }) => preview?.sizeAfter ?? null,
      }),
      warnings: t.field({
        type: [Warning],
        description: "What the parser noticed.",
        resolve: ({ preview }) => [...(preview?.warnings ?? [])],
      }),
      error: t.field({
        type: FailureType,
        nullable: true,
        description: "Why nothing of the file could be used.",
        resolve: ({ error }) => error ?? null,
      }),
    }),
  });

builder.queryField("previewUpdate", (t) =>
  t.field({
    type: UpdatePreviewType,
    description:
      "What another file, or another name, would change of a sweep: each change with what it means for the runs so far, or why it is refused.",
    args: {
      sweepId: t.arg.id({ required: true, description: "Id or path." }),
      source: t.arg.string({ description: "The new file's text, YAML or JSON." }),
      name: t.arg.string({ description: "The new name." }),
    },
    resolve: async (_root, { sweepId, source, name }, context) => {
      try {
        const asked = { sweepId: toSweepId(sweepId), source: source ?? undefined, name: name ?? undefined };
        return { preview: await previewUpdate(context, asked) };
      } catch (error) {
        const failure = toFailure(error);
        if (failure === undefined || DOORS.has(failure.code)) throw error;
        return { error: failure };
      }
    },
  }),
);

/** Not of the file: the caller may not look, or there is nothing to look at. */
const DOORS: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"]);

verb("addPriorRuns", {
  description:
    "Tells a sweep of runs of before: its search learns from their results, and nothing runs their points again. Also while it is under way.",
  input: builder.inputType("AddPriorRunsInput", {
    description: "Which sweep, and which runs.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      runIds: t.idList({
        required: true,
        description:
          "Numbers as text, or names, 1 to 1000, of the same project: finished ones whose parameters belong to the sweep's space. Others are left out with a warning.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<AddPriorRunsAnswer>("AddPriorRunsPayload", "What the sweep knows now.", (t) => ({
    sweep: t.field({
      type: Sweep,
      nullable: true,
      description: "The sweep afterwards.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.sweep.load(answer.sweepId),
    }),
    runIds: t.idList({
      nullable: true,
      description: "Runs that it was told of now; those it knew before are absent.",
      resolve: ({ answer }) => answer?.told.map(String) ?? null,
    }),
    warnings: t.field({
      type: [Warning],
      description: "Which runs were left out, and why.",
      resolve: ({ answer }) => [...(answer?.warnings ?? [])],
    }),
  })),
  run: (context, { runIds, ...input }) =>
    addPriorRuns(context, { ...input, sweepId: toSweepId(input.sweepId), runs: runIds }),
});
