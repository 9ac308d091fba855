import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PageFrame } from "@/app/_components/page-frame";
import { readSearch, toAddress } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { narrowFile } from "@/app/_lib/narrow-file";
import { toNewSweepPath, toProjectPath } from "@/app/_lib/paths";
import { TEMPLATES } from "@/app/_lib/sweep-templates";
import { isRunName, isSlug, isSweepId } from "@/core/ids";
import { type ChosenRun, ChosenRuns, NewSweepPage, SweepSource } from "@/graphql/operations/new-sweep";
import { NewSweep } from "./_components/new-sweep";

interface Props {
  params: Promise<{ entity: string; project: string }>;
  /** `from`: the sweep whose file one begins with; `runs`: names of runs that its ranges are narrowed to, and that it begins with. */
  searchParams: Promise<{ from?: string; runs?: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `New sweep in ${decodeURIComponent((await params).project)}` };
}

/** A project that is not there yet is made with its first sweep, so its page is here already. */
export default async function Page({ params, searchParams }: Props) {
  const path = await params;
  const search = readSearch(await searchParams);
  const { from, runs = "" } = search;
  const asked = { entity: decodeURIComponent(path.entity), name: decodeURIComponent(path.project) };
  const here = toAddress(toNewSweepPath(asked.entity, asked.name), search);
  const { viewer, project } = await ask(NewSweepPage, asked, here);
  if (!project && (asked.entity !== viewer?.entity.name || !isSlug(asked.name))) notFound();
  const entity = project?.entity.name ?? asked.entity;
  const name = project?.name ?? asked.name;
  const href = toProjectPath(entity, name);
  const copied = from && isSweepId(from) ? (await ask(SweepSource, { id: from })).sweep : undefined;
  const names = [...new Set(runs.split(",").filter(isRunName))].slice(0, MOST_RUNS);
  const chosen = project && names.length > 0 ? await findChosen(entity, name, names) : [];
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
        initial={
          copied
            ? narrowFile(
                copied.source,
                chosen.map(({ params }) => params),
              )
            : TEMPLATES[0].source
        }
        guess={project?.guess ?? null}
        chosen={chosen.map(({ id, name: own, displayName, state }) => ({
          id,
          name: own,
          displayName,
          state,
        }))}
        {...(copied && { copiedFrom: copied.name })}
      />
    </PageFrame>
  );
}

/** As many as a new sweep takes. */
const MOST_RUNS = 1_000;

/** In the order in which they were named; those that are gone are absent. */
async function findChosen(entity: string, name: string, names: readonly string[]): Promise<ChosenRun[]> {
  const filter = { field: "name", op: "in", value: names } as const;
  const { project } = await ask(ChosenRuns, { entity, name, first: MOST_RUNS, filter });
  const byName = new Map(project?.runs.nodes.map((run) => [run.name, run]));
  return names.flatMap((one) => byName.get(one) ?? []);
}
