import type { RunState as State } from "@/core/run";
import { type CreateRunAnswer, createRun } from "@/engine/create-run";
import { dateRun } from "@/engine/date-run";
import { deleteRun } from "@/engine/delete-run";
import { describeAttempt, MAX_DIFF_BYTES, MAX_FACTS_BYTES } from "@/engine/describe-attempt";
import { finishRun } from "@/engine/finish-run";
import { logSystem, MAX_SAMPLES_A_CALL } from "@/engine/log-system";
import { stopRun } from "@/engine/stop-run";
import { MAX_WARNINGS, warnRun } from "@/engine/warn-run";
import { builder } from "../builder";
import { FinishState, RunState, WarningCode } from "../enums";
import { toNumber } from "../ids";
import { Run } from "../refs";
import { mutationId, payload, type Types, verb } from "../verb";
import "./many";

/** The run afterwards, under its id alone where that is all the caller needs: agents ask for nothing else. */
const changedRun = (name: string, description: string) =>
  payload<{ runId: number; state?: State }>(name, description, (t) => ({
    runId: t.id({
      nullable: true,
      description: "Its number as text.",
      resolve: ({ answer }) => answer?.runId ?? null,
    }),
    state: t.field({
      type: RunState,
      nullable: true,
      description: "Its state afterwards.",
      resolve: async ({ answer }, _args, { loaders }) =>
        answer && (answer.state ?? (await loaders.run.load(answer.runId))?.state ?? null),
    }),
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run; null when it was deleted.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.run.load(answer.runId),
    }),
  }));

verb("finishRun", {
  description: "Ends an attempt. The run may go back into the queue: its state afterwards is then pending.",
  input: builder.inputType("FinishRunInput", {
    description: "Which attempt ended, and how.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "The run's number as text." }),
      attempt: t.int({ required: true, description: "Which try it was." }),
      state: t.field({ type: FinishState, required: true, description: "How it ended." }),
      exitCode: t.int({ description: "Of the training program." }),
      reason: t.string({ description: "Why, as a word." }),
      detail: t.string({ description: "Why, in a sentence for people." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedRun("FinishRunPayload", "The run afterwards."),
  run: (context, input) => finishRun(context, { ...input, runId: toNumber("runId", input.runId) }),
});

verb("createRun", {
  description:
    "Starts a run outside any sweep, with its first attempt. It has no lease but must be heard of every 5 minutes.",
  input: builder.inputType("CreateRunInput", {
    description: "What the run is.",
    fields: (t) => ({
      entity: t.string({ description: "The caller's own when absent." }),
      project: t.string({ description: "Made when it is not there." }),
      name: t.string({ description: "Unique in its project; 8 characters are chosen when absent." }),
      displayName: t.string({ description: "For people." }),
      params: t.string({ description: "Its parameters as JSON text." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<CreateRunAnswer>("CreateRunPayload", "The run, and the key that speaks for it.", (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.run.load(answer.runId),
    }),
    attempt: t.int({
      nullable: true,
      description: "Its first attempt.",
      resolve: ({ answer }) => answer?.attempt ?? null,
    }),
    apiKey: t.string({
      nullable: true,
      description: "Valid for this run and attempt only.",
      resolve: ({ answer }) => answer?.apiKey ?? null,
    }),
  })),
  run: createRun,
});

verb("dateRun", {
  description:
    "Says when a run outside sweeps began and ended, where that was not here and now: it was moved in from elsewhere. The last word wins.",
  input: builder.inputType("DateRunInput", {
    description: "Which run, and when. What is absent stays.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "The run's number as text." }),
      startedAt: t.field({ type: "DateTime", description: "When it began." }),
      finishedAt: t.field({
        type: "DateTime",
        description: "When it ended, no earlier than it began; of a run that is over.",
      }),
      clientMutationId: mutationId(t, "Comes back as it was sent: dated twice is dated."),
    }),
  }),
  payload: changedRun("DateRunPayload", "The run."),
  run: (context, input) => dateRun(context, { ...input, runId: toNumber("runId", input.runId) }),
});

const whichAttempt = (t: PothosSchemaTypes.InputFieldBuilder<Types, "InputObject">) => ({
  runId: t.id({ required: true, description: "The run's number as text." }),
  attempt: t.int({ required: true, description: "Which try, from 1." }),
});

verb("describeAttempt", {
  description:
    "What an attempt is: its program, machine, packages and repository, for whoever wants to do it again. The last description wins.",
  input: builder.inputType("DescribeAttemptInput", {
    description: "An attempt and the facts about it.",
    fields: (t) => ({
      ...whichAttempt(t),
      facts: t.field({
        type: "JSON",
        required: true,
        description: `An object, at most ${MAX_FACTS_BYTES} bytes: argv, cwd, host, user, os, cpu, memoryBytes, node, python, packages, git, gpus.`,
      }),
      diff: t.string({
        description: `What the working tree had beside its commit, at most ${MAX_DIFF_BYTES} bytes.`,
      }),
      clientMutationId: mutationId(t, "Comes back as it was sent: described twice is described."),
    }),
  }),
  payload: changedRun("DescribeAttemptPayload", "The run."),
  run: async (context, input) => {
    const runId = toNumber("runId", input.runId);
    await describeAttempt(context, { ...input, runId });
    return { runId };
  },
});

const SystemSampleInput = builder.inputType("SystemSampleInput", {
  description: "What a run's machine did at one moment.",
  fields: (t) => ({
    timeMs: t.float({ required: true, description: "Milliseconds since 1970." }),
    values: t.field({ type: "JSON", required: true, description: "Finite numbers by name." }),
  }),
});

verb("logSystem", {
  description:
    "Stores what an attempt's machine did, apart from the run's metrics. Samples that are not later than the last one kept are ignored.",
  input: builder.inputType("LogSystemInput", {
    description: "Samples of one attempt.",
    fields: (t) => ({
      ...whichAttempt(t),
      samples: t.field({
        type: [SystemSampleInput],
        required: true,
        description: `At most ${MAX_SAMPLES_A_CALL}, with 200 names together.`,
      }),
      clientMutationId: mutationId(t, "Comes back as it was sent: a sample sent again is the same one."),
    }),
  }),
  payload: changedRun("LogSystemPayload", "The run."),
  run: async (context, input) => logSystem(context, { ...input, runId: toNumber("runId", input.runId) }),
});

const RunWarningInput = builder.inputType("RunWarningInput", {
  description: "Something that whoever looks at the run should know.",
  fields: (t) => ({
    code: t.field({ type: WarningCode, required: true, description: "What it is." }),
    message: t.string({ required: true, description: "For people, at most 500 characters." }),
  }),
});

verb("warnRun", {
  description:
    "Notes what was noticed about a run and its program does not say. A warning given again is the same one.",
  input: builder.inputType("WarnRunInput", {
    description: "Warnings about one attempt.",
    fields: (t) => ({
      ...whichAttempt(t),
      warnings: t.field({
        type: [RunWarningInput],
        required: true,
        description: `A run keeps the first ${MAX_WARNINGS}.`,
      }),
      clientMutationId: mutationId(t, "Comes back as it was sent: a warning given again is the same one."),
    }),
  }),
  payload: changedRun("WarnRunPayload", "The run."),
  run: async (context, input) => warnRun(context, { ...input, runId: toNumber("runId", input.runId) }),
});

const whichRun = (name: string) =>
  builder.inputType(name, {
    description: "Which run.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "Its number as text." }),
      clientMutationId: mutationId(t),
    }),
  });

verb("stopRun", {
  description: "Asks whoever works on a run to end it; one that waits in the queue is killed at once.",
  input: whichRun("StopRunInput"),
  payload: changedRun("StopRunPayload", "The run afterwards."),
  run: async (context, input) => {
    const runId = toNumber("runId", input.runId);
    await stopRun(context, { ...input, runId });
    return { runId };
  },
});

verb("deleteRun", {
  description: "Takes a run out of all lists. Its point of a grid may then be handed out again.",
  input: whichRun("DeleteRunInput"),
  payload: changedRun("DeleteRunPayload", "The run that was deleted."),
  run: async (context, input) => {
    const runId = toNumber("runId", input.runId);
    await deleteRun(context, { ...input, runId });
    return { runId };
  },
});
