import Link from "next/link";
import { toSweepPath } from "@/app/_lib/paths";
import { toRunGoal } from "@/app/_lib/sweep-size";
import type { SweepLine } from "@/graphql/operations/pages";
import { ProgressStrip } from "@/ui/charts/draw/progress-strip";
import { prepareProgress } from "@/ui/charts/prepare/progress";
import { formatCount, formatNumber, plural } from "@/ui/format";
import { Ago } from "@/ui/kit/clock";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/kit/icons";
import { SweepStateChip } from "./state";

/** Sweeps, one a line: how far each is, and the best it has found. */
export function SweepList(props: { sweeps: readonly SweepLine[]; entity: string; project: string }) {
  const { sweeps, entity, project } = props;
  return (
    <ul>
      {sweeps.map((sweep) => (
        <li key={sweep.id} className="border-line border-t first:border-t-0">
          <SweepItem sweep={sweep} href={toSweepPath(entity, project, sweep.id)} />
        </li>
      ))}
    </ul>
  );
}

function SweepItem({ sweep, href }: { sweep: SweepLine; href: string }) {
  const { metric, bestRun, counts, state } = sweep;
  const over = state === "finished" || state === "canceled";
  const goal = toRunGoal(sweep);
  const alive = sweep.agents.filter((agent) => agent.state === "alive").length;
  const activity = toActivity(counts, alive);
  const failed = counts.failed + counts.crashed;
  const progress = prepareProgress({
    state,
    counts,
    ...(goal !== undefined && { goal }),
    aliveAgents: alive,
    recentEndsMs: [],
    nowMs: 0,
  });
  return (
    <div className="relative -mx-3 grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-2 rounded-lg px-3 py-3.5 hover:bg-sunken md:grid-cols-[minmax(0,1.3fr)_7rem_minmax(0,1fr)_minmax(0,1fr)]">
      <div className="min-w-0">
        <Link
          href={href}
          className="block truncate font-medium after:absolute after:inset-0 after:rounded-lg"
        >
          {sweep.name}
        </Link>
        <p className="truncate text-ink-faint text-sm">
          {sweep.method}, created <Ago at={sweep.createdAt} />
        </p>
      </div>
      <SweepStateChip state={state} reason={sweep.stateReason} />
      <p className="figures min-w-0 max-md:col-span-2 max-md:flex max-md:items-baseline max-md:gap-2">
        {bestRun && bestRun.objective !== null ? (
          <span className="font-semibold text-best" title={`${bestRun.objective}, by ${bestRun.displayName}`}>
            {formatNumber(bestRun.objective)}
          </span>
        ) : (
          <span className="whitespace-nowrap text-ink-faint">
            {metric ? (over ? "no result" : "no result yet") : "no metric"}
          </span>
        )}
        {metric && (
          <span className="flex min-w-0 items-center gap-1 text-ink-faint text-sm">
            {metric.goal === "minimize" ? <ArrowDownIcon /> : <ArrowUpIcon />}
            <span className="truncate">{metric.name}</span>
          </span>
        )}
      </p>
      <div className="min-w-0 max-md:col-span-2">
        <p className="figures mb-1.5 flex flex-wrap items-baseline gap-x-3">
          {counts.total === 0 ? (
            <span className="text-ink-faint">{over ? "no runs" : "no runs yet"}</span>
          ) : (
            <span>{progress.text}</span>
          )}
          <span className="text-ink-faint text-sm">
            {activity}
            {activity && failed > 0 && ", "}
            {failed > 0 && <span className="text-bad">{formatCount(failed)} failed</span>}
          </span>
        </p>
        {counts.total > 0 && (
          <div className="[&_*]:h-1.5!">
            <ProgressStrip progress={progress} />
          </div>
        )}
      </div>
    </div>
  );
}

/** "12 finished, 3 running, 2 agents"; nothing where nothing happens. */
const toActivity = ({ finished, running }: SweepLine["counts"], agents: number): string =>
  [
    ...(finished > 0 ? [`${formatCount(finished)} finished`] : []),
    ...(running > 0 ? [`${formatCount(running)} running`] : []),
    ...(agents > 0 ? [plural(agents, "agent")] : []),
  ].join(", ");
