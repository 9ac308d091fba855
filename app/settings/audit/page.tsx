import type { Metadata } from "next";
import Link from "next/link";
import { readSearch } from "@/app/_lib/address";
import { ask } from "@/app/_lib/ask";
import { AuditPage } from "@/graphql/operations/accounts";
import { Empty } from "@/ui/kit/empty";
import { Panel } from "@/ui/kit/panel";
import { EventList } from "./_components/event-list";

export const metadata: Metadata = { title: "Activity" };

interface Props {
  searchParams: Promise<{ after?: string }>;
}

/** What changed rights or destroyed data: one's own doings; everybody's for server administrators. */
export default async function Page({ searchParams }: Props) {
  const { after = null } = readSearch(await searchParams);
  const { auditEvents } = await ask(AuditPage, { first: 50, after }, "/settings/audit");
  return (
    <>
      <h1 className="sr-only">Activity</h1>
      <Panel id="events" title="What changed rights or destroyed data" note="newest first">
        {auditEvents.nodes.length > 0 ? (
          <EventList events={auditEvents.nodes} />
        ) : (
          <Empty title="Nothing yet">
            Keys made and revoked, roles given and taken, sign-ins, deletions: each leaves a line here.
          </Empty>
        )}
        {auditEvents.pageInfo.hasNextPage && (
          <p className="mt-4">
            <Link
              href={`/settings/audit?after=${encodeURIComponent(auditEvents.pageInfo.endCursor ?? "")}`}
              className="inline-flex min-h-8 items-center text-link underline underline-offset-2"
            >
              Older
            </Link>
          </p>
        )}
      </Panel>
    </>
  );
}
