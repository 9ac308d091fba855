import type { AgentRow } from "@/db/queries/agents";
import { authorizeProject } from "@/engine/authorize";
import { sweepFacts } from "@/engine/facts";
import { builder } from "../builder";
import { toSweepId } from "../ids";
import { Events, openEvent } from "../live/events";
import { Agent } from "../refs";

interface AgentsChange {
  readonly sweepId: string;
  /** Undefined: all of them. */
  readonly agentIds: ReadonlySet<number> | undefined;
}

const AgentsChangeType = builder.objectRef<AgentsChange>("AgentsChange").implement({
  description: "Agents of a sweep that are new or changed, or were heard of.",
  fields: (t) => ({
    agents: t.field({
      type: [Agent],
      description: "As they are now; the first update has all of them, the newest 1,000.",
      resolve: async ({ sweepId, agentIds }, _args, { loaders }): Promise<AgentRow[]> => {
        const agents = await loaders.agents.load(sweepId);
        return agentIds === undefined ? agents : agents.filter(({ id }) => agentIds.has(id));
      },
    }),
  }),
});

builder.subscriptionField("agentsChanged", (t) =>
  t.field({
    type: AgentsChangeType,
    description:
      "The agents of a sweep, at once, and then those that came, were lost, left, took or ended a run, or were heard of: an agent says that it is alive every 5 s.",
    args: { sweepId: t.arg.id({ required: true, description: "Id or path." }) },
    subscribe: (_root, args, context) => {
      const sweepId = toSweepId(args.sweepId);
      return Events.open(context, {
        authorize: async () => {
          const { projectId } = await sweepFacts(context.db, sweepId);
          await authorizeProject(context, projectId, "viewer");
        },
        open: () => context.live.agents(sweepId),
        name: "agents",
        toPayloads: ({ own, items }): AgentsChange[] => [
          { sweepId, agentIds: own ? undefined : new Set(items.map(({ agentId }) => agentId)) },
        ],
      });
    },
    resolve: (event, _args, context) => openEvent(event, context),
  }),
);
