import { parseJson, sortKeys, stringifyJson } from "@/core/value";
import type { Database, Tx } from "@/db/client";
import { type ClosedAgent, type LockedSweep, type QueuedRun, readGivenRuns } from "@/db/queries/claim-runs";
import type { AnswerRow } from "@/db/queries/idempotency";
import { refuseOtherInput } from "./once";
import { loadPlan } from "./plan";
import { deriveRunKey } from "./run-key";

/** RUN: here they are. WAIT: none now, but a running one may come back. PAUSED: ask again later. EXIT: there will be none. */
export type Directive = "RUN" | "WAIT" | "PAUSED" | "EXIT";

export interface Claim {
  readonly runId: number;
  readonly name: string;
  readonly displayName: string;
  readonly attempt: number;
  /** JSON text, names sorted. */
  readonly params: string;
  /** Valid for this run and attempt only. */
  readonly apiKey: string;
  /** An earlier attempt was lost: there may be a checkpoint to go on from. */
  readonly resumed: boolean;
  readonly leaseExpiresAt: Date;
}

export interface ClaimRunsAnswer {
  readonly claims: readonly Claim[];
  readonly directive: Directive;
  /** When to ask again, if there were none. */
  readonly retryAfterMs: number;
  readonly reason?: string;
  /** The machine gets no more runs of this sweep, for its failures in a row. */
  readonly quarantined?: boolean;
  /** A search has no proposal ready at this moment; its callers wait for one before they are answered. */
  readonly unready?: boolean;
}

export interface ClaimCall {
  readonly caller: string;
  readonly mutationId: string;
  readonly inputHash: Buffer;
  readonly agentId: number;
  readonly count: number;
  /** The caller's own API key, which run keys are derived from. */
  readonly secret: string;
  /** Its id. */
  readonly keyId: number | null;
  /** It has waited long enough for a search's proposal: a space-filling point will do. */
  readonly mayFallBack: boolean;
}

/** What the database keeps of an answer: no secret, no parameters. */
export interface KeptAnswer {
  readonly runs: readonly { readonly runId: number; readonly attempt: number }[];
}

const WAIT_MS = 2_000;

export const runThese = (claims: readonly Claim[]): ClaimRunsAnswer => ({
  claims,
  directive: "RUN",
  retryAfterMs: 0,
});

/** @param soon there is more, but this transaction had enough to do */
export const wait = (soon: boolean): ClaimRunsAnswer => ({
  claims: [],
  directive: "WAIT",
  retryAfterMs: soon ? 0 : WAIT_MS,
  reason: soon ? "the group was full" : "all runs are handed out; one that is lost would come back",
});

/** Somebody outside chooses, and has chosen no more than this so far. */
export const nothingQueued: ClaimRunsAnswer = {
  claims: [],
  directive: "WAIT",
  retryAfterMs: WAIT_MS,
  reason: "nothing is queued: this sweep's runs come from its controller or scheduler",
};

export const unready: ClaimRunsAnswer = {
  claims: [],
  directive: "WAIT",
  retryAfterMs: 500,
  reason: "the next proposal is being computed",
  unready: true,
};

/** For a sweep that hands out nothing; undefined when it does. */
export function closedDoor({
  sweepId,
  state,
}: Pick<LockedSweep, "sweepId" | "state">): ClaimRunsAnswer | undefined {
  if (state === "paused") {
    return { claims: [], directive: "PAUSED", retryAfterMs: WAIT_MS, reason: `sweep ${sweepId} is paused` };
  }
  if (state === "finished" || state === "canceled") return exit(`sweep ${sweepId} is ${state}`);
  return undefined;
}

export const exit = (reason: string): ClaimRunsAnswer => ({
  claims: [],
  directive: "EXIT",
  retryAfterMs: 0,
  reason,
});

/** For an agent that gets none, whatever there is. */
export function noMore(
  { agentId, host, state, wish, quarantine }: ClosedAgent,
  sweepId: string,
): ClaimRunsAnswer {
  if (state === "exited") return exit(`agent ${agentId} has left`);
  if (wish !== null) return exit(`somebody asked agent ${agentId} to ${wish}: start another one to go on`);
  const why = `machine ${host} is in quarantine for sweep ${sweepId}: ${quarantine}`;
  return {
    ...exit(
      `${why}. See what they printed and mend it; then \`besom agent ${sweepId} --reset\` works on there (the sweep's page lifts it too)`,
    ),
    quarantined: true,
  };
}

/** The same answer again: the same runs, with keys derived anew. @throws AppError IDEMPOTENCY_MISMATCH */
export async function repeatAnswer(
  db: Database,
  tx: Tx,
  call: ClaimCall,
  known: AnswerRow,
): Promise<ClaimRunsAnswer> {
  refuseOtherInput(known, "claimRuns", call.inputHash, call.mutationId);
  const { runs } = known.answer as KeptAnswer;
  const rows = await readGivenRuns(tx, runs);
  const claims: Claim[] = [];
  for (const row of rows) {
    const params = await paramsOf(db, tx, row);
    claims.push(toClaim(call.secret, { ...row, params }, row.leaseExpiresAt));
  }
  return runThese(claims);
}

export interface HandedRun {
  readonly runId: number;
  readonly name: string;
  readonly displayName: string;
  readonly attempt: number;
  readonly params: string;
}

export const toClaim = (secret: string, run: HandedRun, leaseExpiresAt: Date): Claim => ({
  runId: run.runId,
  name: run.name,
  displayName: run.displayName,
  attempt: run.attempt,
  params: run.params,
  apiKey: deriveRunKey(secret, run.runId, run.attempt),
  resumed: run.attempt > 1,
  leaseExpiresAt,
});

/** From the point, as at first: jsonb forgets the order of keys, and arguments stand in that order on the command line. */
export async function paramsOf(db: Database, tx: Tx, run: QueuedRun): Promise<string> {
  if (run.pointIndex === null || run.generation === null) {
    return stringifyJson(sortKeys(parseJson(run.params ?? "{}")));
  }
  const { points } = await loadPlan(db, tx, { sweepId: run.sweepId, generation: run.generation });
  if (points === null) throw new Error(`run ${run.runId} has a point of a search that numbers none`);
  return stringifyJson(points.at(BigInt(run.pointIndex)).params);
}
