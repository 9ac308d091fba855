import type { FieldRule } from "@/compute/stopping/place";
import { judgeWilcoxon } from "@/compute/stopping/wilcoxon";
import type { Verdict } from "@/core/stopping";
import type { Wilcoxon } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import { countMeans, fillMeans, readPairs } from "@/db/queries/rung-means";
import { lockJudgement, type StopRow, stopEarly } from "@/db/queries/rungs";
import type { Progress } from "./append-progress";
import { type Condemned, type Field, judgeNewcomers, judgeOpen, type Newcomer } from "./judge-field";

/**
 * Early stopping: whether runs that have come to a band may go on, decided in the transaction that wrote the rung. Of each sweep one
 * transaction judges at a time, so that two runs that come to a band at once see each other, whichever server they speak
 * to; the lock is taken behind the locks of runs, and who holds it waits for nobody. Another run's row that somebody else has
 * locked just now is left, to be looked at again after the commit (judge-again.ts).
 * Sweeps without early stopping pay nothing: nothing is asked for them.
 */
export async function judge(tx: Tx, moved: readonly Progress[]): Promise<void> {
  const looked = moved.filter(({ look }) => look !== undefined);
  if (looked.length === 0) return;
  const fields = toFields(looked);
  if (fields.length > 0)
    await lockJudgement(
      tx,
      fields.map(({ sweepId }) => sweepId),
    );
  const due = ownVerdicts(looked);
  const stopped = new Set(due.length === 0 ? [] : await stopEarly(tx, due));
  for (const field of fields) {
    const own = (await judgeField(tx, field)).flatMap((one) => toDue(field.sweepId, one, one.verdict));
    if (own.length === 0) continue;
    // Before the next field is looked at: a sweep has two where its file was changed, and whoever was stopped counts there too.
    for (const runId of await stopEarly(tx, own)) stopped.add(runId);
    due.push(...own);
  }
  if (due.length > 0) tell(looked, due, stopped);
}

interface Due extends StopRow {
  readonly sweepId: string;
}

/** Runs of a sweep that have come to a rung, under one rule. */
interface Reached extends Field<FieldRule | Wilcoxon> {
  readonly newcomers: (Newcomer & { readonly open: boolean })[];
}

function toFields(looked: readonly Progress[]): Reached[] {
  const found: Reached[] = [];
  for (const { row, stopping, look } of looked) {
    const { sweepId, metricGoal: goal, runId, attempt, open } = row;
    const rule = stopping?.rule;
    if (sweepId === null || goal === null || rule === undefined || rule.type === "patience") continue;
    if (look === undefined || !("rung" in look)) continue;
    let field = found.find((one) => one.sweepId === sweepId && one.rule === rule);
    if (field === undefined) {
      field = { sweepId, rule, goal, newcomers: [] };
      found.push(field);
    }
    field.newcomers.push({ runId, attempt, rung: look.rung, open });
  }
  return found;
}

/** A run that is over is not judged itself, but hyperband looks at all that stand where it came. */
async function judgeField(tx: Tx, { sweepId, rule, goal, newcomers }: Reached): Promise<Condemned[]> {
  if (rule.type === "hyperband") {
    const bands = new Set(newcomers.map(({ rung }) => rung.band));
    return judgeOpen(tx, { sweepId, rule, goal }, [...bands]);
  }
  const judged = newcomers.filter(({ open }) => open);
  if (rule.type !== "wilcoxon") return judgeNewcomers(tx, { sweepId, rule, goal }, judged);
  return judgePairs(tx, { sweepId, rule, goal }, judged);
}

/** Patience looks at nobody else. */
function ownVerdicts(looked: readonly Progress[]): Due[] {
  return looked.flatMap(({ row, look }) =>
    row.sweepId !== null && row.open && look !== undefined && "verdict" in look
      ? toDue(row.sweepId, row, look.verdict)
      : [],
  );
}

/** Two statements for all of them, a third where a run logged under another rule before. */
async function judgePairs(
  tx: Tx,
  { sweepId, rule, goal }: Field<Wilcoxon>,
  newcomers: readonly Newcomer[],
): Promise<Condemned[]> {
  if (newcomers.length === 0) return [];
  const bands = [...new Set(newcomers.map(({ rung }) => rung.band))];
  const counts = await countMeans(tx, { sweepId, bands });
  const othersAt = (band: number): number => (counts.get(band)?.count ?? 1) - 1;
  const judged = newcomers.filter(({ rung: { band } }) => othersAt(band) >= Math.max(1, rule.minRuns));
  if (judged.length === 0) return [];
  for (const [band, { count, known }] of counts) if (known < count) await fillMeans(tx, { sweepId, band });
  const asked = judged.map(({ runId, attempt, rung: { band } }) => ({ runId, attempt, band }));
  const pairs = await readPairs(tx, { sweepId, goal }, asked);
  return asked.flatMap(({ band, ...key }, i) => {
    const both = pairs[i];
    if (both === undefined) return [];
    return [{ ...key, verdict: judgeWilcoxon(rule, goal, band, { ...both, others: othersAt(band) }) }];
  });
}

export function toDue(
  sweepId: string,
  { runId, attempt }: { runId: number; attempt: number },
  { stop, ...reason }: Verdict,
): Due[] {
  return stop ? [{ sweepId, runId, attempt, verdict: JSON.stringify(reason) }] : [];
}

/** Whoever has to stop hears it with its own answers, and each sweep's news go with one of the answers of that sweep. */
function tell(looked: readonly Progress[], due: readonly Due[], stopped: ReadonlySet<number>): void {
  const told = new Set<string>();
  for (const { row, answers } of looked) {
    if (stopped.has(row.runId)) for (const answer of answers) answer.stopRequested = "early";
    const answer = answers.at(-1);
    if (row.sweepId === null || answer === undefined || told.has(row.sweepId)) continue;
    told.add(row.sweepId);
    const own = due.filter(({ sweepId }) => sweepId === row.sweepId);
    answer.stopped.push(...own.map(({ runId }) => runId).filter((runId) => stopped.has(runId)));
    answer.missed = own.some(({ runId }) => !stopped.has(runId));
  }
}
