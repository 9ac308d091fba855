import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cache } from "react";
import { PageFrame } from "@/app/_components/page-frame";
import { toSearchText } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { toNewSweepPath, toProjectPath, toSweepPath } from "@/app/_lib/paths";
import { isSweepId } from "@/core/ids";
import { SweepPage } from "@/graphql/operations/pages";
import { SweepFile } from "./_components/sweep-file";
import { SweepLive } from "./_components/sweep-live";

interface Props {
  params: Promise<{ entity: string; project: string; sweepId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The first paint carries this many runs, the newest; the browser asks for the rest. */
const FIRST_RUNS = 200;

/** Asked once, though both the title and the page want it. */
const load = cache(async (entity: string, project: string, sweepId: string) =>
  isSweepId(sweepId)
    ? ask(
        SweepPage,
        { id: sweepId, first: FIRST_RUNS },
        toSweepPath(decodeURIComponent(entity), decodeURIComponent(project), sweepId),
      )
    : undefined,
);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { entity, project, sweepId } = await params;
  const answer = await load(entity, project, sweepId);
  return { title: answer?.sweep?.name ?? "Nothing is here" };
}

export default async function Page({ params, searchParams }: Props) {
  const { sweepId, ...path } = await params;
  const search = toSearchText(await searchParams);
  const answer = await load(path.entity, path.project, sweepId);
  if (!answer?.sweep || !isAt(answer.sweep, path)) notFound();
  const { viewer, sweep } = answer;
  const { source, project, runs, ...head } = sweep;
  const projectPath = toProjectPath(project.entity.name, project.name);
  return (
    <PageFrame
      crumbs={[
        { label: project.name, href: projectPath },
        { label: head.name, href: toSweepPath(project.entity.name, project.name, head.id) },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <SweepLive
        head={head}
        runs={runs.nodes}
        complete={!runs.pageInfo.hasNextPage}
        projectPath={projectPath}
        search={search}
        file={
          <SweepFile
            source={source}
            againHref={
              head.viewerCanEdit
                ? `${toNewSweepPath(project.entity.name, project.name)}?from=${head.id}`
                : undefined
            }
          />
        }
      />
    </PageFrame>
  );
}

/** An id under another project's path is a mistake that a reader should see, not the sweep. */
const isAt = (
  { project }: { project: { name: string; entity: { name: string } } },
  path: { entity: string; project: string },
): boolean =>
  project.name === decodeURIComponent(path.project) &&
  project.entity.name === decodeURIComponent(path.entity);
