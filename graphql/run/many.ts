import { deleteRuns } from "@/engine/delete-runs";
import { noteRun, renameRun } from "@/engine/note-run";
import { restoreRuns } from "@/engine/restore-runs";
import { stopRuns } from "@/engine/stop-runs";
import { tagRuns } from "@/engine/tag-runs";
import { builder } from "../builder";
import { toNumber } from "../ids";
import { Run } from "../refs";
import { mutationId, payload, verb } from "../verb";

/** Verbs of people who look after runs: several at once, or what is written about one. */

const changedRuns = (name: string, description: string) =>
  payload<{ runIds: readonly number[] }>(name, description, (t) => ({
    runIds: t.idList({
      nullable: true,
      description: "Their numbers as text, sorted.",
      resolve: ({ answer }) => answer?.runIds.map(String) ?? null,
    }),
    runs: t.field({
      type: [Run],
      nullable: true,
      description: "The runs afterwards; deleted ones are absent.",
      resolve: async ({ answer }, _args, { loaders }) => {
        if (answer === undefined) return null;
        const found = await Promise.all(answer.runIds.map((id) => loaders.run.load(id)));
        return found.filter((run) => run !== undefined);
      },
    }),
  }));

const changedRun = (name: string) =>
  payload<{ runId: number }>(name, "The run afterwards.", (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.run.load(answer.runId),
    }),
  }));

const toNumbers = (ids: readonly string[]) => ids.map((id, i) => toNumber(`runIds[${i}]`, id));

const RUN_IDS = { required: true, description: "Numbers as text, 1 to 1000 of them." } as const;

verb("tagRun", {
  description: "Puts tags on runs and takes tags off them: on all of them or none.",
  input: builder.inputType("TagRunInput", {
    description: "Which runs, and which tags.",
    fields: (t) => ({
      runIds: t.idList(RUN_IDS),
      add: t.stringList({ description: "Up to 50 tags of up to 128 characters; a run has at most 100." }),
      remove: t.stringList({ description: "Up to 50; those that a run has not are no mistake." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedRuns("TagRunPayload", "The runs with their tags."),
  run: (context, input) => tagRuns(context, { ...input, runIds: toNumbers(input.runIds) }),
});

verb("noteRun", {
  description: "Writes what people should know about a run; empty text takes it away.",
  input: builder.inputType("NoteRunInput", {
    description: "Which run, and what to write.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "Its number as text." }),
      text: t.string({ required: true, description: "Up to 20,000 characters; replaces what was there." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedRun("NoteRunPayload"),
  run: (context, input) => noteRun(context, { ...input, runId: toNumber("runId", input.runId) }),
});

verb("renameRun", {
  description: "Gives a run another display name. Its name in paths stays.",
  input: builder.inputType("RenameRunInput", {
    description: "Which run, and its new name.",
    fields: (t) => ({
      runId: t.id({ required: true, description: "Its number as text." }),
      displayName: t.string({ required: true, description: "For people, up to 500 characters." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedRun("RenameRunPayload"),
  run: (context, input) => renameRun(context, { ...input, runId: toNumber("runId", input.runId) }),
});

const whichRuns = (name: string) =>
  builder.inputType(name, {
    description: "Which runs.",
    fields: (t) => ({ runIds: t.idList(RUN_IDS), clientMutationId: mutationId(t) }),
  });

verb("stopRuns", {
  description: "stopRun for many: all of them or none.",
  input: whichRuns("StopRunsInput"),
  payload: changedRuns("StopRunsPayload", "The runs afterwards."),
  run: (context, input) => stopRuns(context, { ...input, runIds: toNumbers(input.runIds) }),
});

verb("deleteRuns", {
  description: "deleteRun for many: all of them or none.",
  input: whichRuns("DeleteRunsInput"),
  payload: changedRuns("DeleteRunsPayload", "The runs that were deleted."),
  run: (context, input) => deleteRuns(context, { ...input, runIds: toNumbers(input.runIds) }),
});

verb("restoreRuns", {
  description:
    "Takes a deletion of the last ten minutes back: all of the runs or none. Those that were under way stay killed. Refused where another run was started with the same point of the sweep meanwhile.",
  input: whichRuns("RestoreRunsInput"),
  payload: changedRuns("RestoreRunsPayload", "The runs that are back."),
  run: (context, input) => restoreRuns(context, { ...input, runIds: toNumbers(input.runIds) }),
});
