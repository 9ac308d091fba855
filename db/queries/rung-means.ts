import type { Goal } from "@/core/sweep";
import type { Tx } from "../client";
import type { AttemptKey } from "./append-history";
import type { RungRow } from "./rungs";

/*
 * The best run by the mean of what it logged up to a band (`wilcoxon`), found by an index: each rung knows the mean so far. Where it does
 * not, since the rung is of a former version or was written under another rule, it is told when it is asked for first.
 */

/**
 * Values beyond 1e304 count as that, and what is next to nothing is not divided: a sum that overflows and a quotient that vanishes are
 * errors to PostgreSQL, and each append would fail. (So did `avg`, from 1e154 on.) Summed in the order of the bands: equal values are
 * level, to the last bit.
 */
const bounded = (tx: Tx) => tx`least(greatest(value, -1e304), 1e304)`;
const meanOf = (tx: Tx, sum: ReturnType<Tx>, count: ReturnType<Tx>) =>
  tx`${sum} / case when abs(${sum}) < 1e-290 then 1 else ${count} end`;

/** As `writeRungs`, with the means. */
export async function writeAveragedRungs(tx: Tx, rows: readonly RungRow[]): Promise<void> {
  await tx`
    with given as materialized (
      select * from unnest(
        ${rows.map((row) => row.sweepId)}::text[], ${rows.map((row) => row.band)}::int[],
        ${rows.map((row) => row.runId)}::bigint[], ${rows.map((row) => row.attempt)}::int[],
        ${rows.map((row) => row.value)}::float8[], ${rows.map((row) => row.best)}::float8[],
        ${rows.map((row) => row.step)}::bigint[]) as t (sweep_id, band, run_id, attempt, value, best, step)
    ), path as (
      select run_id, attempt, band, value from given
      union all
      select g.run_id, g.attempt, g.band, g.value
      from (select distinct run_id, attempt from given) k
      join rungs g on g.run_id = k.run_id and g.attempt = k.attempt
      where not exists (select from given t where t.run_id = g.run_id and t.attempt = g.attempt and t.band = g.band)
    ), means as (
      select run_id, attempt, band, ${meanOf(tx, tx`sum(${bounded(tx)}) over so_far`, tx`row_number() over so_far`)} as mean
      from path window so_far as (partition by run_id, attempt order by band)
    )
    insert into rungs (sweep_id, band, run_id, attempt, value, best, step, mean)
    select sweep_id, band, run_id, attempt, value, best, step, mean from given join means using (run_id, attempt, band)
    on conflict (sweep_id, band, run_id, attempt) do update
      set value = excluded.value, best = excluded.best, step = excluded.step, mean = excluded.mean`;
}

/** How many runs have come to each of these bands, and of how many the mean is known. */
export async function countMeans(
  tx: Tx,
  { sweepId, bands }: { sweepId: string; bands: readonly number[] },
): Promise<ReadonlyMap<number, { count: number; known: number }>> {
  const rows = await tx<{ band: number; count: number; known: number }[]>`
    select b.band, c.count, k.count as known from unnest(${[...bands]}::int[]) b (band)
    cross join lateral (
      select count(*)::int as count from rungs g where g.sweep_id = ${sweepId} and g.band = b.band and g.counts
    ) c
    cross join lateral (
      select count(*)::int as count from rungs g
      where g.sweep_id = ${sweepId} and g.band = b.band and g.counts and g.mean is not null
    ) k`;
  return new Map(rows.map(({ band, ...counts }) => [band, counts]));
}

/**
 * Tells the rungs at a band whose means nobody knows: once, 10,000 of them in one to two seconds. What somebody else is writing at this
 * moment is left out: who judges waits for nobody.
 */
export async function fillMeans(tx: Tx, { sweepId, band }: { sweepId: string; band: number }): Promise<void> {
  const locked = await tx<AttemptKey[]>`
    select run_id as "runId", attempt from rungs
    where sweep_id = ${sweepId} and band = ${band} and counts and mean is null for no key update skip locked`;
  // A statement of its own: it sees what the locks have come behind.
  await tx`
    with asked as (
      select * from unnest(${locked.map(({ runId }) => runId)}::bigint[], ${locked.map(({ attempt }) => attempt)}::int[])
        as t (run_id, attempt)
    ), means as (
      select run_id, attempt, ${meanOf(tx, tx`sum(${bounded(tx)} order by band)`, tx`count(*)`)} as mean
      from asked join rungs using (run_id, attempt) where band <= ${band} group by run_id, attempt
    )
    update rungs g set mean = m.mean from means m
    where g.sweep_id = ${sweepId} and g.band = ${band} and g.run_id = m.run_id and g.attempt = m.attempt`;
}

/**
 * For each of these runs the best other one by its mean up to the band (of several the first), as the values of both at the bands that
 * both have reached, rising; undefined where there is none.
 */
export async function readPairs(
  tx: Tx,
  { sweepId, goal }: { sweepId: string; goal: Goal },
  asked: readonly (AttemptKey & { band: number })[],
): Promise<readonly ({ own: number[]; best: number[] } | undefined)[]> {
  const rows = await tx<{ number: number; own: number[]; best: number[] }[]>`
    select k.number::int as number, p.own, p.best
    from unnest(${asked.map(({ band }) => band)}::int[], ${asked.map(({ runId }) => runId)}::bigint[],
      ${asked.map(({ attempt }) => attempt)}::int[]) with ordinality k (band, run_id, attempt, number)
    cross join lateral (
      select g.run_id, g.attempt from rungs g
      where g.sweep_id = ${sweepId} and g.band = k.band and g.run_id <> k.run_id and g.counts and g.mean is not null
      order by ${goal === "minimize" ? tx`g.mean` : tx`g.mean desc`}, g.run_id limit 1
    ) b
    cross join lateral (
      select coalesce(array_agg(o.value order by o.band), '{}') as own, coalesce(array_agg(t.value order by o.band), '{}') as best
      from rungs o join rungs t on t.run_id = b.run_id and t.attempt = b.attempt and t.band = o.band
      where o.run_id = k.run_id and o.attempt = k.attempt and o.band <= k.band
    ) p`;
  const found = new Map(rows.map(({ number, ...pairs }) => [number, pairs]));
  return asked.map((_, i) => found.get(i + 1));
}
