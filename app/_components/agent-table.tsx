"use client";

import Link from "next/link";
import type { AgentLine } from "@/graphql/operations/pages";
import { formatCount, plural } from "@/ui/format";
import { Chip } from "@/ui/kit/chip";
import { Ago } from "@/ui/kit/clock";
import { CutName } from "@/ui/kit/cut-name";
import { BanIcon, CheckIcon, CrossIcon, LeaveIcon, PulseIcon } from "@/ui/kit/icons";
import { Scroll } from "@/ui/kit/scroll";
import { AgentMenu } from "./agent-menu";

/** With its sweep where the agents of several are listed. */
export type ListedAgent = AgentLine & { sweep?: { id: string; name: string } };
type OnRefused = (why: string | undefined) => void;

/** Agents, living ones first, then the newest. Those that are gone stay listed: what they did is part of the story. */
export function AgentTable(props: {
  agents: readonly ListedAgent[];
  projectPath: string;
  /** Absent for those who may only look. */
  onRefused?: OnRefused;
  className?: string;
}) {
  const { agents, projectPath, onRefused, className = "" } = props;
  const withSweep = agents.some(({ sweep }) => sweep);
  const sorted = agents.toSorted(
    (a, b) =>
      Number(b.state === "alive") - Number(a.state === "alive") || b.createdAt.localeCompare(a.createdAt),
  );
  return (
    <Scroll label="Table of agents" className={className}>
      <table
        className={`w-full table-fixed border-collapse text-left text-sm ${withSweep ? "min-w-[50rem]" : "min-w-[36rem]"}`}
      >
        <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
          <tr className="[&>th]:py-1.5 [&>th]:font-medium">
            <th scope="col" className="pr-3">
              Host
            </th>
            <th scope="col" className="w-28 pr-3">
              State
            </th>
            {withSweep && (
              <th scope="col" className="pr-3">
                Sweep
              </th>
            )}
            <th scope="col" className="pr-3">
              Working on
            </th>
            <th scope="col" className="w-24 pr-3 text-right">
              Done
            </th>
            <th scope="col" className="w-24 text-right">
              Heard of
            </th>
            {onRefused && (
              <th scope="col" className="w-10">
                <span className="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {sorted.map((agent) => (
            <AgentRow
              key={agent.id}
              agent={agent}
              projectPath={projectPath}
              withSweep={withSweep}
              {...(onRefused && { onRefused })}
            />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function AgentRow(props: {
  agent: ListedAgent;
  projectPath: string;
  withSweep: boolean;
  onRefused?: OnRefused;
}) {
  const { agent, projectPath, withSweep, onRefused } = props;
  const { slotsInUse, gpus, slots } = agent;
  const gone = agent.state === "exited";
  return (
    <tr className="border-line border-t align-top [&>td]:py-2">
      <td className="pr-3">
        <span className="block truncate" title={agent.host}>
          {agent.host}
          {agent.pid !== null && <span className="text-ink-faint"> {agent.pid}</span>}
        </span>
        {!gone && (slots > 1 || gpus.length > 0) && (
          <span className="block truncate text-ink-faint text-xs" title={gpus.join("\n") || undefined}>
            {slots > 1 && `${formatCount(slotsInUse.length)} of ${plural(slots, "slot")}`}
            {slots > 1 && gpus.length > 0 && ", "}
            {gpus.length > 0 && plural(gpus.length, "GPU")}
          </span>
        )}
      </td>
      <td className="pr-3">
        <StateOfAgent agent={agent} />
      </td>
      {withSweep && (
        <td className="pr-3">
          {agent.sweep && (
            <Link
              href={`${projectPath}/sweeps/${agent.sweep.id}?tab=agents`}
              title={agent.sweep.name}
              className="block truncate text-link underline-offset-2 hover:underline"
            >
              {agent.sweep.name}
            </Link>
          )}
        </td>
      )}
      <td className="pr-3">
        <Slots slotsInUse={slotsInUse} projectPath={projectPath} />
      </td>
      <td className="figures pr-3 text-right">
        {formatCount(agent.runsDone)}
        {agent.runsFailed > 0 && (
          <span className="block text-bad text-xs">{formatCount(agent.runsFailed)} failed</span>
        )}
      </td>
      <td className="figures text-right text-ink-soft">
        <Ago at={agent.lastHeartbeatAt} />
      </td>
      {onRefused && (
        <td className="text-right">
          {!gone && (
            <div className="-my-1.5">
              <AgentMenu agent={agent} onRefused={onRefused} />
            </div>
          )}
        </td>
      )}
    </tr>
  );
}

/** More of them than this are counted. */
const FEW_SLOTS = 8;

/** What it works on, a line a run, with the slot and the devices that the run has where there are several. */
function Slots({ slotsInUse, projectPath }: Pick<AgentLine, "slotsInUse"> & { projectPath: string }) {
  const more = slotsInUse.length - FEW_SLOTS;
  return (
    <>
      {slotsInUse.slice(0, FEW_SLOTS).map(({ run, slot, device }) => (
        <span key={run.id} className="flex items-baseline gap-1.5">
          <Link
            href={`${projectPath}/runs/${encodeURIComponent(run.name)}`}
            title={run.displayName}
            className="min-w-0 truncate text-link underline-offset-2 hover:underline"
          >
            <CutName text={run.displayName} />
          </Link>
          {(device || (slot !== null && slotsInUse.length > 1)) && (
            <span className="flex-none text-ink-faint text-xs">
              {device ? `GPU ${device}` : `slot ${slot}`}
            </span>
          )}
        </span>
      ))}
      {more > 0 && <span className="text-ink-faint">and {formatCount(more)} more</span>}
    </>
  );
}

function StateOfAgent({ agent: { state, wish, quarantined } }: { agent: AgentLine }) {
  if (state === "exited")
    return (
      <Chip bare tone="quiet" icon={<CheckIcon />}>
        Exited
      </Chip>
    );
  if (state === "lost")
    return (
      <Chip bare tone="bad" icon={<CrossIcon />}>
        Lost
      </Chip>
    );
  if (wish)
    return (
      <Chip
        bare
        tone="crash"
        icon={<LeaveIcon />}
        title={wish === "DRAIN" ? "Leaves when its runs have ended" : "Hands its runs back and leaves"}
      >
        {wish === "DRAIN" ? "Draining" : "Stopping"}
      </Chip>
    );
  if (quarantined)
    return (
      <Chip bare tone="bad" icon={<BanIcon />} title="Its machine gets no more runs of this sweep">
        Quarantined
      </Chip>
    );
  return (
    <Chip bare tone="running" icon={<PulseIcon />}>
      Alive
    </Chip>
  );
}
