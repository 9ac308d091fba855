import Link from "next/link";
import type { SweepHead } from "@/graphql/operations/pages";
import { formatNumber, plural, toColumnFormat } from "@/ui/format";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { sayNoBest } from "./no-best";

/** The answer that a sweep with several metrics has so far: the runs that no other beats in all of them. */
export function Compromises({ head, projectPath }: { head: SweepHead; projectPath: string }) {
  const { front, metrics } = head;
  const note =
    front && (front.size > front.members.length ? `${front.members.length} of ${front.size}` : front.size);
  return (
    <Panel id="best" title="Best compromises" note={note}>
      {front ? (
        <>
          <Members front={front} metrics={metrics} projectPath={projectPath} />
          <p className="mt-3 text-ink-faint text-sm">
            No run beats these in all metrics.{" "}
            {front.hypervolume !== null && (
              <span
                title={`From ${front.reference.map((value) => formatNumber(value)).join(", ")}, the worst of each metric`}
              >
                Hypervolume{" "}
                <span className="figures text-ink-soft">{formatNumber(front.hypervolume, 4)}</span>.{" "}
              </span>
            )}
            {front.since > 0 && `The last ${plural(front.since, "run")} brought nothing.`}
          </p>
        </>
      ) : (
        <p className="text-ink-faint">{sayNoBest(head)}</p>
      )}
    </Panel>
  );
}

type Props = { front: NonNullable<SweepHead["front"]>; metrics: SweepHead["metrics"]; projectPath: string };

function Members({ front, metrics, projectPath }: Props) {
  const formats = metrics.map((_, j) =>
    toColumnFormat(front.members.map(({ values }) => values[j] ?? Number.NaN)),
  );
  return (
    <Scroll label="Table of the best compromises" className="max-h-80">
      <table className="w-full border-collapse text-left text-sm">
        <thead className="sticky top-0 bg-paper text-ink-faint text-xs">
          <tr>
            <th scope="col" className="py-1.5 pr-5 align-bottom font-medium">
              run
            </th>
            {metrics.map(({ name, goal }) => (
              <th
                key={name}
                scope="col"
                className="whitespace-nowrap py-1.5 pl-4 text-right align-bottom font-medium"
              >
                <span className="inline-flex items-center gap-1">
                  {goal === "minimize" ? <ArrowDownIcon /> : <ArrowUpIcon />}
                  {name}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {front.members.map(({ run, values, ordinal }) => (
            <tr key={ordinal} className="border-line border-t">
              <td className="max-w-40 truncate py-1.5 pr-5">
                {run && (
                  <Link
                    href={`${projectPath}/runs/${encodeURIComponent(run.name)}`}
                    className="font-medium text-link underline-offset-2 hover:underline"
                    title={run.displayName}
                  >
                    {run.displayName}
                  </Link>
                )}
              </td>
              {values.map((value, j) => (
                <td
                  key={metrics[j]?.name ?? j}
                  className="figures whitespace-nowrap py-1.5 pl-4 text-right"
                  title={String(value)}
                >
                  {formats[j]?.(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
