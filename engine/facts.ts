import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import {
  type AgentFacts,
  type RunFacts,
  readAgentFacts,
  readRunFacts,
  readSweepFacts,
  type SweepFacts,
} from "@/db/queries/facts";
import { retrying } from "@/db/transaction";
import { perDatabase, Recent } from "./recent";

const memory = perDatabase(() => ({
  sweeps: new Recent<string, SweepFacts>(10_000),
  runs: new Recent<number, RunFacts>(50_000),
  agents: new Recent<number, AgentFacts>(20_000),
}));

/** @throws AppError NOT_FOUND */
export async function sweepFacts(db: Database, sweepId: string): Promise<SweepFacts> {
  const { sweeps } = memory(db);
  const known = sweeps.get(sweepId) ?? (await retrying(() => readSweepFacts(db.sql, sweepId)));
  if (known === undefined) {
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  }
  sweeps.set(sweepId, known);
  return known;
}

/** @throws AppError NOT_FOUND */
export async function runFacts(db: Database, runId: number): Promise<RunFacts> {
  const found = await manyRunFacts(db, [runId]);
  const facts = found.get(runId);
  if (facts === undefined) throw unknownRun(runId);
  return facts;
}

export const unknownRun = (runId: number) =>
  new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });

/** Unknown runs are absent. */
export async function manyRunFacts(db: Database, runIds: readonly number[]): Promise<Map<number, RunFacts>> {
  const { runs } = memory(db);
  const found = new Map<number, RunFacts>();
  const missing: number[] = [];
  for (const runId of runIds) {
    const known = runs.get(runId);
    if (known === undefined) missing.push(runId);
    else found.set(runId, known);
  }
  if (missing.length === 0) return found;
  for (const facts of await retrying(() => readRunFacts(db.sql, missing))) {
    runs.set(facts.runId, facts);
    found.set(facts.runId, facts);
  }
  return found;
}

/** What a claim has just made needs no reading. */
export const rememberRun = (db: Database, facts: RunFacts): void => memory(db).runs.set(facts.runId, facts);
/** After a deletion. Other servers meet it in the row itself. */
export const forgetRun = (db: Database, runId: number): void => memory(db).runs.delete(runId);

/** @throws AppError AGENT_UNKNOWN */
export async function agentFacts(db: Database, agentId: number): Promise<AgentFacts> {
  const { agents } = memory(db);
  const known = agents.get(agentId) ?? (await retrying(() => readAgentFacts(db.sql, agentId)));
  if (known === undefined) {
    throw new AppError("AGENT_UNKNOWN", `agent ${agentId} is unknown: register it with registerAgent first`, {
      details: { agentId },
    });
  }
  agents.set(agentId, known);
  return known;
}
