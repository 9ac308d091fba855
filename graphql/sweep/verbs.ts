import { controlSweep } from "@/engine/control-sweep";
import { type CreateSweepAnswer, createSweep } from "@/engine/create-sweep";
import { resetMachine } from "@/engine/reset-machine";
import { builder } from "../builder";
import { toSweepId } from "../ids";
import { Sweep } from "../refs";
import { mutationId, payload, verb } from "../verb";
import "./edit";
import { Warning } from "./warning";

verb("createSweep", {
  description: "Reads a sweep file and stores it as a new sweep, ready to hand out runs.",
  input: builder.inputType("CreateSweepInput", {
    description: "A sweep file, as text or as a JSON value.",
    fields: (t) => ({
      source: t.string({
        description: "The file's text, YAML or JSON. Text tells 1.0 from 1; a JSON value can't.",
      }),
      json: t.field({ type: "JSON", description: "The sweep as a JSON value, instead of source." }),
      entity: t.string({ description: "Whose it shall be; beats the file. The caller's own when absent." }),
      project: t.string({ description: "Where it shall lie; beats the file. Made when it is not there." }),
      name: t.string({ description: "For people; beats the file." }),
      priorRuns: t.stringList({
        description:
          "Names or ids of runs of the same project, at most 1000, whose results the sweep begins with: finished ones whose parameters belong to its space. Others are left out with a warning.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<CreateSweepAnswer>("CreateSweepPayload", "The new sweep.", (t) => ({
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
  })),
  run: createSweep,
});

const CONTROLS = [
  ["pause", "Pause", "Hands out nothing for now; runs at work go on."],
  ["resume", "Resume", "Hands out runs again, also after the sweep had finished."],
  ["stop", "Stop", "Hands out nothing more; runs at work may end."],
  ["cancel", "Cancel", "Ends the sweep at once: runs at work are told to stop and are killed."],
] as const;

for (const [action, Name, description] of CONTROLS) {
  verb(`${action}Sweep`, {
    description,
    input: builder.inputType(`${Name}SweepInput`, {
      description: "Which sweep.",
      fields: (t) => ({
        sweepId: t.id({ required: true, description: "Id or path." }),
        clientMutationId: mutationId(t),
      }),
    }),
    payload: payload<{ sweepId: string }>(`${Name}SweepPayload`, "The sweep afterwards.", (t) => ({
      sweep: t.field({
        type: Sweep,
        nullable: true,
        description: "The sweep afterwards.",
        resolve: ({ answer }, _args, { loaders }) => answer && loaders.sweep.load(answer.sweepId),
      }),
    })),
    run: (context, input) => controlSweep(context, { ...input, sweepId: toSweepId(input.sweepId), action }),
  });
}

verb("resetMachine", {
  description: "Lifts the quarantine of a machine: its agents get runs of the sweep again.",
  input: builder.inputType("ResetMachineInput", {
    description: "Which machine of which sweep.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      host: t.string({ required: true, description: "As Sweep.machines says it." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ sweepId: string; lifted: boolean }>(
    "ResetMachinePayload",
    "What became of it.",
    (t) => ({
      lifted: t.boolean({
        nullable: true,
        description: "It was in quarantine, and is no more.",
        resolve: ({ answer }) => answer?.lifted ?? null,
      }),
      sweep: t.field({
        type: Sweep,
        nullable: true,
        description: "The sweep afterwards.",
        resolve: ({ answer }, _args, { loaders }) => answer && loaders.sweep.load(answer.sweepId),
      }),
    }),
  ),
  run: (context, input) => resetMachine(context, { ...input, sweepId: toSweepId(input.sweepId) }),
});
