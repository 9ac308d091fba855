import Link from "next/link";
import { RunStateChip } from "@/app/_components/state";
import { toProjectPath, toRunPath, toSweepPath } from "@/app/_lib/paths";
import { toPythonText } from "@/core/python";
import type { ProjectRun } from "@/graphql/operations/project-page";
import { flattenParams, toSortKey, variedNames } from "@/ui/charts/prepare/rows";
import { formatNumber, formatValue } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";
import { CutName } from "@/ui/kit/cut-name";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/kit/icons";
import { Scroll } from "@/ui/kit/scroll";
import { ChooseRun, ChooseRuns } from "./choose-runs";

/** More columns than this make none of them readable; the filter finds by any parameter. */
const MOST_PARAMETERS = 6;

/** Runs of a project, as the address asks for them. */
export function ProjectRuns(props: {
  runs: readonly ProjectRun[];
  entity: string;
  project: string;
  sort: string;
  /** The address with another order. */
  toSorted: (sort: string) => string;
}) {
  const { runs, entity, project, sort, toSorted } = props;
  const rows = runs.map((run) => ({ run, flat: flattenParams(run.params) }));
  const varied = variedNames(rows.map(({ flat }) => flat)).slice(0, MOST_PARAMETERS);
  const numeric = new Set(
    varied.filter((name) => rows.every(({ flat }) => typeof (toSortKey(flat.get(name)) ?? 0) === "number")),
  );
  const head = { sort, toSorted };
  return (
    <ChooseRuns runs={runs} project={project} projectPath={toProjectPath(entity, project)}>
      <Scroll label="Table of runs" className="rounded-lg border border-line bg-surface">
        <table className="w-full border-separate border-spacing-0 text-left text-sm">
          <thead>
            <tr>
              <th scope="col" className="w-9 bg-sunken pl-2">
                <ChooseRun label="Choose all runs listed" />
              </th>
              <Head {...head} id="displayName" label="Run" first />
              <Head {...head} id="objective" label="Best value" right descendingFirst />
              <Head {...head} id="state" label="State" />
              <Head {...head} id="sweep" label="Sweep" />
              {varied.map((name) => (
                <Head key={name} {...head} id={`p.${name}`} label={name} right={numeric.has(name)} />
              ))}
              <Head {...head} id="duration" label="Duration" right descendingFirst />
              <Head {...head} id="createdAt" label="Created" right descendingFirst />
            </tr>
          </thead>
          <tbody className="[&_td]:border-line [&_td]:border-t [&_td]:px-3 [&_tr]:h-9">
            {rows.map(({ run, flat }) => (
              <tr key={run.id} className="hover:bg-sunken">
                <td className="pr-0! pl-2!">
                  <ChooseRun id={run.id} label={`Choose ${run.displayName}`} />
                </td>
                <td className="max-w-56">
                  <span className="flex min-w-0 items-center gap-1.5">
                    <Link
                      href={toRunPath(entity, project, run.name)}
                      prefetch={false}
                      className="flex min-w-0 font-medium text-link underline-offset-2 hover:underline"
                      title={run.displayName}
                    >
                      <CutName text={run.displayName} />
                    </Link>
                    {run.tags.map((tag) => (
                      <span
                        key={tag}
                        className="max-w-32 shrink-0 truncate rounded-full bg-quiet-wash px-1.5 text-quiet text-xs"
                        title={tag}
                      >
                        {tag}
                      </span>
                    ))}
                  </span>
                </td>
                <td className="figures whitespace-nowrap text-right">
                  {run.objective === null ? (
                    <span className="text-ink-faint">–</span>
                  ) : (
                    <span title={`${run.sweep?.metric?.name ?? ""} ${run.objective}`.trim()}>
                      {formatNumber(run.objective)}
                    </span>
                  )}
                </td>
                <td>
                  <RunStateChip state={run.state} reason={run.stateReason} bare />
                </td>
                <td className="max-w-36 truncate">
                  {run.sweep && (
                    <Link
                      href={toSweepPath(entity, project, run.sweep.id)}
                      prefetch={false}
                      className="text-ink-soft underline-offset-2 hover:text-ink hover:underline"
                      title={run.sweep.name}
                    >
                      {run.sweep.name}
                    </Link>
                  )}
                </td>
                {varied.map((name) => {
                  const value = flat.get(name);
                  return (
                    <td
                      key={name}
                      className={`max-w-40 truncate ${numeric.has(name) ? "figures text-right" : ""}`}
                      title={value === undefined ? undefined : toPythonText(value)}
                    >
                      {formatValue(value)}
                    </td>
                  );
                })}
                <td className="figures whitespace-nowrap text-right">
                  {run.startedAt === null || run.state === "pending" ? (
                    <span className="text-ink-faint">–</span>
                  ) : (
                    <Duration from={run.startedAt} to={run.finishedAt} />
                  )}
                </td>
                <td className="figures whitespace-nowrap text-right text-ink-soft">
                  <Ago at={run.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </ChooseRuns>
  );
}

function Head(props: {
  id: string;
  label: string;
  sort: string;
  toSorted: (sort: string) => string;
  right?: boolean;
  first?: boolean;
  /** The direction of the first click: the newest, the longest. */
  descendingFirst?: boolean;
}) {
  const { id, label, sort, toSorted, right = false, first = false, descendingFirst = false } = props;
  const [up, down] = [sort === id, sort === `-${id}`];
  const next = up ? `-${id}` : down ? id : descendingFirst ? `-${id}` : id;
  return (
    <th
      scope="col"
      aria-sort={up ? "ascending" : down ? "descending" : "none"}
      className="bg-sunken p-0 font-medium text-ink-soft text-xs"
    >
      <Link
        href={toSorted(next)}
        scroll={false}
        className={`flex h-9 items-center gap-1 whitespace-nowrap px-3 hover:text-ink ${right ? "flex-row-reverse" : ""} ${first ? "min-w-44" : ""}`}
      >
        <span className="max-w-40 truncate" title={label}>
          {label}
        </span>
        {up ? <ArrowUpIcon /> : down ? <ArrowDownIcon /> : null}
      </Link>
    </th>
  );
}
