"use client";

import { type ReactNode, useState } from "react";
import { ConfirmCancel } from "@/app/_components/confirm-cancel";
import type { SweepStore } from "@/app/_live/sweep-store";
import { CONTROL_LABELS, useSweepControls } from "@/app/_live/use-sweep-controls";
import type { SweepAction, SweepState } from "@/core/sweep";
import type { SweepHead } from "@/graphql/operations/pages";
import { Button } from "@/ui/kit/button";
import { BanIcon, PauseIcon, PlayIcon, SquareIcon } from "@/ui/kit/icons";
import { useShortcuts } from "@/ui/kit/shortcuts";

const LOOKS = {
  pause: { icon: PauseIcon, hint: "No new runs; those in progress go on" },
  resume: { icon: PlayIcon, hint: "Hand out runs again" },
  stop: { icon: SquareIcon, hint: "No new runs; the sweep ends when those in progress do" },
  cancel: { icon: BanIcon, hint: "End it now and kill the runs in progress" },
} as const;

/** What can be done now. A click shows its effect at once; when the server refuses, the old state and its reason return. */
export function Controls(props: {
  head: SweepHead;
  store: SweepStore;
  chip: (state: SweepState) => ReactNode;
  /** Behind the buttons that move it. */
  more?: ReactNode;
}) {
  const { head, store, chip, more } = props;
  const { state, actions, pending, refusal, act } = useSweepControls(head, store.answerControl);
  const [asking, setAsking] = useState(false);
  const choose = (action: SweepAction) => (action === "cancel" ? setAsking(true) : act(action));
  useShortcuts(
    head.viewerCanEdit && !pending
      ? actions.map((action) => ({
          words: `${CONTROL_LABELS[action]} the sweep`,
          run: () => choose(action),
        }))
      : [],
  );
  return (
    <div className="flex max-w-full flex-col gap-2 sm:items-end">
      <div className="flex flex-wrap items-center gap-2">
        <span className="mr-1" aria-live="polite">
          {chip(state)}
        </span>
        {head.viewerCanEdit &&
          actions.map((action) => {
            const { icon: Icon, hint } = LOOKS[action];
            return (
              <Button
                key={action}
                title={hint}
                disabled={pending}
                weight={
                  action === "cancel" ? "bare" : action === "resume" && state === "paused" ? "solid" : "line"
                }
                onClick={() => choose(action)}
              >
                <Icon />
                {CONTROL_LABELS[action]}
              </Button>
            );
          })}
        {more}
      </div>
      <p role="alert" className="max-w-md text-bad text-sm empty:hidden">
        {refusal}
      </p>
      <ConfirmCancel
        open={asking}
        running={head.counts.running}
        onConfirm={() => act("cancel")}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}
