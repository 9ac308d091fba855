import { SweepStateChip } from "@/app/_components/state";
import type { SweepStore } from "@/app/_live/sweep-store";
import type { SweepHead } from "@/graphql/operations/pages";
import { formatNumber } from "@/ui/format";
import { Ago } from "@/ui/kit/clock";
import { Dotted } from "@/ui/kit/dotted";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/kit/icons";
import { Controls } from "./controls";
import { EditSweep } from "./edit-sweep";
import { SweepNews } from "./sweep-news";

export function SweepHeader({ head, store }: { head: SweepHead; store: SweepStore }) {
  return (
    <div className="flex flex-wrap items-start gap-x-8 gap-y-4">
      <div className="min-w-0 grow basis-80">
        <h1 className="break-words font-semibold text-xl tracking-tight">{head.name}</h1>
        <Dotted>
          <code className="font-mono text-ink-faint text-xs" translate="no">
            {head.id}
          </code>
          {head.method}
          {head.metrics.map((metric) => (
            <span key={metric.name} className="inline-flex items-center gap-1">
              {metric.goal === "minimize" ? <ArrowDownIcon /> : <ArrowUpIcon />}
              {metric.goal} {metric.name}
              {metric.target !== null && ` to ${formatNumber(metric.target)}`}
            </span>
          ))}
          <span>
            created <Ago at={head.createdAt} />
          </span>
        </Dotted>
      </div>
      <SweepNews head={head} />
      <Controls
        head={head}
        store={store}
        chip={(state) => <SweepStateChip state={state} reason={head.stateReason} />}
        more={head.viewerCanEdit && head.state !== "canceled" && <EditSweep head={head} />}
      />
    </div>
  );
}
