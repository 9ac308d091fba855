import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PageFrame } from "@/app/_components/page-frame";
import { ask } from "@/app/_lib/ask";
import { toProjectPath } from "@/app/_lib/paths";
import { ProjectHeader } from "@/app/[entity]/[project]/_components/project-header";
import { ProjectAgents } from "@/graphql/operations/project-page";
import { formatCount } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { Empty } from "@/ui/kit/empty";
import { LiveAgents } from "./_components/project-agents";

interface Props {
  params: Promise<{ entity: string; project: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Agents of ${decodeURIComponent((await params).project)}` };
}

/** Who works in the project at the moment, on what, and who was lost. */
export default async function Page({ params }: Props) {
  const path = await params;
  const at = { entity: decodeURIComponent(path.entity), name: decodeURIComponent(path.project) };
  const here = `${toProjectPath(at.entity, at.name)}/agents`;
  const { viewer, project } = await ask(ProjectAgents, at, here);
  if (!project) notFound();
  const { nodes, totalCount } = project.sweeps;
  const agents = nodes.flatMap(({ id, name, agents: own }) =>
    own.map((agent) => ({ ...agent, sweep: { id, name } })),
  );
  const alive = agents.filter(({ state }) => state === "alive").length;
  const href = toProjectPath(project.entity.name, project.name);
  const [newest] = nodes;
  return (
    <PageFrame crumbs={[{ label: project.name, href }]} {...(viewer && { viewer: viewer.name })}>
      <ProjectHeader project={project} tab="agents" />
      <p role="status" className="figures mt-4 mb-3 text-ink-faint text-sm">
        {formatCount(alive)} alive, {formatCount(agents.length - alive)} lost
        {totalCount > nodes.length &&
          `, of the newest ${formatCount(nodes.length)} of ${formatCount(totalCount)} sweeps`}
      </p>
      <LiveAgents agents={agents} projectPath={href} editable={project.viewerCanEdit} />
      {agents.length === 0 && (
        <Empty
          title="No agent at work"
          {...(newest && { action: <CommandBlock command={newest.workerCommand} label="Copy" /> })}
        >
          {newest
            ? "Agents take a sweep's runs and work on them. Start one for the newest sweep, on any machine with Node:"
            : "Agents take a sweep's runs and work on them. There is no sweep yet."}
        </Empty>
      )}
    </PageFrame>
  );
}
