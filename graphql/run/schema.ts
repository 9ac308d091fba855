import { AppError } from "@/core/errors";
import { type RunField, readRunFilter, readRunOrder } from "@/core/run-filter";
import type { RunRow } from "@/db/queries/runs";
import { findRun } from "@/db/queries/runs";
import { ownEntity } from "../access";
import { inFull } from "../allowance";
import { builder } from "../builder";
import { connection, isInteger } from "../connection";
import { AttemptState, RunState } from "../enums";
import { toLookup, toNumber } from "../ids";
import { filterTypes } from "../list";
import "./columns";
import "./files";
import "./machine";
import "./media";
import "./parts";
import { runUrl } from "../links";
import { Agent, Attempt, Project, Run, Sweep } from "../refs";
import { Suggestion } from "../sweep/search";

export const RunConnection = connection<RunRow>("Run", Run, "runs");

const DESCRIPTIONS: Readonly<Record<RunField, string>> = {
  id: "Its number: runs are numbered in the order in which they were made.",
  state: "Where it stands.",
  stateReason: "Why, as a word.",
  name: "Its name in paths.",
  displayName: "Its name for people.",
  notes: "What somebody wrote about it.",
  host: "The machine of its current attempt.",
  sweep: "The id of its sweep; missing outside of one.",
  tags: "Its tags: contains, in, notIn and exists; not for ordering.",
  createdAt: "When it was handed out first, or created.",
  startedAt: "When its first attempt began.",
  finishedAt: "When it ended.",
  duration: "Seconds from its start to its end, or until now.",
  ordinal: "Which run of its sweep it is, from 1.",
  attempt: "Number of the current attempt.",
  crashes: "Attempts lost.",
  preemptions: "Attempts preempted.",
  generation: "The edit of the sweep's file it came from.",
  exitCode: "Of the training program.",
  objective: "The best value of the sweep's metric.",
};

/** Of every list of runs. */
export const RUN_LIST = {
  types: filterTypes("Run", "runs", DESCRIPTIONS, true),
  readFilter: readRunFilter,
  readOrder: readRunOrder,
  isId: (id: unknown): id is number => isInteger(id, Number.MAX_SAFE_INTEGER),
};

Run.implement({
  description:
    "One configuration and what became of it. Its state, output and history are those of its current attempt.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text, unique on this server." }),
    name: t.exposeString("name", { description: "Unique in its project; stands in its path." }),
    displayName: t.exposeString("displayName", { description: "For people." }),
    url: t.string({
      description: "Its page.",
      resolve: async (run, _args, context) => {
        const project = await context.loaders.project.load(run.projectId);
        return project === undefined ? context.publicUrl : runUrl(context, project, run);
      },
    }),
    state: t.expose("state", { type: RunState, description: "Where it stands." }),
    stateReason: t.exposeString("stateReason", {
      nullable: true,
      description: "Why, as a word: lease_expired, stopped_by_user, target_reached, exit_code and the like.",
    }),
    stateDetail: t.exposeString("stateDetail", {
      nullable: true,
      description: "Why, in a sentence for people.",
    }),
    params: t.string({
      description: "The parameters as JSON text, in which 1.0 is not 1.",
      resolve: (run) => inFull(run.params),
    }),
    parameters: t.field({
      type: "JSON",
      description: "The parameters as a JSON value, for reading only: it no longer tells 1.0 from 1.",
      resolve: (run) => JSON.parse(inFull(run.params)) as unknown,
    }),
    ordinal: t.int({
      nullable: true,
      description: "Which run of its sweep it is, from 1, in the order they were handed out.",
      resolve: async ({ id, sweepId }, _args, { loaders }) =>
        sweepId === null ? null : (await loaders.runPart.load({ id, part: "ordinal" }))?.ordinal,
    }),
    generation: t.exposeInt("generation", {
      nullable: true,
      description: "The edit of the sweep's file it came from.",
    }),
    pointIndex: t.exposeString("pointIndex", {
      nullable: true,
      description: "Which point of the sweep, decimal, from 0.",
    }),
    suggestion: t.field({
      type: Suggestion,
      nullable: true,
      description: "Why it has this configuration; null unless a search proposed it.",
      resolve: (run, _args, { loaders }) => loaders.suggestion.load(run.id),
    }),
    repeat: t.exposeInt("repeat", { description: "Which repetition of that point, from 0." }),
    attempt: t.exposeInt("attempt", { description: "Number of the current attempt; 0 before the first." }),
    attempts: t.field({
      type: [Attempt],
      description: "All tries at it, the first one first.",
      args: { number: t.arg.int({ description: "That one alone." }) },
      resolve: async ({ id }, { number }, { loaders }) => {
        const attempts = await loaders.attempts.load(id);
        return number == null ? attempts : attempts.filter((attempt) => attempt.number === number);
      },
    }),
    agent: t.field({
      type: Agent,
      nullable: true,
      description: "Who holds it, or held it last.",
      resolve: async ({ id, attempt }, _args, { loaders }) =>
        attempt === 0 ? null : (await loaders.runPart.load({ id, part: "agent" }))?.agent,
    }),
    objective: t.exposeFloat("objective", {
      nullable: true,
      description: "The best finite value of the sweep's metric so far, by its goal.",
    }),
    objectiveStep: t.float({
      nullable: true,
      description: "The step at which that was logged.",
      resolve: (run) => run.objectiveStep,
    }),
    feasible: t.boolean({
      nullable: true,
      description:
        "Whether it ended with values that keep to its sweep's constraints on metrics; a metric that it did not log breaks its constraint. Null before its current attempt has ended, and in a sweep without such constraints.",
      resolve: (run) => run.feasible,
    }),
    exitCode: t.exposeInt("exitCode", { nullable: true, description: "Of the training program." }),
    stopRequested: t.exposeString("stopRequested", {
      nullable: true,
      description: "Somebody wants it to end and its holder may not know yet: stop, cancel or early.",
    }),
    crashes: t.exposeInt("crashes", {
      description: "Attempts lost so far; compared with the sweep's retries.",
    }),
    preemptions: t.exposeInt("preemptions", {
      description: "Attempts that were preempted; they use up no retries.",
    }),
    createdAt: t.expose("createdAt", {
      type: "DateTime",
      description: "When it was handed out first, or created.",
    }),
    startedAt: t.expose("startedAt", {
      type: "DateTime",
      nullable: true,
      description: "When its first attempt began.",
    }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true, description: "When it ended." }),
    outputDroppedAt: t.expose("outputDroppedAt", {
      type: "DateTime",
      nullable: true,
      description: "When retention took away what it printed; null while all of it is there.",
    }),
    historyDroppedAt: t.expose("historyDroppedAt", {
      type: "DateTime",
      nullable: true,
      description:
        "When retention took away its metric history (its summary stays); null while all of it is there.",
    }),
    sweep: t.field({
      type: Sweep,
      nullable: true,
      description: "The sweep it belongs to; null for a run outside one.",
      resolve: (run, _args, { loaders }) => (run.sweepId === null ? null : loaders.sweep.load(run.sweepId)),
    }),
    project: t.field({
      type: Project,
      nullable: true,
      description: "Where it lies; null for its own key, which sees nothing but the run.",
      resolve: (run, _args, { loaders }) => loaders.project.load(run.projectId),
    }),
  }),
});

Attempt.implement({
  description: "One try at a run, by one holder.",
  fields: (t) => ({
    number: t.exposeInt("number", { description: "From 1." }),
    state: t.expose("state", { type: AttemptState, description: "Where it stands, or how it ended." }),
    agent: t.field({
      type: Agent,
      nullable: true,
      description: "Who holds it; null for a writer without an agent.",
      resolve: (attempt, _args, { loaders }) =>
        attempt.agentId === null ? null : loaders.agent.load(attempt.agentId),
    }),
    host: t.exposeString("host", { nullable: true, description: "The machine it runs on." }),
    pid: t.exposeInt("pid", { nullable: true, description: "The process on that machine." }),
    command: t.stringList({
      nullable: true,
      description: "The words of the command that was started.",
      resolve: (attempt) => (attempt.command === null ? null : (JSON.parse(attempt.command) as string[])),
    }),
    slot: t.exposeInt("slot", {
      nullable: true,
      description: "Which of its agent's slots it has, from 0, as BESOM_SLOT says.",
    }),
    device: t.exposeString("device", {
      nullable: true,
      description: "The devices it sees, as CUDA_VISIBLE_DEVICES says.",
    }),
    leaseExpiresAt: t.expose("leaseExpiresAt", {
      type: "DateTime",
      nullable: true,
      description: "Until when it is held unless a heartbeat comes; null without an agent.",
    }),
    lastContactAt: t.expose("lastContactAt", { type: "DateTime", description: "When it was last heard of." }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When it began." }),
    endedAt: t.expose("endedAt", { type: "DateTime", nullable: true, description: "When it ended." }),
    exitCode: t.exposeInt("exitCode", { nullable: true, description: "Of the training program." }),
    reason: t.exposeString("reason", { nullable: true, description: "Why it ended, as a word." }),
    lastStep: t.float({
      nullable: true,
      description: "The last step it logged.",
      resolve: (attempt) => attempt.lastStep,
    }),
    resumedFromStep: t.float({
      nullable: true,
      description: "The step of the earlier attempt that it went on from, when it said so.",
      resolve: (attempt) => attempt.resumedFromStep,
    }),
  }),
});

builder.queryField("run", (t) =>
  t.field({
    type: Run,
    nullable: true,
    description: "A run by its id, or by entity, project and name. Without an entity it is the caller's own.",
    args: {
      id: t.arg.id({ description: "Its number as text." }),
      entity: t.arg.string({ description: "First part of its path." }),
      project: t.arg.string({ description: "Second part of its path." }),
      name: t.arg.string({ description: "Its name." }),
    },
    resolve: async (_root, { id, entity, project, name }, context) => {
      if (id) return context.loaders.run.load(toNumber("id", id));
      if (!project || !name) throw new AppError("BAD_INPUT", "run needs either id, or project and name");
      return findRun(context.db, context.access, {
        entity: toLookup("entity", entity ?? (await ownEntity(context))),
        project: toLookup("project", project),
        name: toLookup("name", name),
      });
    },
  }),
);
