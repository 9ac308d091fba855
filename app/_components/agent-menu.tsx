"use client";

import { useState } from "react";
import { newMutationId, RequestError, request } from "@/app/_live/request";
import { DrainAgent, StopAgent } from "@/graphql/operations/agent";
import type { AgentLine } from "@/graphql/operations/pages";
import { plural } from "@/ui/format";
import { Confirm } from "@/ui/kit/confirm";
import { DotsIcon } from "@/ui/kit/icons";
import { Menu } from "@/ui/kit/menu";

/** How one agent ends: after its runs, or at once. What becomes of it is told by the agents' own news. */
export function AgentMenu(props: { agent: AgentLine; onRefused: (why: string | undefined) => void }) {
  const { agent, onRefused } = props;
  const [asking, setAsking] = useState<"drain" | "stop">();
  const held = agent.slotsInUse.length;
  const act = async (wish: "drain" | "stop") => {
    setAsking(undefined);
    onRefused(await wishOf(wish, agent.id));
  };
  return (
    <>
      <Menu
        floating
        label={`Actions for agent ${agent.host}${agent.pid === null ? "" : ` ${agent.pid}`}`}
        items={[
          { label: "Drain", onSelect: () => setAsking("drain"), disabled: agent.wish !== null },
          { label: "Stop", onSelect: () => setAsking("stop"), disabled: agent.wish === "STOP", danger: true },
        ]}
      >
        <DotsIcon />
      </Menu>
      <Confirm
        open={asking === "drain"}
        title={`Drain the agent on ${agent.host}?`}
        action="Drain the agent"
        keep="Keep it"
        onConfirm={() => void act("drain")}
        onClose={() => setAsking(undefined)}
      >
        <p>
          It takes no more runs
          {held > 0 ? `, and leaves when the ${plural(held, "run")} it works on ended.` : " and leaves."} This
          can't be taken back; another agent can be started there at any time.
        </p>
      </Confirm>
      <Confirm
        open={asking === "stop"}
        title={`Stop the agent on ${agent.host}?`}
        action="Stop the agent"
        keep="Keep it"
        onConfirm={() => void act("stop")}
        onClose={() => setAsking(undefined)}
      >
        <p>
          {held > 0
            ? `The ${plural(held, "run")} it works on go back into the queue, for other agents, and use up no retry. `
            : ""}
          It leaves at once. Drain lets its runs end first.
        </p>
      </Confirm>
    </>
  );
}

/** Why it was refused; undefined when it was done. */
async function wishOf(wish: "drain" | "stop", agentId: string): Promise<string | undefined> {
  const input = { agentId, clientMutationId: newMutationId() };
  try {
    const error =
      wish === "drain"
        ? (await request(DrainAgent, { input })).drainAgent.error
        : (await request(StopAgent, { input })).stopAgent.error;
    return error === null
      ? undefined
      : `${wish === "drain" ? "Drain" : "Stop"} was refused: ${error.message}`;
  } catch (error) {
    return error instanceof RequestError ? error.message : "the server could not be reached";
  }
}
