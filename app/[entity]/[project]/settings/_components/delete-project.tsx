"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { useVerb } from "@/app/_live/use-verb";
import { DeleteProject as DeleteProjectVerb } from "@/graphql/operations/accounts";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { ConfirmName } from "@/ui/kit/dialog";
import { showToast } from "@/ui/kit/toast";

export function DeleteProject({ id, name, sweeps }: { id: string; name: string; sweeps: number }) {
  const router = useRouter();
  const [asking, setAsking] = useState(false);
  const { busy, run, rest, forget } = useVerb(DeleteProjectVerb);
  const held =
    sweeps > 0 ? `${plural(sweeps, "sweep")} with all ${sweeps === 1 ? "its" : "their"} runs` : "its runs";
  const remove = async () => {
    if (!(await run({ projectId: id, confirm: name }))) return;
    showToast(`${name} is deleted`);
    router.replace("/");
  };
  const close = () => {
    forget();
    setAsking(false);
  };
  return (
    <>
      <p className="mb-3 max-w-2xl text-ink-soft">
        This takes {held} along, metrics and output included. Agents that work for it stop.
      </p>
      <Button weight="danger" onClick={() => setAsking(true)}>
        Delete the project
      </Button>
      <ConfirmName
        open={asking}
        title={`Delete ${name}?`}
        name={name}
        action="Delete the project"
        busy={busy}
        error={rest}
        onConfirm={() => void remove()}
        onClose={close}
      >
        This takes {held} along and can't be undone.
      </ConfirmName>
    </>
  );
}
