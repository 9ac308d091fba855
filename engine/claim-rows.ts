import { randomBytes } from "node:crypto";
import { toShortId } from "@/core/ids";
import { renderRunName } from "@/core/run-name";
import type { FreshRun, LockedSweep, NewAttempt } from "@/db/queries/claim-runs";
import type { NewAnswer } from "@/db/queries/idempotency";
import type { Claim, ClaimCall } from "./claim-answers";
import type { FreshPoint } from "./next-points";
import type { Plan } from "./plan";
import { hashKey } from "./run-key";

/** What the claims of a group become in the database. */

export function toFreshRun(
  { index, values, params, hash, repeat, suggestion }: FreshPoint,
  id: number | undefined,
  { config }: Plan,
  sweep: Pick<LockedSweep, "name" | "generation" | "runCount">,
  place: number,
): FreshRun {
  if (id === undefined) throw new Error("fewer ids than runs");
  // In a space that has grown the numbers of points begin anew: runs are counted on instead.
  const ordinal =
    suggestion === null && sweep.generation > 1 ? BigInt(sweep.runCount + place + 1) : index + 1n;
  const displayName = config.runName
    ? renderRunName(config.runName, values, ordinal)
    : `${sweep.name}-${ordinal}`;
  const pointIndex = suggestion === null ? String(index) : null;
  return { id, name: randomName(), displayName, pointIndex, pointHash: hash, repeat, suggestion, params };
}

export const toAttempt = ({ agentId, keyId }: ClaimCall, { runId, attempt, apiKey }: Claim): NewAttempt => ({
  runId,
  attempt,
  agentId,
  keyHash: hashKey(apiKey).toString("hex"),
  keyId,
});

export const toAnswerRow = (
  { caller, mutationId, inputHash }: ClaimCall,
  claims: readonly Claim[],
): NewAnswer => ({
  caller,
  mutationId,
  verb: "claimRuns",
  inputHash: inputHash.toString("hex"),
  answer: { runs: claims.map(({ runId, attempt }) => ({ runId, attempt })) },
});

/** NUL stands in no caller and no mutation id. */
export const keyOf = ({ caller, mutationId }: { caller: string; mutationId: string }) =>
  `${caller}\0${mutationId}`;

/** Eight letters and digits; 32 random bytes hold enough of them below 252 (the chance of fewer is 1e-38). */
const randomName = (): string => toShortId(randomBytes(32));
