"use client";

import Link from "next/link";
import type { AgentLine, AgentState, SweepHead } from "@/graphql/operations/pages";
import { formatCount } from "@/ui/format";
import { Chip } from "@/ui/kit/chip";
import { Ago } from "@/ui/kit/clock";
import { CommandBlock } from "@/ui/kit/copy";
import { CutName } from "@/ui/kit/cut-name";
import { CheckIcon, CrossIcon, PulseIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";

/** Who works on it. The agents that are gone stay listed: what they did is part of the story. */
export function Agents({ head, projectPath }: { head: SweepHead; projectPath: string }) {
  const { agents } = head;
  const alive = agents.filter((agent) => agent.state === "alive").length;
  const sorted = agents.toSorted(
    (a, b) =>
      Number(b.state === "alive") - Number(a.state === "alive") || b.createdAt.localeCompare(a.createdAt),
  );
  return (
    <Panel
      id="agents"
      title="Agents"
      note={agents.length === 0 ? "none yet" : `${formatCount(alive)} alive of ${formatCount(agents.length)}`}
    >
      {sorted.length > 0 && (
        <Scroll label="Table of agents" className="max-h-80">
          <table className="w-full min-w-[32rem] table-fixed border-collapse text-left text-sm">
            <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
              <tr>
                <th scope="col" className="py-1.5 pr-3 font-medium">
                  Host
                </th>
                <th scope="col" className="w-20 py-1.5 pr-3 font-medium">
                  State
                </th>
                <th scope="col" className="py-1.5 pr-3 font-medium">
                  Working on
                </th>
                <th scope="col" className="w-24 py-1.5 pr-3 text-right font-medium">
                  Done
                </th>
                <th scope="col" className="w-28 py-1.5 text-right font-medium">
                  Last heartbeat
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((agent) => (
                <AgentRow key={agent.id} agent={agent} projectPath={projectPath} />
              ))}
            </tbody>
          </table>
        </Scroll>
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

function AgentRow({ agent, projectPath }: { agent: AgentLine; projectPath: string }) {
  const working = agent.currentRuns.slice(0, 3);
  const more = agent.currentRuns.length - working.length;
  return (
    <tr className="h-9 border-line border-t">
      <td className="truncate pr-3" title={agent.host}>
        {agent.host}
        {agent.pid !== null && <span className="text-ink-faint"> {agent.pid}</span>}
      </td>
      <td className="pr-3">
        <StateOfAgent state={agent.state} />
      </td>
      <td className="truncate pr-3">
        {working.map((run, i) => (
          <span key={run.id}>
            {i > 0 && ", "}
            <Link
              href={`${projectPath}/runs/${encodeURIComponent(run.name)}`}
              title={run.displayName}
              className="text-link underline-offset-2 hover:underline"
            >
              <CutName text={run.displayName} />
            </Link>
          </span>
        ))}
        {more > 0 && <span className="text-ink-faint"> and {more} more</span>}
      </td>
      <td className="figures pr-3 text-right">
        {formatCount(agent.runsDone)}
        {agent.runsFailed > 0 && <span className="text-bad"> +{formatCount(agent.runsFailed)} failed</span>}
      </td>
      <td className="figures text-right text-ink-soft">
        <Ago at={agent.lastHeartbeatAt} />
      </td>
    </tr>
  );
}

function StateOfAgent({ state }: { state: AgentState }) {
  if (state === "alive")
    return (
      <Chip bare tone="running" icon={<PulseIcon />}>
        Alive
      </Chip>
    );
  if (state === "lost")
    return (
      <Chip bare tone="bad" icon={<CrossIcon />}>
        Lost
      </Chip>
    );
  return (
    <Chip bare tone="quiet" icon={<CheckIcon />}>
      Exited
    </Chip>
  );
}
