"use client";

import { useState } from "react";
import { AgentTable } from "@/app/_components/agent-table";
import type { SweepHead } from "@/graphql/operations/pages";
import { formatCount } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";
import { Machines } from "./machines";

/** Who works on it. The agents that are gone stay listed: what they did is part of the story. */
export function Agents({ head, projectPath }: { head: SweepHead; projectPath: string }) {
  const { agents } = head;
  const [refusal, setRefusal] = useState<string>();
  const alive = agents.filter((agent) => agent.state === "alive").length;
  return (
    <Panel
      id="agents"
      title="Agents"
      note={agents.length === 0 ? "none yet" : `${formatCount(alive)} alive of ${formatCount(agents.length)}`}
    >
      <Machines head={head} />
      <p role="alert" className="mb-2 text-bad text-sm empty:hidden">
        {refusal}
      </p>
      {agents.length > 0 && (
        <AgentTable
          agents={agents}
          projectPath={projectPath}
          className="max-h-80"
          {...(head.viewerCanEdit && { onRefused: setRefusal })}
        />
      )}
      {head.counts.total > 0 && head.state !== "finished" && head.state !== "canceled" && (
        <div className="mt-4">
          <p className="mb-2 text-ink-faint text-sm">Another pair of hands, on any machine with Node:</p>
          <CommandBlock command={head.workerCommand} label="Copy" />
        </div>
      )}
    </Panel>
  );
}
