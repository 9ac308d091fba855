import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { Invitations } from "@/app/_components/invitations";
import { readSearch } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { Invitations as AskInvitations, UsersPage, WhoAmI } from "@/graphql/operations/accounts";
import { formatCount } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { UserList } from "./_components/user-list";

export const metadata: Metadata = { title: "Users" };

interface Props {
  searchParams: Promise<{ after?: string }>;
}

/** For server administrators: everybody with an account here. */
export default async function Page({ searchParams }: Props) {
  const { viewer: asking } = await ask(WhoAmI, {}, "/settings/users");
  if (!asking?.admin) notFound();
  const { after = null } = readSearch(await searchParams);
  const [{ viewer, users }, { invitations }] = await Promise.all([
    ask(UsersPage, { first: 100, after }),
    ask(AskInvitations, {}),
  ]);
  return (
    <>
      <h1 className="sr-only">Users</h1>
      <Panel id="users" title="Users of this server" note={formatCount(users.totalCount)} className="mb-10">
        <UserList users={users.nodes} viewer={viewer?.name} />
        {users.pageInfo.hasNextPage && (
          <p className="mt-4">
            <Link
              href={`/settings/users?after=${encodeURIComponent(users.pageInfo.endCursor ?? "")}`}
              className="inline-flex min-h-8 items-center text-link underline underline-offset-2"
            >
              More users
            </Link>
          </p>
        )}
      </Panel>
      <Panel id="invitations" title="Invite somebody to this server">
        <p className="mb-4 max-w-2xl text-ink-soft">
          With an account of their own and no role anywhere. To give a role along the way, invite to a team or
          a project, in its settings.
        </p>
        <Invitations invitations={invitations} />
      </Panel>
    </>
  );
}
