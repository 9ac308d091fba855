import Link from "next/link";
import { RepeatCommand } from "@/app/_components/repeat-command";
import { toPythonText } from "@/core/python";
import type { Value } from "@/core/value";
import type { SweepHead } from "@/graphql/operations/pages";
import { flattenParams } from "@/ui/charts/prepare/rows";
import { formatNumber, formatValue } from "@/ui/format";
import { Ago } from "@/ui/kit/clock";
import { StarIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { ByModel } from "./by-model";
import { sayNoBest } from "./no-best";

/** The answer that the sweep has so far: the value, the parameters that made it, where to look closer. */
export function BestRun(props: {
  head: SweepHead;
  varied: readonly string[];
  projectPath: string;
  /** The best finished runs, for whoever goes on from them. */
  bestIds: readonly string[];
}) {
  const { head, projectPath, bestIds } = props;
  const { bestRun, metric } = head;
  if (!bestRun || bestRun.objective === null || !metric)
    return (
      <Panel id="best" title="Best run">
        <p className="text-ink-faint">{sayNoBest(head)}</p>
      </Panel>
    );
  const flat = flattenParams(bestRun.params);
  const varied = new Set(props.varied);
  const names = [...flat.keys()].sort();
  const moving = names.filter((name) => varied.has(name));
  const fixed = names.filter((name) => !varied.has(name));
  return (
    <Panel
      id="best"
      title="Best run"
      note={bestRun.finishedAt ? <Ago at={bestRun.finishedAt} /> : "still running"}
    >
      <p
        className="figures font-semibold text-best text-figure tracking-tighter"
        title={String(bestRun.objective)}
      >
        {formatNumber(bestRun.objective)}
      </p>
      <p className="wrap-anywhere mt-1.5 text-ink-soft text-sm">
        {metric.name}
        {bestRun.objectiveStep !== null && ` at step ${bestRun.objectiveStep}`}, by{" "}
        <Link
          href={`${projectPath}/runs/${encodeURIComponent(bestRun.name)}`}
          className="inline-flex items-center gap-1 font-medium text-link underline-offset-2 hover:underline"
        >
          <span className="text-best-mark">
            <StarIcon />
          </span>
          {bestRun.displayName}
        </Link>
      </p>
      <ByModel head={head} bestId={bestRun.id} projectPath={projectPath} />
      <dl className="mt-4 text-sm">
        {moving.map((name) => (
          <Parameter key={name} name={name} value={flat.get(name)} strong />
        ))}
        {fixed.map((name) => (
          <Parameter key={name} name={name} value={flat.get(name)} />
        ))}
      </dl>
      <RepeatCommand runId={bestRun.id} label="To run it once more" />
      {head.viewerCanEdit && head.state === "finished" && bestIds.length > 1 && (
        <p className="mt-4 text-ink-soft text-sm">
          Next:{" "}
          <Link
            href={`${projectPath}/sweeps/new?from=${head.id}&runs=${bestIds.join(",")}`}
            prefetch={false}
            className="font-medium text-link underline underline-offset-2"
          >
            a narrower sweep around the best {bestIds.length} runs
          </Link>
          , which begins with their results.
        </p>
      )}
    </Panel>
  );
}

function Parameter(props: { name: string; value: Value | undefined; strong?: boolean }) {
  const { name, value, strong = false } = props;
  return (
    <div className="flex items-baseline justify-between gap-4 border-line border-b py-1.5 last:border-b-0">
      <dt className={`min-w-0 truncate ${strong ? "text-ink-soft" : "text-ink-faint"}`} title={name}>
        {name}
      </dt>
      <dd
        className={`figures min-w-0 break-words text-right ${strong ? "font-semibold" : "text-ink-faint"}`}
        title={value === undefined ? undefined : toPythonText(value)}
      >
        {formatValue(value)}
      </dd>
    </div>
  );
}
