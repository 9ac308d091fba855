import { RunStateChip } from "@/app/_components/state";
import type { RunStore } from "@/app/_live/run-store";
import type { RunHead } from "@/graphql/operations/run-page";
import { formatNumber } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";
import { Dotted } from "@/ui/kit/dotted";
import { StarIcon } from "@/ui/kit/icons";
import { Rank } from "./rank";
import { RunControls } from "./run-controls";
import { Tags } from "./tags";

export function RunHeader(props: { head: RunHead; store: RunStore; projectPath: string; editable: boolean }) {
  const { head, store, projectPath, editable } = props;
  const metric = head.sweep?.metric;
  const best = head.sweep?.bestRun?.id === head.id;
  return (
    <div className="flex flex-wrap items-start gap-x-10 gap-y-4">
      <div className="min-w-0 grow basis-80">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="min-w-0 break-words font-semibold text-xl tracking-tight">{head.displayName}</h1>
          <span aria-live="polite">
            <RunStateChip state={head.state} reason={head.stateReason} />
          </span>
          {best && (
            <span className="inline-flex items-center gap-1 font-medium text-best text-sm">
              <StarIcon /> the best of its sweep
            </span>
          )}
          {head.feasible === false && (
            <span className="text-ink-soft text-sm">
              breaks a constraint on a metric, so it can't be the best of its sweep
            </span>
          )}
        </div>
        <Dotted>
          {head.name !== head.displayName && (
            <code className="font-mono text-ink-faint text-xs leading-5" translate="no">
              {head.name}
            </code>
          )}
          {head.startedAt && (
            <span>
              started <Ago at={head.startedAt} />
            </span>
          )}
          {head.startedAt && head.state !== "pending" && head.state !== "preempted" && (
            <span>
              {head.finishedAt ? "took" : "running for"}{" "}
              <Duration from={head.startedAt} to={head.finishedAt} />
            </span>
          )}
          {head.agent && `on ${head.agent.host}`}
        </Dotted>
        <Tags head={head} store={store} editable={editable} />
        <Rank head={head} projectPath={projectPath} />
      </div>
      <div className="flex items-start gap-x-6 max-sm:w-full max-sm:justify-between">
        {metric && head.objective !== null && (
          <p className="figures wrap-anywhere min-w-0 sm:text-right">
            <span
              className={`block font-semibold text-figure tracking-tighter ${best ? "text-best" : ""}`}
              title={String(head.objective)}
            >
              {formatNumber(head.objective)}
            </span>
            <span className="text-ink-soft text-sm">
              best {metric.name}
              {head.objectiveStep !== null && `, step ${head.objectiveStep}`}
            </span>
          </p>
        )}
        {editable && <RunControls head={head} store={store} projectPath={projectPath} />}
      </div>
    </div>
  );
}
