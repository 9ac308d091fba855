"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { useVerb } from "@/app/_live/use-verb";
import { DeleteTeam as DeleteTeamVerb } from "@/graphql/operations/accounts";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { ConfirmName } from "@/ui/kit/dialog";
import { showToast } from "@/ui/kit/toast";

export function DeleteTeam({ team, projects }: { team: string; projects: number }) {
  const router = useRouter();
  const [asking, setAsking] = useState(false);
  const { busy, run, rest, forget } = useVerb(DeleteTeamVerb);
  const remove = async () => {
    if (!(await run({ team }))) return;
    showToast(`The team ${team} is deleted`);
    router.replace("/settings/teams");
  };
  const close = () => {
    forget();
    setAsking(false);
  };
  return (
    <>
      <p className="mb-3 max-w-2xl text-ink-soft">
        {projects > 0
          ? `A team goes only when its projects are gone: delete the ${plural(projects, "project")} first, each in its settings.`
          : "Its members and invitations go with it, and its name is free again."}
      </p>
      <Button weight="danger" disabled={projects > 0} onClick={() => setAsking(true)}>
        Delete the team
      </Button>
      <ConfirmName
        open={asking}
        title={`Delete the team ${team}?`}
        name={team}
        action="Delete the team"
        busy={busy}
        error={rest}
        onConfirm={() => void remove()}
        onClose={close}
      >
        This can't be undone.
      </ConfirmName>
    </>
  );
}
