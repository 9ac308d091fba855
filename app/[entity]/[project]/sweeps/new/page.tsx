import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PageFrame } from "@/app/_components/page-frame";
import { readSearch, toAddress } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { toNewSweepPath, toProjectPath } from "@/app/_lib/paths";
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
  const search = readSearch(await searchParams);
  const { from } = search;
  const asked = { entity: decodeURIComponent(path.entity), name: decodeURIComponent(path.project) };
  const here = toAddress(toNewSweepPath(asked.entity, asked.name), search);
  const { viewer, project } = await ask(NewSweepPage, asked, here);
  if (!project && (asked.entity !== viewer?.entity.name || !isSlug(asked.name))) notFound();
  const entity = project?.entity.name ?? asked.entity;
  const name = project?.name ?? asked.name;
  const href = toProjectPath(entity, name);
  const copied = from && isSweepId(from) ? (await ask(SweepSource, { id: from })).sweep : undefined;
  return (
    <PageFrame
      crumbs={[
        ...(project ? [{ label: name, href }] : []),
        { label: "New sweep", href: toNewSweepPath(entity, name) },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <NewSweep
        entity={entity}
        project={name}
        isNew={!project}
        editable={project?.viewerCanEdit ?? true}
        initial={copied?.source ?? TEMPLATES[0].source}
        {...(copied && { copiedFrom: copied.name })}
      />
    </PageFrame>
  );
}
