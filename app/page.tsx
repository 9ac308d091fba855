import type { Metadata } from "next";
import Link from "next/link";
import { ListChoice } from "@/app/_components/list-choice";
import { PageFrame } from "@/app/_components/page-frame";
import { SearchBar } from "@/app/_components/search-bar";
import { SweepList } from "@/app/_components/sweep-list";
import { WatchProjects } from "@/app/_components/watch-projects";
import { readRows, readSearch, toAddress } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { toProjectPath } from "@/app/_lib/paths";
import { type ProjectLine, ProjectsPage } from "@/graphql/operations/project-page";
import { ActivityStrip } from "@/ui/charts/draw/activity-strip";
import { prepareActivity } from "@/ui/charts/prepare/activity";
import { formatCount, plural } from "@/ui/format";
import { buttonLook } from "@/ui/kit/button";
import { Ago } from "@/ui/kit/clock";
import { CommandBlock } from "@/ui/kit/copy";
import { Empty } from "@/ui/kit/empty";
import { NewProject } from "./_components/new-project";

export const metadata: Metadata = { title: "Projects" };

const FIRST_ROWS = 25;
/** Each is watched by a subscription of its own. */
const MOST_ROWS = 100;

const SORTS = [
  { value: "activity", label: "Last active first", order: { field: "activeAt", direction: "desc" } },
  { value: "name", label: "By name", order: { field: "name", direction: "asc" } },
  { value: "newest", label: "Newest first", order: { field: "createdAt", direction: "desc" } },
] as const;

interface Props {
  searchParams: Promise<{ q?: string; sort?: string; show?: string }>;
}

/** Everything one may see, with the newest of each; or, on an empty server, the one thing to do. */
export default async function Page({ searchParams }: Props) {
  const search = readSearch(await searchParams);
  const { q = "" } = search;
  const sort = SORTS.find(({ value }) => value === search.sort) ?? SORTS[0];
  const first = readRows(search.show, { first: FIRST_ROWS, most: MOST_ROWS });
  const { viewer, all, projects } = await ask(
    ProjectsPage,
    {
      first,
      filter:
        q === ""
          ? null
          : {
              or: (["name", "entity", "description"] as const).map((field) => ({
                field,
                op: "contains" as const,
                value: q,
              })),
            },
      orderBy: [sort.order],
    },
    toAddress("/", search),
  );
  const shown = projects.nodes;
  const keep: Record<string, string> = sort === SORTS[0] ? {} : { sort: sort.value };
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      <WatchProjects ids={projects.nodes.map(({ id }) => id)} mayGrow />
      {all.totalCount === 0 ? (
        <FirstSweep entity={viewer?.entity.name} />
      ) : (
        <>
          <header className="mb-6 flex flex-wrap items-center gap-x-4 gap-y-3">
            <h1 className="font-semibold text-xl tracking-tight">Projects</h1>
            <div className="min-w-0 grow basis-60 sm:max-w-sm">
              <SearchBar query={q} keep={keep} label="Search projects" placeholder="Search by name" />
            </div>
            <ListChoice name="sort" label="Order of the projects" value={sort.value} choices={SORTS} />
            <p role="status" className="figures text-ink-faint text-sm">
              {shown.length < all.totalCount
                ? `showing ${formatCount(shown.length)} of ${formatCount(projects.totalCount)}${projects.totalCount < all.totalCount ? `, filtered from ${formatCount(all.totalCount)}` : ""}`
                : `all ${formatCount(all.totalCount)}`}
            </p>
            {viewer && (
              <div className="ml-auto">
                <NewProject entity={viewer.entity.name} />
              </div>
            )}
          </header>
          {shown.length === 0 && <Empty title="No project is called like that." />}
          {shown.map((project) => (
            <Project key={project.id} project={project} />
          ))}
          {projects.pageInfo.hasNextPage && first < MOST_ROWS && (
            <Link
              href={toAddress("/", {
                ...keep,
                ...(q && { q }),
                show: String(Math.min(first * 2, MOST_ROWS)),
              })}
              scroll={false}
              className={buttonLook("line")}
            >
              Show more
            </Link>
          )}
        </>
      )}
    </PageFrame>
  );
}

function Project({ project }: { project: ProjectLine }) {
  const { entity, name, description, sweeps, runs } = project;
  const href = toProjectPath(entity.name, name);
  const more = sweeps.totalCount - sweeps.nodes.length;
  return (
    <section aria-labelledby={`project-${project.id}`} className="mb-10">
      <header className="mb-1 flex flex-wrap items-baseline gap-x-3 border-line border-b pb-2">
        <h2 id={`project-${project.id}`} className="min-w-0 font-semibold text-lg tracking-tight">
          <Link href={href} className="hover:underline">
            <span className="font-normal text-ink-faint">{entity.name} / </span>
            {name}
          </Link>
        </h2>
        <div className="flex min-w-0 items-baseline gap-x-3 max-sm:w-full max-sm:justify-between sm:ml-auto">
          <p className="figures whitespace-nowrap text-ink-faint text-sm">
            <Link href={href} className="inline-flex min-h-6 items-center hover:text-ink hover:underline">
              {plural(sweeps.totalCount, "sweep")}
            </Link>
            {", "}
            <Link
              href={`${href}?tab=runs`}
              className="inline-flex min-h-6 items-center hover:text-ink hover:underline"
            >
              {plural(runs.totalCount, "run")}
            </Link>
            {", "}
            <Ago at={project.activeAt} />
          </p>
          <ActivityStrip activity={prepareActivity(project.activity, Date.now())} />
        </div>
        {description && <p className="line-clamp-2 w-full text-ink-soft text-sm">{description}</p>}
      </header>
      {sweeps.nodes.length > 0 ? (
        <SweepList sweeps={sweeps.nodes} entity={entity.name} project={name} />
      ) : (
        <p className="py-3 text-ink-faint text-sm">No sweep yet.</p>
      )}
      {more > 0 && (
        <Link href={href} className="inline-flex min-h-8 items-center text-ink-soft text-sm hover:underline">
          {plural(more, "more sweep")}
        </Link>
      )}
    </section>
  );
}

function FirstSweep({ entity }: { entity: string | undefined }) {
  return (
    <div className="max-w-2xl pt-12">
      <h1 className="font-semibold text-xl tracking-tight">Describe a sweep, and watch it here</h1>
      <p className="mt-2 mb-5 text-ink-soft">
        Write down in a sweep file what to try, and run this in a clone of Besom: it creates the sweep and
        prints how to start working on it.
      </p>
      <CommandBlock command="npx besom sweep sweep.yaml" label="Copy" />
      {entity && (
        <div className="mt-5 flex items-center gap-3 text-ink-soft">
          or <NewProject entity={entity} label="Write one in the browser" />
        </div>
      )}
    </div>
  );
}
