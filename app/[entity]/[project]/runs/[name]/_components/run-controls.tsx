"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { newMutationId, RequestError, request } from "@/app/_live/request";
import type { RunStore } from "@/app/_live/run-store";
import { isOver } from "@/core/run";
import { RetryRuns } from "@/graphql/operations/edit-sweep";
import { DeleteRun, type RunHead, StopRun } from "@/graphql/operations/run-page";
import { Button } from "@/ui/kit/button";
import { Confirm } from "@/ui/kit/confirm";
import { SquareIcon } from "@/ui/kit/icons";
import { showToast } from "@/ui/kit/toast";

/** What can be done with one run: end it while it goes on, take it away once it is over. */
export function RunControls(props: { head: RunHead; store: RunStore; projectPath: string }) {
  const { head, store, projectPath } = props;
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const over = isOver(head.state);

  const attempt = async (what: string, act: () => Promise<string | undefined>) => {
    setBusy(true);
    setAsking(false);
    setRefusal(undefined);
    const refused = await act().catch((error: unknown) =>
      error instanceof RequestError ? error.message : "the server could not be reached",
    );
    setBusy(false);
    if (refused !== undefined) setRefusal(`${what} was refused: ${refused}`);
  };
  const input = { runId: head.id, clientMutationId: newMutationId() };
  const stop = () =>
    attempt("Stop", async () => {
      const { stopRun } = await request(StopRun, { input });
      if (stopRun.run) store.answer(stopRun.run);
      return stopRun.error?.message;
    });
  const retry = () =>
    attempt("Retry", async () => {
      const { done } = await request(RetryRuns, {
        input: { runIds: [head.id], clientMutationId: newMutationId() },
      });
      if (!done.error) {
        const resumed = done.resumed?.length ? ", and its sweep runs again" : "";
        showToast(`Back in the queue${resumed}: the next free agent takes it`);
      }
      return done.error?.message;
    });
  const remove = () =>
    attempt("Delete", async () => {
      const { deleteRun } = await request(DeleteRun, { input });
      if (!deleteRun.error) router.push(head.sweep ? `${projectPath}/sweeps/${head.sweep.id}` : projectPath);
      return deleteRun.error?.message;
    });

  return (
    <div className="flex-none">
      <div className="flex items-center justify-end gap-2">
        {!over && (
          <Button
            onClick={stop}
            disabled={busy || head.stopRequested !== null}
            title="Asks its agent to end it; what it logged so far stays"
          >
            <SquareIcon />
            {head.stopRequested === null ? "Stop" : "Stopping…"}
          </Button>
        )}
        {over && head.state !== "finished" && head.sweep && head.sweep.state !== "canceled" && (
          <Button
            onClick={retry}
            disabled={busy}
            title="The same parameters once more, before anything new of its sweep"
          >
            Retry
          </Button>
        )}
        {over && (
          <Button onClick={() => setAsking(true)} disabled={busy}>
            Delete
          </Button>
        )}
      </div>
      <p role="alert" className="mt-1 max-w-64 text-bad text-sm empty:hidden">
        {refusal}
      </p>
      <Confirm
        open={asking}
        title="Delete this run?"
        action="Delete the run"
        keep="Keep it"
        onConfirm={remove}
        onClose={() => setAsking(false)}
      >
        <p>
          Its metrics and its output go with it.
          {head.sweep && " A grid may hand its configuration out again."}
        </p>
      </Confirm>
    </div>
  );
}
