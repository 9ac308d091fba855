import { RunStateChip } from "@/app/_components/state";
import type { RunDetail } from "@/graphql/operations/pages";
import { formatNumber } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";
import { Dotted } from "@/ui/kit/dotted";
import { StarIcon } from "@/ui/kit/icons";

export function RunHeader({ run }: { run: RunDetail }) {
  const metric = run.sweep?.metric;
  const best = run.sweep?.bestRun?.id === run.id;
  return (
    <div className="flex flex-wrap items-start gap-x-10 gap-y-4">
      <div className="min-w-0 grow basis-80">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="break-words font-semibold text-xl tracking-tight">{run.displayName}</h1>
          <RunStateChip state={run.state} reason={run.stateReason} />
          {best && (
            <span className="inline-flex items-center gap-1 font-medium text-best text-sm">
              <StarIcon /> the best of its sweep
            </span>
          )}
        </div>
        <Dotted>
          <code className="font-mono text-ink-faint text-xs leading-5" translate="no">
            {run.name}
          </code>
          {run.startedAt && (
            <span>
              started <Ago at={run.startedAt} />
            </span>
          )}
          {run.startedAt && (
            <span>
              {run.finishedAt ? "took" : "running for"} <Duration from={run.startedAt} to={run.finishedAt} />
            </span>
          )}
          {run.agent && `on ${run.agent.host}`}
        </Dotted>
        {run.stateDetail && <p className="mt-2 max-w-prose text-ink-soft">{run.stateDetail}</p>}
      </div>
      {metric && run.objective !== null && (
        <p className="figures sm:text-right">
          <span
            className={`block font-semibold text-figure tracking-tighter ${best ? "text-best" : ""}`}
            title={String(run.objective)}
          >
            {formatNumber(run.objective)}
          </span>
          <span className="text-ink-soft text-sm">
            best {metric.name}
            {run.objectiveStep !== null && `, step ${run.objectiveStep}`}
          </span>
        </p>
      )}
    </div>
  );
}
