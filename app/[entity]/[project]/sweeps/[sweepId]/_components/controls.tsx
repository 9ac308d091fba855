"use client";

import { type ReactNode, startTransition, useOptimistic, useState } from "react";
import { newMutationId, RequestError, request } from "@/app/_live/request";
import type { SweepStore } from "@/app/_live/sweep-store";
import { legalActions, SWEEP_ACTION_TARGET, type SweepAction, type SweepState } from "@/core/sweep";
import type { SweepHead } from "@/graphql/operations/pages";
import { CancelSweep, PauseSweep, ResumeSweep, StopSweep } from "@/graphql/operations/sweep";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Confirm } from "@/ui/kit/confirm";
import { BanIcon, PauseIcon, PlayIcon, SquareIcon } from "@/ui/kit/icons";

const VERBS = {
  pause: {
    label: "Pause",
    icon: PauseIcon,
    mutation: PauseSweep,
    hint: "No new runs; those in progress go on",
  },
  resume: { label: "Resume", icon: PlayIcon, mutation: ResumeSweep, hint: "Hand out runs again" },
  stop: {
    label: "Stop",
    icon: SquareIcon,
    mutation: StopSweep,
    hint: "No new runs; the sweep ends when those in progress do",
  },
  cancel: {
    label: "Cancel",
    icon: BanIcon,
    mutation: CancelSweep,
    hint: "End it now and kill the runs in progress",
  },
} as const;

/** What can be done now. A click shows its effect at once; when the server refuses, the old state and its reason return. */
export function Controls(props: {
  head: SweepHead;
  store: SweepStore;
  chip: (state: SweepState) => ReactNode;
}) {
  const { head, store, chip } = props;
  const [state, assume] = useOptimistic<SweepState>(head.state);
  const [refusal, setRefusal] = useState<string>();
  const [asking, setAsking] = useState(false);
  const pending = state !== head.state;
  const actions = pending ? legalActions(state) : head.allowedActions;

  const act = (action: SweepAction) => {
    setAsking(false);
    setRefusal(undefined);
    startTransition(async () => {
      assume(SWEEP_ACTION_TARGET[action]);
      const refused = await control(action, store, head.id);
      if (refused) setRefusal(`${VERBS[action].label} was refused: ${refused}`);
    });
  };

  return (
    <div className="flex max-w-full flex-col gap-2 sm:items-end">
      <div className="flex flex-wrap items-center gap-2">
        <span className="mr-1" aria-live="polite">
          {chip(state)}
        </span>
        {head.viewerCanEdit &&
          actions.map((action) => {
            const { label, icon: Icon, hint } = VERBS[action];
            return (
              <Button
                key={action}
                title={hint}
                disabled={pending}
                weight={
                  action === "cancel" ? "bare" : action === "resume" && state === "paused" ? "solid" : "line"
                }
                onClick={() => (action === "cancel" ? setAsking(true) : act(action))}
              >
                <Icon />
                {label}
              </Button>
            );
          })}
      </div>
      <p role="alert" className="max-w-md text-bad text-sm empty:hidden">
        {refusal}
      </p>
      <Confirm
        open={asking}
        title="Cancel this sweep?"
        action="Cancel the sweep"
        keep="Keep it"
        onConfirm={() => act("cancel")}
        onClose={() => setAsking(false)}
      >
        <p>
          {head.counts.running > 0
            ? `${plural(head.counts.running, "run")} in progress will be killed. `
            : "No more runs will start. "}
          A canceled sweep can't be resumed; Stop lets it end in order and can be taken back.
        </p>
      </Confirm>
    </div>
  );
}

/** Why it was refused; undefined when it was done. */
async function control(action: SweepAction, store: SweepStore, sweepId: string): Promise<string | undefined> {
  try {
    const { control: answer } = await request(VERBS[action].mutation, {
      input: { sweepId, clientMutationId: newMutationId() },
    });
    if (answer.error) return answer.error.message;
    if (answer.sweep) store.answerControl(answer.sweep);
    return undefined;
  } catch (error) {
    return error instanceof RequestError ? error.message : "the server could not be reached";
  }
}
