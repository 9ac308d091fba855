import { type FieldRule, judgeField } from "@/compute/stopping/judge";
import { judgeWilcoxon } from "@/compute/stopping/wilcoxon";
import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import type { Wilcoxon } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import {
  countGone,
  lockJudgement,
  readBestMean,
  readField,
  readLastRungs,
  readPairs,
  type StopRow,
  stopEarly,
} from "@/db/queries/rungs";
import type { Progress } from "./append-progress";

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
  const bands = toBands(looked);
  if (bands.length > 0)
    await lockJudgement(
      tx,
      bands.map(({ sweepId }) => sweepId),
    );
  const due = ownVerdicts(looked);
  for (const { sweepId, rule, goal, band, newcomers } of bands) {
    if (rule.type !== "wilcoxon")
      due.push(...(await judgeBand(tx, { sweepId, rule, goal, band, newcomers })));
    else for (const one of newcomers) due.push(...(await judgePairs(tx, { sweepId, rule, goal, band }, one)));
  }
  if (due.length === 0) return;
  const stopped = new Set(await stopEarly(tx, due));
  tell(looked, due, stopped);
}

interface Due extends StopRow {
  readonly sweepId: string;
}

interface Place<Rule> {
  readonly sweepId: string;
  readonly rule: Rule;
  readonly goal: Goal;
  readonly band: number;
}

interface Newcomer {
  readonly runId: number;
  readonly attempt: number;
  readonly open: boolean;
}

interface Reached extends Place<FieldRule | Wilcoxon> {
  readonly newcomers: Newcomer[];
}

/** The bands that were reached, each once. A run that is over judges nobody by itself, but hyperband looks at all. */
function toBands(looked: readonly Progress[]): Reached[] {
  const found = new Map<string, Reached>();
  for (const { row, stopping, look } of looked) {
    const { sweepId, metricGoal: goal } = row;
    const rule = stopping?.rule;
    if (sweepId === null || goal === null || rule === undefined || rule.type === "patience") continue;
    if (look === undefined || !("band" in look)) continue;
    const { band } = look;
    const key = `${sweepId}/${band}`;
    const known = found.get(key) ?? { sweepId, rule, goal, band, newcomers: [] };
    found.set(key, known);
    known.newcomers.push(row);
  }
  return [...found.values()];
}

/** Patience looks at nobody else. */
function ownVerdicts(looked: readonly Progress[]): Due[] {
  return looked.flatMap(({ row, look }) =>
    row.sweepId !== null && row.open && look !== undefined && "verdict" in look
      ? toDue(row.sweepId, row, look.verdict)
      : [],
  );
}

/** The runs at a band that have to stop, by a rule that compares all that have come there. */
export async function judgeBand(
  tx: Tx,
  { sweepId, rule, goal, band, newcomers }: Place<FieldRule> & { newcomers: readonly Newcomer[] },
): Promise<Due[]> {
  const field = await readField(tx, { sweepId, band });
  const came = new Set(newcomers.map(({ runId }) => runId));
  const open = field.filter((row) => row.open);
  const last = rule.type === "hyperband" ? await readLastRungs(tx, open) : [];
  const gone = new Set(last.filter((rung) => rung.band !== band).map(({ runId }) => runId));
  const runs = field.map((row) => ({
    ...row,
    objective: row.objective ?? row.best,
    judged: row.open && !gone.has(row.runId),
  }));
  const stoppedBefore = rule.type === "funnel" ? await countGone(tx, { sweepId, band }) : 0;
  const verdicts = judgeField(rule, goal, band, { field: runs, gone: stoppedBefore }, came);
  return field.flatMap((row) => {
    const verdict = verdicts.get(row.runId);
    return verdict === undefined ? [] : toDue(sweepId, row, verdict);
  });
}

async function judgePairs(
  tx: Tx,
  { sweepId, rule, goal, band }: Place<Wilcoxon>,
  own: Newcomer,
): Promise<Due[]> {
  if (!own.open) return [];
  const sign = goal === "minimize" ? 1 : -1;
  const { others, best } = await readBestMean(tx, { sweepId, band, runId: own.runId, sign });
  if (best === null || others < rule.minRuns) return [];
  const pairs = await readPairs(tx, { own, best, band });
  const verdict = judgeWilcoxon(rule, goal, band, {
    own: pairs.map((pair) => pair.own),
    best: pairs.map((pair) => pair.best),
    others,
  });
  return toDue(sweepId, own, verdict);
}

function toDue(
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
