import Link from "next/link";
import { KeepFresh } from "@/app/_components/keep-fresh";
import { PageFrame } from "@/app/_components/page-frame";
import { SweepList } from "@/app/_components/sweep-list";
import { ask } from "@/app/_lib/ask";
import { toProjectPath } from "@/app/_lib/paths";
import { type ProjectCard, StartPage } from "@/graphql/operations/pages";
import { plural } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";

/** Everything one may see, the liveliest first; or, on an empty server, the one thing to do. */
export default async function Page() {
  const { viewer, projects } = await ask(StartPage, { first: 50 });
  const begun = projects.nodes.filter((project) => project.sweeps.totalCount > 0);
  return (
    <PageFrame {...(viewer && { viewer: viewer.name })}>
      {begun.length === 0 ? (
        <FirstSweep />
      ) : (
        <>
          <h1 className="sr-only">Projects</h1>
          {begun.map((project) => (
            <Project key={project.id} project={project} />
          ))}
        </>
      )}
      <KeepFresh />
    </PageFrame>
  );
}

function Project({ project }: { project: ProjectCard }) {
  const { entity, name, sweeps } = project;
  const href = toProjectPath(entity.name, name);
  return (
    <section aria-labelledby={`project-${project.id}`} className="mb-12">
      <header className="mb-1 flex items-baseline gap-3 border-line border-b pb-2">
        <h2 id={`project-${project.id}`} className="min-w-0 font-semibold text-lg tracking-tight">
          <Link href={href} className="hover:underline">
            <span className="font-normal text-ink-faint">{entity.name} / </span>
            {name}
          </Link>
        </h2>
        <span className="figures ml-auto whitespace-nowrap text-ink-faint text-sm">
          {sweeps.totalCount > sweeps.nodes.length ? (
            <Link href={href} className="inline-flex min-h-6 items-center text-link hover:underline">
              all {plural(sweeps.totalCount, "sweep")}
            </Link>
          ) : (
            plural(sweeps.totalCount, "sweep")
          )}
        </span>
      </header>
      <SweepList sweeps={sweeps.nodes} entity={entity.name} project={name} />
    </section>
  );
}

function FirstSweep() {
  return (
    <div className="max-w-2xl pt-12">
      <h1 className="font-semibold text-xl tracking-tight">Describe a sweep, and watch it here</h1>
      <p className="mt-2 mb-5 text-ink-soft">
        A sweep file names your training program and the ranges to search. Run this in a clone of Besom: it
        creates the sweep and prints how to start working on it.
      </p>
      <CommandBlock command="npx besom sweep sweep.yaml" label="Copy" />
    </div>
  );
}
