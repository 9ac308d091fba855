import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { LinkActs } from "@/app/_components/link-acts";
import { ListChoice } from "@/app/_components/list-choice";
import { PageFrame } from "@/app/_components/page-frame";
import { SearchBar } from "@/app/_components/search-bar";
import { SweepList } from "@/app/_components/sweep-list";
import { WatchProjects } from "@/app/_components/watch-projects";
import { readRows, readSearch, toAddress } from "@/app/_lib/address";
import { ask, tryAsk } from "@/app/_lib/ask";
import { toNewSweepPath, toProjectPath, toProjectSettingsPath } from "@/app/_lib/paths";
import type { RunOrder } from "@/core/run-filter";
import { readRunOrder, readRunQuery } from "@/core/run-query";
import { ProjectPage, type SweepFilter } from "@/graphql/operations/project-page";
import { formatCount } from "@/ui/format";
import { buttonLook } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { Empty } from "@/ui/kit/empty";
import { Notice } from "@/ui/kit/notice";
import { ProjectHeader, type ProjectTab } from "./_components/project-header";
import { ProjectRuns } from "./_components/project-runs";

interface Props {
  params: Promise<{ entity: string; project: string }>;
  /** All of it stands in the address, so that a link shows the same; `show`: how many rows. */
  searchParams: Promise<{ tab?: string; q?: string; state?: string; sort?: string; show?: string }>;
}

const FIRST_ROWS = 50;
const MOST_ROWS = 1_000;
const NEWEST = "-createdAt";

export async function generateMetadata({ params, searchParams }: Props): Promise<Metadata> {
  const [{ project }, { tab }] = [await params, await searchParams];
  return { title: `${tab === "runs" ? "Runs of " : ""}${decodeURIComponent(project)}` };
}

/** A project: its sweeps, or its runs of all sweeps and of none. */
export default async function Page({ params, searchParams }: Props) {
  const path = await params;
  const search = readSearch(await searchParams);
  const tab: ProjectTab = search.tab === "runs" ? "runs" : "sweeps";
  const { q = "" } = search;
  const sort = tab === "runs" && readRunOrder(search.sort) ? (search.sort ?? NEWEST) : NEWEST;
  const order = SWEEP_ORDERS.find(({ value }) => value === search.sort) ?? SWEEP_ORDERS[0];
  const state = SWEEP_STATE_CHOICES.find(({ value }) => value === search.state) ?? SWEEP_STATE_CHOICES[0];
  const first = readRows(search.show, { first: FIRST_ROWS, most: MOST_ROWS });
  const query = tab === "runs" ? readRunQuery(q) : {};
  const asked = {
    entity: decodeURIComponent(path.entity),
    name: decodeURIComponent(path.project),
    first,
    withSweeps: tab === "sweeps",
    withRuns: tab === "runs",
    sweepFilter: toSweepFilter(q, state.value),
    sweepOrder: [...order.by],
    runFilter: query.filter ?? null,
    runOrder: [toOrder(sort)],
  };
  const here = toAddress(toProjectPath(asked.entity, asked.name), search);
  // A filter of more conditions than the API takes is refused there: its words stand above all runs then.
  const tried = await tryAsk(ProjectPage, asked, here);
  const { viewer, project } =
    tried.answer ??
    (await ask(ProjectPage, { ...asked, runFilter: null, runOrder: [toOrder(NEWEST)] }, here));
  const problem = query.problem ?? (tried.refusal && `The filter was refused: ${tried.refusal}.`);
  if (!project) notFound();
  const at = { entity: project.entity.name, project: project.name };
  const href = toProjectPath(at.entity, at.project);
  const keep = {
    ...(tab === "runs" && { tab, ...(sort !== NEWEST && { sort }) }),
    ...(tab === "sweeps" && state !== SWEEP_STATE_CHOICES[0] && { state: state.value }),
    ...(tab === "sweeps" && order !== SWEEP_ORDERS[0] && { sort: order.value }),
  };
  const toHref = (more: { sort: string } | { show: string }) =>
    toAddress(href, { ...keep, ...(q && { q }), ...more });
  const list = tab === "runs" ? project.runs : project.sweeps;
  const all = tab === "runs" ? project.allRuns.totalCount : project.allSweeps.totalCount;
  return (
    <PageFrame crumbs={[{ label: project.name, href }]} {...(viewer && { viewer: viewer.name })}>
      <WatchProjects ids={[project.id]} />
      <LinkActs acts={toActs(href, at, project.viewerCanEdit)} />
      <ProjectHeader project={project} tab={tab} />
      {all === 0 ? (
        <div className="pt-8">
          {tab === "runs" ? (
            <NoRuns {...at} agentCommand={project.allSweeps.nodes[0]?.agentCommand} />
          ) : (
            <NoSweeps {...at} />
          )}
        </div>
      ) : (
        <>
          <div className="mt-4 mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
            <div className="min-w-0 grow basis-72 sm:max-w-xl">
              <SearchBar
                key={tab}
                query={q}
                keep={keep}
                label={tab === "runs" ? "Filter runs" : "Search sweeps"}
                placeholder={tab === "runs" ? "Filter the runs" : "Search by name"}
                {...(tab === "runs" && {
                  help: "Words, and conditions such as state:failed, lr<0.01, max(accuracy)>0.9, tag:baseline.",
                })}
              />
            </div>
            {tab === "sweeps" && (
              <>
                <ListChoice name="state" label="State" value={state.value} choices={SWEEP_STATE_CHOICES} />
                <ListChoice
                  name="sort"
                  label="Order of the sweeps"
                  value={order.value}
                  choices={SWEEP_ORDERS}
                />
              </>
            )}
            <p role="status" className="figures text-ink-faint text-sm">
              {list && list.nodes.length < all
                ? `showing ${formatCount(list.nodes.length)} of ${formatCount(list.totalCount)}${list.totalCount < all ? `, filtered from ${formatCount(all)}` : ""}`
                : `all ${formatCount(all)}`}
            </p>
          </div>
          {problem && (
            <Notice tone="warn" live className="mb-3">
              {problem}
            </Notice>
          )}
          {list?.nodes.length === 0 && (
            <Empty title={`No ${tab === "runs" ? "run" : "sweep"} is like that.`} />
          )}
          {project.runs && project.runs.nodes.length > 0 && (
            <ProjectRuns
              {...at}
              runs={project.runs.nodes}
              sort={sort}
              toSorted={(chosen) => toHref({ sort: chosen })}
            />
          )}
          {project.sweeps && <SweepList {...at} sweeps={project.sweeps.nodes} />}
          {list?.pageInfo.hasNextPage && first < MOST_ROWS && (
            <p className="mt-4">
              <Link
                href={toHref({ show: String(Math.min(first * 2, MOST_ROWS)) })}
                scroll={false}
                prefetch={false}
                className={buttonLook("line")}
              >
                Show more
              </Link>
            </p>
          )}
        </>
      )}
    </PageFrame>
  );
}

const toActs = (href: string, at: { entity: string; project: string }, mayEdit: boolean) => [
  { words: "Show the sweeps of the project", keys: "1", href },
  { words: "Show the runs of the project", keys: "2", href: `${href}?tab=runs` },
  { words: "Show the agents of the project", keys: "3", href: `${href}/agents` },
  { words: "Open the project's settings", href: toProjectSettingsPath(at.entity, at.project) },
  ...(mayEdit
    ? [{ words: "Write a new sweep", keys: "n", href: toNewSweepPath(at.entity, at.project) }]
    : []),
];

const NEWEST_SWEEP = { field: "createdAt", direction: "desc" } as const;
const SWEEP_ORDERS = [
  { value: "newest", label: "Newest first", by: [NEWEST_SWEEP] },
  // The states' names happen to stand so, backwards: running, pending, paused, finished, canceled.
  { value: "state", label: "Running first", by: [{ field: "state", direction: "desc" }, NEWEST_SWEEP] },
  { value: "runs", label: "Most runs first", by: [{ field: "runCount", direction: "desc" }, NEWEST_SWEEP] },
  { value: "name", label: "By name", by: [{ field: "name", direction: "asc" }] },
] as const;
const SWEEP_STATE_CHOICES = [
  { value: "any", label: "In any state" },
  { value: "running", label: "Running" },
  { value: "pending", label: "Waiting" },
  { value: "paused", label: "Paused" },
  { value: "finished", label: "Finished" },
  { value: "canceled", label: "Canceled" },
] as const;

function toSweepFilter(q: string, state: string): SweepFilter | null {
  const parts: SweepFilter[] = [
    ...(q === ""
      ? []
      : [{ or: (["name", "id"] as const).map((field) => ({ field, op: "contains" as const, value: q })) }]),
    ...(state === "any" ? [] : [{ field: "state" as const, op: "eq" as const, value: state }]),
  ];
  return parts.length === 0 ? null : { and: parts };
}

/** What is best is the greatest or the least, as each run's sweep has it. */
function toOrder(sort: string): RunOrder {
  const order = readRunOrder(sort) ?? { field: "createdAt", direction: "desc" };
  return "field" in order && order.field === "objective" && order.direction === "desc"
    ? { field: "objective", direction: "best" }
    : order;
}

const toSweepCommand = ({ entity, project }: { entity: string; project: string }): string =>
  `npx besom sweep sweep.yaml --entity ${entity} --project ${project}`;

const NoSweeps = (at: { entity: string; project: string }) => (
  <Empty title="No sweep yet" action={<CommandBlock command={toSweepCommand(at)} label="Copy" />}>
    Write one here with New sweep, or create it from a file, in a clone of Besom:
  </Empty>
);

/** Where a sweep waits an agent is what is missing, else a sweep. */
function NoRuns(props: { entity: string; project: string; agentCommand: string | undefined }) {
  const { agentCommand, ...at } = props;
  return (
    <Empty
      title="No run yet"
      action={<CommandBlock command={agentCommand ?? toSweepCommand(at)} label="Copy" />}
    >
      {agentCommand
        ? "Runs appear here as agents work on the sweeps. Start one for the newest, in a clone of Besom:"
        : "Runs come from a sweep, or from a program that reports by itself. Create one, in a clone of Besom:"}
    </Empty>
  );
}
