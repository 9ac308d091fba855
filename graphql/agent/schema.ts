import type { AgentRow } from "@/db/queries/agents";
import type { HeldRun } from "@/db/queries/overview";
import { builder } from "../builder";
import { AgentState } from "../enums";
import { toSmallNumber } from "../ids";
import { Agent, Run } from "../refs";

/** In capital letters, as directives are. */
const AgentWish = builder.enumType("AgentWish", {
  description:
    "DRAIN: take no more, leave when the runs under way have ended. STOP: hand them back, and leave.",
  values: { DRAIN: { value: "drain" }, STOP: { value: "stop" } } as const,
});

const SlotInUse = builder.objectRef<HeldRun>("SlotInUse").implement({
  description: "One of an agent's slots, and the run that has it.",
  fields: (t) => ({
    slot: t.exposeInt("slot", {
      nullable: true,
      description: "Which one, from 0; null until the agent has said it.",
    }),
    device: t.exposeString("device", {
      nullable: true,
      description: "The devices that the run sees, as CUDA_VISIBLE_DEVICES says.",
    }),
    run: t.field({ type: Run, description: "What is at work there.", resolve: (held) => held }),
  }),
});

const counted = (agent: object): agent is AgentRow => "done" in agent;

Agent.implement({
  description: "A process that takes runs of one sweep and starts the training program for them.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    sweepId: t.exposeID("sweepId", { description: "The sweep it works for." }),
    host: t.exposeString("host", { description: "The machine it runs on." }),
    pid: t.exposeInt("pid", { nullable: true, description: "Its process on that machine." }),
    slots: t.exposeInt("slots", { description: "How many runs it may hold at once." }),
    version: t.exposeString("version", { nullable: true, description: "Of the agent's program." }),
    cwd: t.exposeString("cwd", { nullable: true, description: "The folder it was started in." }),
    gpus: t.stringList({
      description: "The devices that it hands out to its runs, a word each.",
      resolve: ({ gpus }) => JSON.parse(gpus) as string[],
    }),
    wish: t.expose("wish", {
      type: AgentWish,
      nullable: true,
      description: "What somebody asked of it; null when it may go on.",
    }),
    quarantined: t.exposeBoolean("quarantined", {
      description: "Its machine gets no more runs of this sweep: see Sweep.machines.",
    }),
    state: t.expose("state", { type: AgentState, description: "Whether it is there." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it registered." }),
    lastHeartbeatAt: t.expose("lastHeartbeatAt", {
      type: "DateTime",
      description: "When it was last heard of.",
    }),
    currentRuns: t.field({
      type: [Run],
      description: "The runs it holds now.",
      resolve: (agent, _args, { loaders }) =>
        counted(agent) && agent.holding === 0 ? [] : loaders.heldRuns.load(agent.id),
    }),
    slotsInUse: t.field({
      type: [SlotInUse],
      description: "The same runs, each with its slot and the devices it has there.",
      resolve: (agent, _args, { loaders }) =>
        counted(agent) && agent.holding === 0 ? [] : loaders.heldRuns.load(agent.id),
    }),
    runsDone: t.int({
      description: "Attempts of it that finished.",
      resolve: async (agent, _args, context) => (await withCounts(agent, context)).done,
    }),
    runsFailed: t.int({
      description: "Attempts of it that failed or crashed.",
      resolve: async (agent, _args, context) => (await withCounts(agent, context)).failed,
    }),
  }),
});

/** An agent met through a run was read without its numbers: they come with those of the sweep's other agents. */
async function withCounts(
  agent: Omit<AgentRow, "holding" | "done" | "failed">,
  { loaders }: { loaders: { agents: { load(sweepId: string): Promise<AgentRow[]> } } },
): Promise<Pick<AgentRow, "done" | "failed">> {
  if (counted(agent)) return agent;
  const agents = await loaders.agents.load(agent.sweepId);
  return agents.find(({ id }) => id === agent.id) ?? { done: 0, failed: 0 };
}

builder.queryField("agent", (t) =>
  t.field({
    type: Agent,
    nullable: true,
    description: "An agent by its id.",
    args: { id: t.arg.id({ required: true, description: "Its number as text." }) },
    resolve: (_root, { id }, { loaders }) => loaders.agent.load(toSmallNumber("id", id)),
  }),
);
