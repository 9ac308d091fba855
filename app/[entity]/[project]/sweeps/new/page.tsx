import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PageFrame } from "@/app/_components/page-frame";
import { ask } from "@/app/_lib/ask";
import { toProjectPath } from "@/app/_lib/paths";
import { TEMPLATES } from "@/app/_lib/sweep-templates";
import { isSlug, isSweepId } from "@/core/ids";
import { NewSweepPage, SweepSource } from "@/graphql/operations/new-sweep";
import { NewSweep } from "./_components/new-sweep";

interface Props {
  params: Promise<{ entity: string; project: string }>;
  /** `from`: the sweep whose file one begins with. */
  searchParams: Promise<{ from?: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `New sweep in ${decodeURIComponent((await params).project)}` };
}

/** A project that is not there yet is made with its first sweep, so its page is here already. */
export default async function Page({ params, searchParams }: Props) {
  const path = await params;
  const { from } = await searchParams;
  const asked = { entity: decodeURIComponent(path.entity), name: decodeURIComponent(path.project) };
  const { viewer, project, serverInfo } = await ask(NewSweepPage, asked);
  if (!project && (asked.entity !== viewer?.entity.name || !isSlug(asked.name))) notFound();
  const entity = project?.entity.name ?? asked.entity;
  const name = project?.name ?? asked.name;
  const href = toProjectPath(entity, name);
  const copied = from && isSweepId(from) ? (await ask(SweepSource, { id: from })).sweep : undefined;
  return (
    <PageFrame
      crumbs={[
        ...(project ? [{ label: name, href }] : []),
        { label: "New sweep", href: `${href}/sweeps/new` },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <NewSweep
        entity={entity}
        project={name}
        isNew={!project}
        editable={project?.viewerCanEdit ?? true}
        serverUrl={serverInfo.url}
        initial={copied?.source ?? TEMPLATES[0].source}
        {...(copied && { copiedFrom: copied.name })}
      />
    </PageFrame>
  );
}
