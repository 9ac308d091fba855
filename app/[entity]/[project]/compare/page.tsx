import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PageFrame } from "@/app/_components/page-frame";
import { toSearchText } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { MOST_COMPARED, readNames } from "@/app/_lib/compare";
import { toComparePath, toProjectPath } from "@/app/_lib/paths";
import { ComparePage } from "@/graphql/operations/charts";
import { Compare } from "./_components/compare";

interface Props {
  params: Promise<{ entity: string; project: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export const metadata: Metadata = { title: "Compare runs" };

/** Some runs of a project side by side, of whatever sweeps; the address names them. */
export default async function Page({ params, searchParams }: Props) {
  const path = await params;
  const [entity, name] = [decodeURIComponent(path.entity), decodeURIComponent(path.project)];
  const search = toSearchText(await searchParams);
  const names = readNames(new URLSearchParams(search).get("runs") ?? undefined);
  const here = toComparePath(toProjectPath(entity, name), names);
  const { viewer, project } = await ask(
    ComparePage,
    { entity, project: name, filter: { field: "name", op: "in", value: names }, first: MOST_COMPARED },
    here,
  );
  if (!project) notFound();
  const at = { entity: project.entity.name, project: project.name };
  const href = toProjectPath(at.entity, at.project);
  // In the order of the address: the first is the one the others were chosen to stand beside.
  const runs = project.runs.nodes.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  return (
    <PageFrame
      crumbs={[
        { label: project.name, href },
        { label: "Compare runs", href: here },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <Compare
        {...at}
        runs={runs}
        missing={names.filter((one) => !runs.some((run) => run.name === one))}
        search={search}
      />
    </PageFrame>
  );
}
