"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { request } from "@/app/_live/request";
import type { RunFilter, RunOrder } from "@/core/run-filter";
import { type Neighbours, type RunHead, RunNeighbours } from "@/graphql/operations/run-page";
import { formatCount, formatNumber } from "@/ui/format";
import { useShortcuts } from "@/ui/kit/shortcuts";

/** Which place the run has among those of its sweep, and the way to the next better and the next worse one. */
export function Rank({ head, projectPath }: { head: RunHead; projectPath: string }) {
  const [found, setFound] = useState<{ better: Neighbours; worse: Neighbours }>();
  const { id, objective, sweep } = head;
  const sweepId = sweep?.id;
  const goal = sweep?.metric?.goal;
  useEffect(() => {
    if (objective === null || sweepId === undefined || goal === undefined) return;
    const left = new AbortController();
    request(RunNeighbours, { sweepId, ...toQuestion(id, objective, goal) }, left.signal).then(
      (answer) => answer.sweep && setFound(answer.sweep),
      () => {},
    );
    return () => left.abort();
  }, [id, objective, sweepId, goal]);
  if (objective === null || goal === undefined) return null;
  // Room for a line, so that its coming moves nothing.
  if (!found) return <div className="mt-3 min-h-6" />;
  const { better, worse } = found;
  const place = better.totalCount + 1;
  return (
    <nav
      aria-label="Runs by rank"
      className="wrap-anywhere mt-3 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-sm"
    >
      <span className="figures min-w-0 text-ink-soft">
        place {formatCount(place)} of {formatCount(place + worse.totalCount)} by {sweep?.metric?.name}
      </span>
      <Neighbour label="Next better" arrow="←" keys="[" of={better} projectPath={projectPath} />
      <Neighbour label="Next worse" arrow="→" keys="]" of={worse} projectPath={projectPath} />
    </nav>
  );
}

function Neighbour(props: {
  label: string;
  arrow: string;
  keys: string;
  of: Neighbours;
  projectPath: string;
}) {
  const { label, arrow, keys, of, projectPath } = props;
  const router = useRouter();
  const [run] = of.nodes;
  const href = run && `${projectPath}/runs/${encodeURIComponent(run.name)}`;
  useShortcuts(href ? [{ words: `${label} run`, keys, run: () => router.push(href) }] : []);
  if (!run || !href) return null;
  return (
    <Link
      href={href}
      title={run.objective === null ? undefined : formatNumber(run.objective)}
      className="inline-flex min-h-6 min-w-0 items-center gap-1 text-link underline-offset-2 hover:underline"
    >
      <span aria-hidden="true">{arrow}</span>
      {label}: {run.displayName}
    </Link>
  );
}

/** Of equal ones the older is the better, so that every run has its place. */
function toQuestion(
  id: string,
  objective: number,
  goal: "minimize" | "maximize",
): { better: RunFilter; worse: RunFilter; up: RunOrder[]; down: RunOrder[] } {
  const isLess = goal === "minimize";
  const beyond = (than: "lt" | "gt", id_: "lt" | "gt"): RunFilter => ({
    or: [
      { field: "objective", op: than, value: objective },
      {
        and: [
          { field: "objective", op: "eq", value: objective },
          { field: "id", op: id_, value: id },
        ],
      },
    ],
  });
  return {
    better: beyond(isLess ? "lt" : "gt", "lt"),
    worse: beyond(isLess ? "gt" : "lt", "gt"),
    up: [
      { field: "objective", direction: isLess ? "desc" : "asc" },
      { field: "id", direction: "desc" },
    ],
    down: [
      { field: "objective", direction: isLess ? "asc" : "desc" },
      { field: "id", direction: "asc" },
    ],
  };
}
