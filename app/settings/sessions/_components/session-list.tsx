"use client";

import { useState } from "react";
import { ConfirmVerb } from "@/app/_components/confirm-verb";
import { toBrowserName } from "@/app/_lib/browser-name";
import { useVerb } from "@/app/_live/use-verb";
import { EndOtherSessions, EndSession, type Session } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Chip } from "@/ui/kit/chip";
import { Ago, Day } from "@/ui/kit/clock";
import { type Column, DataTable } from "@/ui/kit/data-table";
import { CheckIcon } from "@/ui/kit/icons";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

export function SessionList({ sessions }: { sessions: readonly Session[] }) {
  const [asked, setAsked] = useState<Session>();
  return (
    <>
      <DataTable
        label="Browsers signed in as you"
        columns={toColumns(setAsked)}
        rows={sessions}
        keyOf={({ id }) => id}
      />
      {sessions.length > 1 && <EndOthers />}
      <ConfirmVerb
        verb={EndSession}
        input={asked && { sessionId: asked.id }}
        title={`End ${toBrowserName(asked?.userAgent ?? null)}?`}
        action="End session"
        done="The session is ended"
        onClose={() => setAsked(undefined)}
      >
        That browser is signed out at once, its open pages included.
      </ConfirmVerb>
    </>
  );
}

const toColumns = (onEnd: (session: Session) => void): Column<Session>[] => [
  {
    key: "browser",
    label: "Browser",
    cell: ({ userAgent, current }) => (
      <span className="inline-flex flex-wrap items-center gap-x-2 font-medium">
        <span title={userAgent ?? undefined}>{toBrowserName(userAgent)}</span>
        {current && (
          <Chip tone="good" icon={<CheckIcon />}>
            this one
          </Chip>
        )}
      </span>
    ),
  },
  {
    key: "address",
    label: "From",
    cell: ({ address }) => address && <span className="figures wrap-anywhere">{address}</span>,
  },
  { key: "since", label: "Signed in", cell: ({ createdAt }) => <Ago at={createdAt} /> },
  {
    key: "seen",
    label: "Last seen",
    cell: ({ lastSeenAt, createdAt }) => <Ago at={lastSeenAt ?? createdAt} />,
  },
  { key: "ends", label: "Ends", cell: ({ expiresAt }) => <Day at={expiresAt} /> },
  {
    key: "actions",
    label: "Actions",
    quiet: true,
    align: "right",
    cell: (session) =>
      !session.current && (
        <Button
          weight="bare"
          onClick={() => onEnd(session)}
          aria-label={`End ${toBrowserName(session.userAgent)}`}
        >
          End
        </Button>
      ),
  },
];

function EndOthers() {
  const { busy, run, rest } = useVerb(EndOtherSessions);
  const end = async () => {
    if (await run({})) showToast("All other sessions are ended");
  };
  return (
    <div className="mt-5 grid gap-3">
      {rest && (
        <Notice tone="bad" live>
          {rest}
        </Notice>
      )}
      <div>
        <Button onClick={end} disabled={busy}>
          End all others
        </Button>
      </div>
    </div>
  );
}
