import type { Metadata } from "next";
import { ask } from "@/app/_lib/ask";
import { SessionsPage } from "@/graphql/operations/accounts";
import { Panel } from "@/ui/kit/panel";
import { SessionList } from "./_components/session-list";

export const metadata: Metadata = { title: "Sessions" };

export default async function Page() {
  const { sessions } = await ask(SessionsPage, {}, "/settings/sessions");
  return (
    <>
      <h1 className="sr-only">Sessions</h1>
      <Panel id="sessions" title="Browsers signed in as you" note={String(sessions.length)}>
        <SessionList sessions={sessions} />
      </Panel>
    </>
  );
}
