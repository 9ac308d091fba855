import { AppError } from "@/core/errors";
import { legalActions, SWEEP_ACTION_TARGET, type SweepAction, type SweepState } from "@/core/sweep";
import type { Database, Tx } from "@/db/client";
import {
  emptyQueue,
  type LockedState,
  lockSweep,
  moveSweep,
  readEnding,
  refreshExhausted,
  requestCancel,
  requeueLost,
} from "@/db/queries/close-sweeps";
import { requeueHoles } from "@/db/queries/delete-run";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { checkMutationId, checkOneOf, checkSweepId } from "./check";
import { closeSweeps } from "./close-sweeps";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";
import { loadPlan } from "./plan";

export interface ControlSweepInput {
  readonly sweepId: string;
  /**
   * pause: nothing new, running ones go on. resume: hand out again, lost runs with retries left included.
   * stop: nothing new, running ones finish. cancel: running ones are ended at once.
   */
  readonly action: SweepAction;
  readonly clientMutationId?: string | undefined;
}

const ACTIONS = Object.keys(SWEEP_ACTION_TARGET) as SweepAction[];
/** Asking for what already is changes nothing and is no mistake: that makes a repeated call harmless. */
const ALREADY: Readonly<Record<SweepAction, readonly SweepState[]>> = {
  pause: ["paused"],
  resume: ["running", "pending"],
  stop: ["finished"],
  cancel: ["canceled"],
};

/** @throws AppError ILLEGAL_MOVE, NOT_FOUND, FORBIDDEN, BAD_INPUT, UNAVAILABLE */
export async function controlSweep(
  context: EngineContext,
  input: ControlSweepInput,
): Promise<{ sweepId: string; state: SweepState }> {
  const { db } = context;
  const sweepId = checkSweepId(input.sweepId);
  const action = checkOneOf("action", input.action, ACTIONS);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const { answer, repeated } = await once(
    context,
    {
      verb: "controlSweep",
      input: { sweepId, action },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      const state = await move(db, tx, sweepId, action);
      if (action === "cancel") await audit(tx, context, "sweep.cancel", sweepId, {}, { projectId });
      return { sweepId, state };
    },
  );
  if (repeated) return answer;
  emitChange(projectId, sweepId, null, "sweep", "run");
  await closeSweeps(db, [sweepId]);
  return answer;
}

async function move(db: Database, tx: Tx, sweepId: string, action: SweepAction): Promise<SweepState> {
  const sweep = await lockSweep(tx, sweepId);
  if (sweep === undefined)
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  if (ALREADY[action].includes(sweep.state)) return sweep.state;
  const legal = legalActions(sweep.state);
  if (!legal.includes(action)) {
    const instead = legal.length > 0 ? `only ${legal.join(", ")} can` : "nothing can any more";
    throw illegal(sweep, `sweep ${sweepId} is ${sweep.state}: it can't be told to ${action}, ${instead}`);
  }
  if (action === "resume" && sweep.state === "finished") await reopen(db, tx, sweep);
  const state = SWEEP_ACTION_TARGET[action];
  const reason = { pause: null, resume: null, stop: "stopped", cancel: "canceled" }[action];
  await moveSweep(tx, { sweepId, state, reason });
  if (action === "stop") await emptyQueue(tx, { sweepId, canceled: false });
  if (action === "cancel") {
    await emptyQueue(tx, { sweepId, canceled: true });
    await requestCancel(tx, sweepId);
  }
  return state;
}

/** Puts back what was lost while the sweep was stopped, and refuses where nothing would follow. */
async function reopen(db: Database, tx: Tx, sweep: LockedState): Promise<void> {
  const { sweepId } = sweep;
  await refuseWhenEnough(tx, sweep);
  const { config } = await loadPlan(db, tx, sweep);
  const lost = await requeueLost(tx, { sweepId, ...config });
  const holes = await requeueHoles(tx, { sweepId });
  const exhausted = await refreshExhausted(tx, sweepId);
  if (!exhausted || lost + holes > 0) return;
  const why =
    sweep.runCap !== null && sweep.runCount >= sweep.runCap
      ? `run_cap ${sweep.runCap} is reached`
      : sweep.size === null
        ? "its search has proposed every configuration there is"
        : `all ${sweep.size} points have been run`;
  throw illegal(sweep, `sweep ${sweepId} has nothing left to hand out: ${why}`);
}

/** A sweep that has done enough would end again at once. @throws AppError ILLEGAL_MOVE */
export async function refuseWhenEnough(tx: Tx, sweep: LockedState): Promise<void> {
  const { sweepId } = sweep;
  const { enough } = await readEnding(tx, sweepId);
  if (enough !== null)
    throw illegal(
      sweep,
      `sweep ${sweepId} ${ENOUGH[enough]}: there is nothing to resume; edit what ends it, or start a new sweep that begins with its runs (--prior-run)`,
    );
}

const ENOUGH = {
  target: "has reached its target",
  hours_over: "has had its hours",
  no_improvement: "has not improved for as many runs as its budget allows",
  expected_improvement: "is expected to gain less than its budget asks for",
} as const;

const illegal = ({ sweepId, state }: LockedState, message: string) =>
  new AppError("ILLEGAL_MOVE", message, { details: { sweepId, state, allowed: legalActions(state) } });
