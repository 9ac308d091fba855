import {
  countsItself,
  type FieldRule,
  measureOf,
  placeOf,
  valueBetween,
  verdictOf,
} from "@/compute/stopping/place";
import type { Rung } from "@/core/history/bands";
import type { Verdict } from "@/core/stopping";
import type { Goal } from "@/core/sweep";
import type { Hyperband } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import type { AttemptKey } from "@/db/queries/append-history";
import {
  countAt,
  countBetter,
  type OpenRung,
  type Places,
  readHalfway,
  readOpen,
  readPlaces,
  readStoppedAt,
} from "@/db/queries/rung-order";

/**
 * The rules that compare a run with all others at a band (compute/stopping/place.ts), asked of the database: three statements for all runs
 * of a sweep that came somewhere together, a fourth where somebody has to stop. None of them reads a field.
 */

export interface Field<Rule> {
  readonly sweepId: string;
  readonly rule: Rule;
  readonly goal: Goal;
}

export interface Newcomer extends AttemptKey {
  readonly rung: Rung;
}

/** A run that has to stop, and why. */
export interface Condemned extends AttemptKey {
  readonly verdict: Verdict;
}

/**
 * Which of those that came have to stop, by a rule that looks once at each. The lower bands first: whoever is stopped there is gone, and
 * counts as worse, for those of the same transaction that have come further.
 */
export async function judgeNewcomers(
  tx: Tx,
  { sweepId, rule, goal }: Field<Exclude<FieldRule, Hyperband>>,
  newcomers: readonly Newcomer[],
): Promise<Condemned[]> {
  const came = [...newcomers].sort((a, b) => a.rung.band - b.rung.band);
  if (came.length === 0) return [];
  const bands = [...new Set(came.map(({ rung }) => rung.band))];
  const isFunnel = rule.type === "funnel";
  const [counts, marks, halfway] = await Promise.all([
    countAt(tx, { sweepId, bands }),
    isFunnel ? readStoppedAt(tx, sweepId) : [],
    isFunnel
      ? readHalfway(
          tx,
          came.map(({ rung: { band }, ...key }) => ({ ...key, band })),
        )
      : [],
  ]);
  const order = { sweepId, measure: measureOf(rule), goal };
  const judged = came.map(({ rung: { band }, ...key }) => {
    const others = (counts.get(band) ?? 1) - 1;
    const gone = marks.reduce((sum, mark) => (mark.band < band ? sum + mark.count : sum), 0);
    const below = isFunnel ? came.filter(({ rung }) => rung.band < band).length : 0;
    // As many of them as may be stopped just now: the threshold stands at one of these places.
    const places = Array.from({ length: below + 1 }, (_, more) =>
      placeOf(rule, band, { others, gone: gone + more }),
    );
    return { others, gone, places, asked: toPlaces(rule, { band, runId: key.runId, others }, places) };
  });
  const values = await readPlaces(
    tx,
    order,
    judged.map(({ asked }) => asked),
  );
  const condemned: (Condemned & { readonly rung: Rung })[] = [];
  for (const [i, { rung, ...key }] of came.entries()) {
    const { others, gone, places, asked } = judged[i] as (typeof judged)[number];
    const more = isFunnel ? condemned.filter((other) => other.rung.band < rung.band).length : 0;
    const threshold = valueAt(places[more] ?? null, asked.from, values[i] ?? []);
    const crowd = { others, gone: gone + more };
    const verdict = verdictOf(rule, goal, rung.band, crowd, {
      value: rung[order.measure],
      threshold,
      better: 0,
      before: halfway[i] ?? null,
    });
    if (verdict.stop) condemned.push({ ...key, rung, verdict });
  }
  return rank(
    tx,
    { sweepId, rule, goal },
    condemned.map(({ rung, ...one }) => ({ ...one, band: rung.band })),
  );
}

/** Which of the runs at these bands have to stop, newcomers or not; null: at all bands. */
export async function judgeOpen(
  tx: Tx,
  { sweepId, rule, goal }: Field<Hyperband>,
  bands: readonly number[] | null,
): Promise<Condemned[]> {
  const open = await readOpen(tx, { sweepId, bands });
  const found = [...new Set(open.map(({ band }) => band))];
  if (found.length === 0) return [];
  const counts = await countAt(tx, { sweepId, bands: found });
  const places = found.map((band) => {
    const others = (counts.get(band) ?? 1) - 1;
    const place = placeOf(rule, band, { others, gone: 0 });
    return { others, place, asked: toPlaces(rule, { band, runId: null, others }, [place]) };
  });
  const values = await readPlaces(
    tx,
    { sweepId, measure: measureOf(rule), goal },
    places.map(({ asked }) => asked),
  );
  const at = new Map(
    found.map((band, i) => {
      const { others, place, asked } = places[i] as (typeof places)[number];
      return [band, { others, threshold: valueAt(place, asked.from, values[i] ?? []) }];
    }),
  );
  const condemned = open.flatMap((run: OpenRung) => {
    const { runId, attempt, band } = run;
    const { others = 0, threshold = null } = at.get(band) ?? {};
    const value = rule.strict ? run.value : run.objective;
    const verdict = verdictOf(rule, goal, band, { others, gone: 0 }, { value, threshold, better: 0 });
    return verdict.stop ? [{ runId, attempt, band, verdict }] : [];
  });
  return rank(tx, { sweepId, rule, goal }, condemned);
}

/** The range that holds these places, with the neighbours that they lie between. */
function toPlaces(
  rule: FieldRule,
  { band, runId, others }: { band: number; runId: number | null; others: number },
  places: readonly (number | null)[],
): Places {
  const known = places.filter((place) => place !== null);
  const from = known.length === 0 ? 0 : Math.floor(Math.min(...known));
  const count = known.length === 0 ? 0 : Math.ceil(Math.max(...known)) - from + 1;
  const itself = countsItself(rule);
  return { band, without: itself ? null : runId, of: others + Number(itself), from, count };
}

function valueAt(place: number | null, from: number, values: readonly number[]): number | null {
  if (place === null) return null;
  const below = Math.floor(place) - from;
  const low = values[below];
  if (low === undefined) throw new Error(`nothing stands at place ${place}`);
  return valueBetween(place, low, values[below + 1] ?? low);
}

/** Places are counted for those alone that are told theirs. */
async function rank<Rule extends FieldRule>(
  tx: Tx,
  { sweepId, rule, goal }: Field<Rule>,
  condemned: readonly (Condemned & { readonly band: number })[],
): Promise<Condemned[]> {
  if (condemned.length === 0) return [];
  const better = await countBetter(
    tx,
    { sweepId, measure: measureOf(rule), goal },
    condemned.map(({ band, verdict }) => ({ band, value: verdict.value })),
  );
  return condemned.map(({ runId, attempt, verdict }, i) => ({
    runId,
    attempt,
    verdict: { ...verdict, rank: (better[i] as number) + 1 },
  }));
}
