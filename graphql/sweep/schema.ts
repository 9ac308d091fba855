import { type Goal, legalActions } from "@/core/sweep";
import { deserializeConfig, type SweepConfig } from "@/core/sweep-config";
import type { MachineRow } from "@/db/queries/machines";
import type { BestPoint, RunCounts } from "@/db/queries/runs";
import type { SweepRow } from "@/db/queries/sweeps";
import { readImportance } from "@/engine/importance";
import { mayAct } from "../access";
import { inFull } from "../allowance";
import { builder } from "../builder";
import { checkFirst } from "../connection";
import { Person } from "../entity/people";
import { AgentState, SweepAction, SweepState } from "../enums";
import { toSweepId } from "../ids";
import { MAX_PAGE } from "../limits";
import { clientCommand, sweepPath, sweepUrl } from "../links";
import { listArgs, toPage } from "../list";
import { Agent, Project, Run, Sweep } from "../refs";
import { RUN_LIST, RunConnection } from "../run/schema";
import { BestByModel } from "./best-by-model";
import { Front } from "./front";
import { ImportanceType, importanceArgs, toImportanceQuery } from "./importance";
import { SearchState } from "./search";

interface MetricRow {
  name: string;
  goal: Goal;
  target: number | null;
}

const SweepMetric = builder.objectRef<MetricRow>("SweepMetric").implement({
  description: "What the sweep optimises.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As the training program logs it." }),
    goal: t.exposeString("goal", { description: "minimize or maximize." }),
    target: t.exposeFloat("target", {
      nullable: true,
      description: "The sweep ends when a run reaches it, and those of the other metrics with it.",
    }),
  }),
});

const RunCountsType = builder.objectRef<RunCounts>("RunCounts").implement({
  description: "Runs of a sweep by state; they add up to total.",
  fields: (t) => ({
    total: t.exposeInt("total", { description: "All runs, deleted ones apart." }),
    pending: t.exposeInt("pending", { description: "Waiting in the queue." }),
    running: t.exposeInt("running", { description: "An attempt is at work." }),
    preempting: t.exposeInt("preempting", { description: "At work, about to be preempted." }),
    finished: t.exposeInt("finished", { description: "Ended well." }),
    failed: t.exposeInt("failed", { description: "Ended with an exit code other than 0." }),
    crashed: t.exposeInt("crashed", { description: "Lost." }),
    killed: t.exposeInt("killed", { description: "Stopped by somebody, or early." }),
    preempted: t.exposeInt("preempted", { description: "Preempted and not taken up again yet." }),
  }),
});

const BestPointType = builder.objectRef<BestPoint>("BestPoint").implement({
  description: "A finished run that was better than all that finished before it.",
  fields: (t) => ({
    runId: t.exposeID("runId", { description: "The run." }),
    runName: t.exposeString("runName", { description: "Its name in paths." }),
    displayName: t.exposeString("displayName", { description: "Its name for people." }),
    objective: t.exposeFloat("objective", { description: "Its best value of the sweep's metric." }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", description: "When it ended." }),
    ordinal: t.exposeInt("ordinal", { description: "How many runs had ended by then, itself included." }),
  }),
});

const Machine = builder.objectRef<MachineRow>("Machine").implement({
  description: "A machine that works for a sweep, and how it does.",
  fields: (t) => ({
    host: t.exposeString("host", { description: "Its name, as its agents say it." }),
    failuresInARow: t.exposeInt("failuresInARow", {
      description: "Runs that failed within 60 s of their start, with nothing else between them.",
    }),
    quarantinedAt: t.expose("quarantinedAt", {
      type: "DateTime",
      nullable: true,
      description:
        "From then on its agents get no runs of the sweep, until resetMachine; null while they do.",
    }),
    reason: t.exposeString("reason", { nullable: true, description: "Why, for people." }),
  }),
});

Sweep.implement({
  description: "A search over a space of parameters: it hands out runs until it is exhausted or stopped.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "8 characters of a-z and 0-9." }),
    name: t.exposeString("name", { description: "For people; the id when the file has none." }),
    path: t.string({ description: "entity/project/id: accepted wherever an id is.", resolve: sweepPath }),
    url: t.string({ description: "Its page.", resolve: (sweep, _args, context) => sweepUrl(context, sweep) }),
    state: t.expose("state", { type: SweepState, description: "Where it stands." }),
    stateReason: t.exposeString("stateReason", {
      nullable: true,
      description:
        "Why it ended: exhausted, run_cap, target, hours_over, no_improvement, expected_improvement, stopped, canceled.",
    }),
    method: t.exposeString("method", {
      description: "grid, random, sobol, bayes, tpe, cmaes or auto, as its file says.",
    }),
    search: t.field({
      type: SearchState,
      nullable: true,
      description:
        "What its search is at; null before the first run, and for methods that need none (grid, random, sobol).",
      resolve: (sweep, _args, { loaders }) => loaders.search.load(sweep.id),
    }),
    generation: t.exposeInt("generation", { description: "Which edit of its file is in force, from 1." }),
    source: t.string({
      description: "The file in force as its author wrote it, comments included.",
      resolve: (sweep) => inFull(sweep.source),
    }),
    config: t.field({
      type: "JSON",
      description: "What the parser understood of the file.",
      resolve: (sweep) => JSON.parse(inFull(sweep.config)) as unknown,
    }),
    program: t.string({
      nullable: true,
      description: "The training program its command starts.",
      resolve: (sweep) => configOf(sweep).program ?? null,
    }),
    command: t.stringList({
      nullable: true,
      description: "The command as argv words with macros; null means env, interpreter, program, args.",
      resolve: (sweep) => configOf(sweep).command?.slice() ?? null,
    }),
    metric: t.field({
      type: SweepMetric,
      nullable: true,
      description: "What it optimises, the first of several; null when the file names no metric.",
      resolve: (sweep) => metricsOf(sweep)[0],
    }),
    metrics: t.field({
      type: [SweepMetric],
      description: "All that it optimises: none, one, or two to three.",
      resolve: metricsOf,
    }),
    runCap: t.exposeInt("runCap", { nullable: true, description: "At most this many runs." }),
    seed: t.exposeString("seed", { description: "Decimal: the same file and seed give the same runs." }),
    size: t.exposeString("size", {
      nullable: true,
      description: "Points of its space times repeats, decimal; null without an end.",
    }),
    constrained: t.exposeBoolean("constrained", {
      description:
        "Its file has constraints on metrics: only runs that keep to them (Run.feasible) can be the best, reach a target, enter the front or count as bringing no improvement.",
    }),
    exhausted: t.exposeBoolean("exhausted", { description: "Nothing new is left to hand out." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was created." }),
    startedAt: t.expose("startedAt", {
      type: "DateTime",
      nullable: true,
      description: "When its first run was handed out.",
    }),
    finishedAt: t.expose("finishedAt", { type: "DateTime", nullable: true, description: "When it ended." }),
    description: t.string({
      nullable: true,
      description: "For people, from its file.",
      resolve: (sweep) => configOf(sweep).description ?? null,
    }),
    createdBy: t.field({
      type: Person,
      nullable: true,
      description: "Who created it.",
      resolve: ({ createdBy }, _args, { loaders }) =>
        createdBy === null ? null : loaders.person.load(createdBy),
    }),
    project: t.field({
      type: Project,
      description: "Where it lies.",
      resolve: async (sweep, _args, { loaders }) =>
        present(await loaders.project.load(sweep.projectId), sweep.projectId),
    }),
    counts: t.field({
      type: RunCountsType,
      description: "Its runs by state.",
      resolve: async (sweep, _args, { loaders }) => present(await loaders.counts.load(sweep.id), sweep.id),
    }),
    priorRuns: t.field({
      type: [Run],
      description: "Runs of before whose results it began with; those that were deleted since are absent.",
      args: {
        first: t.arg.int({ description: `The first ones, at most ${MAX_PAGE}; ${MAX_PAGE} when absent.` }),
      },
      resolve: async (sweep, { first }, { loaders }) => {
        const most = checkFirst(first ?? MAX_PAGE);
        if (sweep.priors === 0) return [];
        const runs = await loaders.priorRuns(most).load(sweep.id);
        const loaded = await Promise.all(runs.map(({ runId }) => loaders.run.load(runId)));
        return loaded.filter((run) => run !== undefined);
      },
    }),
    bestRun: t.field({
      type: Run,
      nullable: true,
      description:
        "The run with the best value of the metric so far, whatever its state. Under constraints on metrics the best of those that keep to them; null while none does.",
      resolve: (sweep, _args, { loaders }) => loaders.bestRun.load(sweep.id),
    }),
    bestByModel: t.field({
      type: BestByModel,
      nullable: true,
      description:
        "The run that its model holds for the best. Null for methods without a model, before there are two results, and for several metrics. Computed in the background when a twentieth of the results are new, and when the sweep ends.",
      resolve: (sweep, _args, { loaders }) => loaders.winner.load(sweep.id),
    }),
    front: t.field({
      type: Front,
      nullable: true,
      description:
        "With several metrics, the best compromises. Null for one metric, and before a run (under constraints on metrics one that keeps to them) has finished with all of them.",
      resolve: (sweep, _args, { loaders }) => loaders.front.load(sweep.id),
    }),
    importance: t.field({
      type: ImportanceType,
      description:
        "How much each of its parameters matters to a metric, from the runs that have ended: computed when it is asked for, and once for each state of the results.",
      args: importanceArgs(t.arg),
      resolve: ({ id }, args, context) => readImportance(context, toImportanceQuery(id, args)),
    }),
    bestSoFar: t.field({
      type: [BestPointType],
      description:
        "The finished runs that improved on all before them, in order of time; under constraints on metrics among those that keep to them.",
      resolve: (sweep, _args, { loaders }) => loaders.bestSoFar.load(sweep.id),
    }),
    bestOverTime: t.field({
      type: t.listRef("Float", { nullable: true }),
      description:
        "How the best value came about, for a small picture: the best result so far at the end of each of 32 equal parts of its time, from its start until the last of its runs ended; null before the first result. Empty before a run has ended.",
      resolve: async ({ id }, _args, { loaders }) => (await loaders.bestOverTime.load(id))?.best ?? [],
    }),
    lastResultAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the last of its runs that finished well did.",
      resolve: async ({ id }, _args, { loaders }) =>
        (await loaders.bestOverTime.load(id))?.lastResultAt ?? null,
    }),
    runs: t.field({
      type: RunConnection,
      description: "Its runs.",
      args: listArgs(t.arg, RUN_LIST.types, "oldest first"),
      resolve: ({ id }, args, context) =>
        toPage(context, args, {
          ...RUN_LIST,
          usual: [{ field: "id" }],
          read: (query) => context.loaders.runsOfSweeps(query).load(id),
        }),
    }),
    agents: t.field({
      type: [Agent],
      description: "Its agents, living ones first, the newest 1000.",
      args: { state: t.arg({ type: [AgentState], description: "Only agents in one of these states." }) },
      resolve: (sweep, { state }, { loaders }) =>
        (state ? loaders.agentsIn([...new Set(state)].sort()) : loaders.agents).load(sweep.id),
    }),
    machines: t.field({
      type: [Machine],
      description:
        "Machines on which runs have failed one after another, those in quarantine first; at most 1000.",
      resolve: (sweep, _args, { loaders }) => loaders.machines.load(sweep.id),
    }),
    logPattern: t.stringList({
      nullable: true,
      description:
        "Regular expressions (RE2) with named groups, which an agent holds against what the program prints; null when its file has none.",
      resolve: (sweep) => configOf(sweep).logPattern?.slice() ?? null,
    }),
    agentCommand: t.string({
      description: "Run in a clone of Besom, it starts an agent that works for it.",
      resolve: (sweep) => `npx besom agent ${sweepPath(sweep)}`,
    }),
    workerCommand: t.string({
      description: "The same on any machine with Node, which gets its client from this server.",
      resolve: (sweep, _args, { publicUrl }) => `${clientCommand(publicUrl)} agent ${sweepPath(sweep)}`,
    }),
    allowedActions: t.field({
      type: [SweepAction],
      description: "What can be done with it now.",
      resolve: (sweep) => legalActions(sweep.state),
    }),
    viewerCanEdit: t.boolean({
      description: "Whether the caller may control and edit it.",
      resolve: (sweep, _args, context) => mayAct(context, sweep.projectId, "member"),
    }),
  }),
});

builder.queryField("sweep", (t) =>
  t.field({
    type: Sweep,
    nullable: true,
    description: "A sweep by its id or its path entity/project/id.",
    args: { id: t.arg.id({ required: true, description: "Id or path." }) },
    resolve: (_root, { id }, { loaders }) => loaders.sweep.load(toSweepId(id)),
  }),
);

function metricsOf({
  metricName: name,
  metricGoal: goal,
  metricTarget,
  metrics,
  targets,
}: SweepRow): MetricRow[] {
  if (name === null) return [];
  return (metrics ?? [{ name, goal }]).map((metric, i) => {
    const target = targets?.find(({ place }) => place === i);
    return { ...metric, target: target ? Number(target.value) : i === 0 ? metricTarget : null };
  });
}

function present<T>(row: T | undefined, id: string | number): T {
  if (row === undefined) throw new Error(`row ${id} vanished between two statements`);
  return row;
}

/** Read once, however many fields ask: a file may have 10 MB. */
function configOf(sweep: SweepRow): SweepConfig {
  const known = configs.get(sweep);
  if (known !== undefined) return known;
  const config = deserializeConfig(inFull(sweep.config));
  configs.set(sweep, config);
  return config;
}
const configs = new WeakMap<SweepRow, SweepConfig>();
