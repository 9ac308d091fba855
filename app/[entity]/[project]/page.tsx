import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { KeepFresh } from "@/app/_components/keep-fresh";
import { PageFrame } from "@/app/_components/page-frame";
import { SweepList } from "@/app/_components/sweep-list";
import { ask } from "@/app/_lib/ask";
import { toProjectPath } from "@/app/_lib/paths";
import { ProjectPage } from "@/graphql/operations/pages";
import { plural } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";

interface Props {
  params: Promise<{ entity: string; project: string }>;
  searchParams: Promise<{ after?: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).project) };
}

/** The sweeps of a project, the newest first. */
export default async function Page({ params, searchParams }: Props) {
  const { entity, project: name } = await params;
  const { after } = await searchParams;
  const { viewer, project } = await ask(ProjectPage, {
    entity: decodeURIComponent(entity),
    name: decodeURIComponent(name),
    first: 50,
    after: after ?? null,
  });
  if (!project) notFound();
  const { sweeps } = project;
  const href = toProjectPath(project.entity.name, project.name);
  return (
    <PageFrame crumbs={[{ label: project.name, href }]} {...(viewer && { viewer: viewer.name })}>
      <header className="mb-1 flex items-baseline gap-3 border-line border-b pb-3">
        <h1 className="min-w-0 break-words font-semibold text-xl tracking-tight">
          <span className="font-normal text-ink-faint">{project.entity.name} / </span>
          {project.name}
        </h1>
        <span className="figures ml-auto whitespace-nowrap text-ink-faint text-sm">
          {plural(sweeps.totalCount, "sweep")}
        </span>
      </header>
      {sweeps.nodes.length > 0 ? (
        <SweepList sweeps={sweeps.nodes} entity={project.entity.name} project={project.name} />
      ) : (
        <div className="max-w-2xl pt-8">
          <p className="mb-4 text-ink-soft">No sweep yet. In a clone of Besom, this creates the first one:</p>
          <CommandBlock
            command={`npx besom sweep sweep.yaml --entity ${project.entity.name} --project ${project.name}`}
            label="Copy"
          />
        </div>
      )}
      {sweeps.pageInfo.hasNextPage && (
        <p className="mt-6">
          <Link
            href={`${href}?after=${sweeps.pageInfo.endCursor}`}
            className="inline-flex min-h-8 items-center text-link underline underline-offset-2"
          >
            Older sweeps
          </Link>
        </p>
      )}
      <KeepFresh />
    </PageFrame>
  );
}
