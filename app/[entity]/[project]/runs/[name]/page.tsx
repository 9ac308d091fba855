import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cache } from "react";
import { PageFrame } from "@/app/_components/page-frame";
import { toSearchText } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { endOfOutput } from "@/app/_lib/output-end";
import { toProjectPath, toRunPath, toSweepPath } from "@/app/_lib/paths";
import { toVaried } from "@/app/_lib/varied";
import { RUN_PAGE_SAMPLES, RunPage } from "@/graphql/operations/run-page";
import { RunLive } from "./_components/run-live";

interface Props {
  params: Promise<{ entity: string; project: string; name: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The first paint carries no more of the output than somebody reads at once. */
const OUTPUT_CHARACTERS = 64_000;

/** Asked once, though both the title and the page want it. */
const load = cache((...path: [entity: string, project: string, name: string]) => {
  const [entity, project, name] = path.map(decodeURIComponent) as typeof path;
  return ask(RunPage, { entity, project, name, samples: RUN_PAGE_SAMPLES }, toRunPath(entity, project, name));
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { entity, project, name } = await params;
  return { title: (await load(entity, project, name)).run?.displayName ?? "Nothing is here" };
}

/** One run: what it was given, what it measured, what it printed, how it ended. */
export default async function Page({ params, searchParams }: Props) {
  const { entity, project: projectName, name } = await params;
  const search = toSearchText(await searchParams);
  const { viewer, run } = await load(entity, projectName, name);
  if (!run?.project) notFound();
  const { project, configured, history, system, output, ...head } = run;
  const at = [project.entity.name, project.name] as const;
  const { nodes, pageInfo } = endOfOutput(output, OUTPUT_CHARACTERS);
  return (
    <PageFrame
      crumbs={[
        { label: project.name, href: toProjectPath(...at) },
        ...(head.sweep ? [{ label: head.sweep.name, href: toSweepPath(...at, head.sweep.id) }] : []),
        { label: head.displayName, href: toRunPath(...at, head.name) },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <RunLive
        head={head}
        series={history.series}
        output={nodes}
        cut={pageInfo.hasPreviousPage}
        system={system}
        varied={toVaried(configured?.config)}
        projectPath={toProjectPath(...at)}
        editable={project.viewerCanEdit}
        search={search}
      />
    </PageFrame>
  );
}
