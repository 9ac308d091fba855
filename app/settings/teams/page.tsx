import type { Metadata } from "next";
import Link from "next/link";
import { ask } from "@/app/_lib/ask";
import { toTeamPath } from "@/app/_lib/paths";
import { TeamsPage } from "@/graphql/operations/accounts";
import { plural } from "@/ui/format";
import { Empty } from "@/ui/kit/empty";
import { Panel } from "@/ui/kit/panel";
import { NewTeam } from "./_components/new-team";

export const metadata: Metadata = { title: "Teams" };

export default async function Page() {
  const { viewer } = await ask(TeamsPage, {}, "/settings/teams");
  const teams = viewer?.teams ?? [];
  return (
    <>
      <h1 className="sr-only">Teams</h1>
      <Panel
        id="teams"
        title="Your teams"
        note={teams.length > 0 ? String(teams.length) : undefined}
        className="mb-10"
      >
        {teams.length > 0 ? (
          <ul>
            {teams.map(({ role, entity }) => (
              <li
                key={entity.name}
                className="relative -mx-3 flex items-baseline gap-4 rounded-lg border-line border-t px-3 py-3 first:border-t-0 hover:bg-sunken"
              >
                <Link
                  href={toTeamPath(entity.name)}
                  className="min-w-0 break-words font-medium after:absolute after:inset-0 after:rounded-lg"
                >
                  {entity.name}
                </Link>
                <span className="ml-auto whitespace-nowrap text-ink-faint text-sm">
                  {plural(entity.members.length, "member")}, you are {role}
                </span>
              </li>
            ))}
          </ul>
        ) : (
          <Empty title="You are in no team">
            A team has projects of its own, and its members work in all of them. Make one below, or let its
            admin invite you.
          </Empty>
        )}
      </Panel>
      <Panel id="new" title="New team">
        <NewTeam />
      </Panel>
    </>
  );
}
