"use client";

import { startTransition, useOptimistic, useState } from "react";
import { legalActions, SWEEP_ACTION_TARGET, type SweepAction, type SweepState } from "@/core/sweep";
import {
  CancelSweep,
  type ControlResult,
  PauseSweep,
  ResumeSweep,
  StopSweep,
} from "@/graphql/operations/sweep";
import { newMutationId, RequestError, request } from "./request";

const MUTATIONS = { pause: PauseSweep, resume: ResumeSweep, stop: StopSweep, cancel: CancelSweep } as const;

export type AnsweredControl = NonNullable<ControlResult["control"]["sweep"]>;

export const CONTROL_LABELS = { pause: "Pause", resume: "Resume", stop: "Stop", cancel: "Cancel" } as const;

export interface SweepControls {
  /** As it will be, from the click on. */
  readonly state: SweepState;
  /** What applies in that state. */
  readonly actions: readonly SweepAction[];
  /** The server has not answered yet. */
  readonly pending: boolean;
  /** Why the last one was refused, and what. */
  readonly refusal: string | undefined;
  act(action: SweepAction): void;
}

/** What can be done to a sweep. An act shows its effect at once; when the server refuses, the old state and the reason return. */
export function useSweepControls(
  sweep: { id: string; state: SweepState; allowedActions: readonly SweepAction[] },
  onAnswer: (sweep: AnsweredControl) => void,
): SweepControls {
  const [state, assume] = useOptimistic<SweepState>(sweep.state);
  const [refusal, setRefusal] = useState<string>();
  const pending = state !== sweep.state;
  const act = (action: SweepAction) => {
    setRefusal(undefined);
    startTransition(async () => {
      assume(SWEEP_ACTION_TARGET[action]);
      const refused = await control(action, sweep.id, onAnswer);
      if (refused) setRefusal(`${CONTROL_LABELS[action]} was refused: ${refused}`);
    });
  };
  return { state, actions: pending ? legalActions(state) : sweep.allowedActions, pending, refusal, act };
}

/** Why it was refused; undefined when it was done. */
async function control(
  action: SweepAction,
  sweepId: string,
  onAnswer: (sweep: AnsweredControl) => void,
): Promise<string | undefined> {
  try {
    const { control: answer } = await request(MUTATIONS[action], {
      input: { sweepId, clientMutationId: newMutationId() },
    });
    if (answer.error) return answer.error.message;
    if (answer.sweep) onAnswer(answer.sweep);
    return undefined;
  } catch (error) {
    return error instanceof RequestError ? error.message : "the server could not be reached";
  }
}
