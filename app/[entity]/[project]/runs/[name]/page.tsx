import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cache } from "react";
import { KeepFresh } from "@/app/_components/keep-fresh";
import { PageFrame } from "@/app/_components/page-frame";
import { ask } from "@/app/_lib/ask";
import { endOfOutput } from "@/app/_lib/output-end";
import { toProjectPath, toRunPath, toSweepPath } from "@/app/_lib/paths";
import { isActive } from "@/core/run";
import { RUN_PAGE_SAMPLES, RunPage } from "@/graphql/operations/pages";
import { Facts } from "./_components/facts";
import { Metrics } from "./_components/metrics";
import { Output } from "./_components/output";
import { RunHeader } from "./_components/run-header";

interface Props {
  params: Promise<{ entity: string; project: string; name: string }>;
}

/** A page that is drawn anew every few seconds carries no more of the output than somebody reads. */
const OUTPUT_CHARACTERS = 64_000;

/** Asked once, though both the title and the page want it. */
const load = cache((entity: string, project: string, name: string) =>
  ask(RunPage, {
    entity: decodeURIComponent(entity),
    project: decodeURIComponent(project),
    name: decodeURIComponent(name),
    samples: RUN_PAGE_SAMPLES,
  }),
);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { entity, project, name } = await params;
  return { title: (await load(entity, project, name)).run?.displayName ?? "Nothing is here" };
}

/** One run: what it was given, what it measured, what it printed, how it ended. */
export default async function Page({ params }: Props) {
  const { entity, project: projectName, name } = await params;
  const { viewer, run } = await load(entity, projectName, name);
  const project = run?.project;
  if (!run || !project) notFound();
  const at = [project.entity.name, project.name] as const;
  return (
    <PageFrame
      crumbs={[
        { label: project.name, href: toProjectPath(...at) },
        ...(run.sweep ? [{ label: run.sweep.name, href: toSweepPath(...at, run.sweep.id) }] : []),
        { label: run.displayName, href: toRunPath(...at, run.name) },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <RunHeader run={run} />
      <div className="mt-8 grid gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="min-w-0 space-y-10">
          <Metrics run={run} />
          <Output output={endOfOutput(run.output, OUTPUT_CHARACTERS)} />
        </div>
        <Facts run={run} />
      </div>
      {isActive(run.state) && <KeepFresh />}
    </PageFrame>
  );
}
