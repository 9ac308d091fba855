import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { Invitations } from "@/app/_components/invitations";
import { Members } from "@/app/_components/members";
import { RolesExplained } from "@/app/_components/roles";
import { ask } from "@/app/_lib/ask";
import { toProjectPath, toTeamPath } from "@/app/_lib/paths";
import { Invitations as AskInvitations, type Team, TeamPage } from "@/graphql/operations/accounts";
import { formatCount } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";
import { DeleteTeam } from "./_components/delete-team";

interface Props {
  params: Promise<{ team: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).team) };
}

export default async function Page({ params }: Props) {
  const name = decodeURIComponent((await params).team);
  const { viewer, entity: team } = await ask(TeamPage, { name }, toTeamPath(name));
  if (team?.kind !== "team") notFound();
  const canEdit = team.viewerRole === "admin";
  const place = { team: team.name };
  const { invitations } = canEdit ? await ask(AskInvitations, place) : { invitations: [] };
  return (
    <>
      <h1 className="mt-3 mb-4 break-words font-semibold text-xl tracking-tight">
        <span className="font-normal text-ink-faint">
          <Link href="/settings/teams" className="hover:underline">
            Teams
          </Link>{" "}
          /{" "}
        </span>
        {team.name}
      </h1>
      <Panel id="members" title="Members" note={String(team.members.length)} className="mb-10">
        <RolesExplained />
        <Members place={place} members={team.members} viewer={viewer?.name} canEdit={canEdit} />
      </Panel>
      {canEdit && (
        <Panel id="invitations" title="Invite somebody" className="mb-10">
          <Invitations place={place} invitations={invitations} />
        </Panel>
      )}
      <Projects team={team} />
      {canEdit && (
        <Panel id="danger" title="Delete the team" className="mt-10">
          <DeleteTeam team={team.name} projects={team.projects.totalCount} />
        </Panel>
      )}
    </>
  );
}

function Projects({ team: { name, projects } }: { team: Team }) {
  return (
    <Panel id="projects" title="Projects" note={formatCount(projects.totalCount)}>
      {projects.nodes.length > 0 ? (
        <ul className="flex flex-wrap gap-x-5 gap-y-1">
          {projects.nodes.map(({ id, name: project }) => (
            <li key={id}>
              <Link
                href={toProjectPath(name, project)}
                className="inline-flex min-h-6 items-center text-link hover:underline"
              >
                {project}
              </Link>
            </li>
          ))}
          {projects.totalCount > projects.nodes.length && (
            <li className="text-ink-faint">
              and {formatCount(projects.totalCount - projects.nodes.length)} more
            </li>
          )}
        </ul>
      ) : (
        <div className="max-w-2xl">
          <p className="mb-3 text-ink-soft">None yet. A sweep that names the team makes the first one:</p>
          <CommandBlock
            command={`npx besom sweep sweep.yaml --entity ${name} --project my-project`}
            label="Copy"
          />
        </div>
      )}
    </Panel>
  );
}
