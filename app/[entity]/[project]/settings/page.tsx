import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Invitations } from "@/app/_components/invitations";
import { Members } from "@/app/_components/members";
import { PageFrame } from "@/app/_components/page-frame";
import { RolesExplained } from "@/app/_components/roles";
import { ask } from "@/app/_lib/ask";
import { toProjectPath, toProjectSettingsPath } from "@/app/_lib/paths";
import { Invitations as AskInvitations, ProjectSettingsPage } from "@/graphql/operations/accounts";
import { Notice } from "@/ui/kit/notice";
import { Panel } from "@/ui/kit/panel";
import { DeleteProject } from "./_components/delete-project";
import { ProjectForm } from "./_components/project-form";

interface Props {
  params: Promise<{ entity: string; project: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Settings of ${decodeURIComponent((await params).project)}` };
}

/** A project's description, how long it keeps what, who works in it, and its end. */
export default async function Page({ params }: Props) {
  const path = await params;
  const [entity, name] = [decodeURIComponent(path.entity), decodeURIComponent(path.project)];
  const here = toProjectSettingsPath(entity, name);
  const { viewer, project } = await ask(ProjectSettingsPage, { entity, name }, here);
  if (!project) notFound();
  const canEdit = project.viewerRole === "admin";
  const place = { entity: project.entity.name, project: project.name };
  const { invitations } = canEdit ? await ask(AskInvitations, place) : { invitations: [] };
  return (
    <PageFrame
      crumbs={[
        { label: project.name, href: toProjectPath(project.entity.name, project.name) },
        { label: "Settings", href: here },
      ]}
      {...(viewer && { viewer: viewer.name })}
    >
      <div className="max-w-4xl">
        <h1 className="mb-6 break-words font-semibold text-xl tracking-tight">
          <span className="font-normal text-ink-faint">{project.entity.name} / </span>
          {project.name}
        </h1>
        {!canEdit && (
          <Notice className="mb-6">
            {project.viewerRole ? `You are ${project.viewerRole} here` : "You have no role here"}: members
            change the description, admins everything below.
          </Notice>
        )}
        <Panel id="about" title="About" className="mb-10">
          <ProjectForm project={project} />
        </Panel>
        <Panel id="members" title="Members" note={String(project.members.length)} className="mb-10">
          <RolesExplained />
          <Members place={place} members={project.members} viewer={viewer?.name} canEdit={canEdit} />
        </Panel>
        {canEdit && (
          <>
            <Panel id="invitations" title="Invite somebody" className="mb-10">
              <Invitations place={place} invitations={invitations} />
            </Panel>
            <Panel id="danger" title="Delete the project">
              <DeleteProject id={project.id} name={project.name} sweeps={project.sweeps.totalCount} />
            </Panel>
          </>
        )}
      </div>
    </PageFrame>
  );
}
